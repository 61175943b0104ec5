"""Tables of small pictures: what is made of examples, new ones, and how codes change them."""

import numpy as np

from zoo.core import nested
from zoo.reporting.markup import Section, join, paragraph, table, tag
from zoo.reporting.thumbnails import given, thumbnails

EXAMPLES, SAMPLES, STEPS, PAIRS = 6, 12, 5, 3
REACH = 2.0  # of a traversal, in deviations of a standard normal prior


def strangest(context):
    """The examples that the model explains worst."""
    order = np.argsort(context.elbo, kind="stable")[:EXAMPLES]
    shown = [
        tag(
            "div",
            tag("b", f"{i}: ELBO {context.elbo[i]:,.1f} nats"),
            context.cards[i],
            class_="example",
        )
        for i in order
    ]
    text = (
        f"The {len(order)} of the first {context.size:,} held-out examples with the lowest ELBO, "
        "by number: outliers, faults in the data, or what the model has yet to learn."
    )
    return Section("Hardest examples", join(paragraph(text), tag("div", *shown, class_="examples")))


def reconstructions(context):
    """Examples beside what became of them."""
    (part,) = context.parts
    both = ((part.x, "example"), (part.reconstruction, "reconstruction of"))
    pairs = zip(*(given(part, x[:SAMPLES], alt) for x, alt in both), strict=True)
    rows = [[f"example {i}", *pair] for i, pair in enumerate(pairs)]
    text = "Held-out examples, and E[x|z] at the mean of q(z|x)."
    header = ("", "held out", "read back")
    return Section("Reconstructions", join(paragraph(text), table(header, rows, "grid")))


def samples(context):
    """New examples, one beside the other."""
    (part,) = context.parts
    rows = [
        [f"sample {i}", one] for i, one in enumerate(thumbnails(part, context.draw(SAMPLES), ""))
    ]
    text = "New examples, drawn: z from the prior, then x from p(x|z)."
    return Section("Samples", join(paragraph(text), table((), rows, "grid")))


def traversal(context):
    """One dimension of z after the other, all others at 0."""
    dimensions = context.dimensions
    ends = dict(low=-REACH, high=REACH, steps=STEPS)
    made = context.model.traverse(dimensions=list(dimensions), **ends)
    rows = []
    for part in context.parts:
        found = made[part.name] if part.name else made
        shown = dict(zip(dimensions, found, strict=True))
        for i, said in dimensions.items():
            small = thumbnails(part, shown[i], f"z{i}, step")
            name = f"{part.name}, " if part.name else ""
            rows.append([f"{name}z{i} ({said})", *small])
    header = ["dimension", *(f"{value:+.0f}" for value in np.linspace(-REACH, REACH, STEPS))]
    text = (
        "What one latent dimension changes while the others stay at 0: its value from left to "
        "right; in brackets what it says of x, in nats, or how widely it is spread."
    )
    return Section("Traversal", join(paragraph(text), table(header, rows, "grid")))


def interpolation(context):
    """From one example to another along the straight line between their codes."""
    (part,) = context.parts
    pairs = min(PAIRS, context.size // 2)
    ends = [nested.cut(context.x, np.arange(i, 2 * pairs, 2)) for i in (0, 1)]
    paths = context.model.interpolate(*ends, steps=STEPS)
    shown, rows = thumbnails(part, part.x[: 2 * pairs], "end"), []
    for number, path in enumerate(paths):
        first, last = 2 * number, 2 * number + 1
        between = [["", one] for one in thumbnails(part, path, "step")]
        rows += [[f"held out {first}", shown[first]], *between, [f"held out {last}", shown[last]]]
    text = "What lies between two held-out examples, in equal steps of z."
    return Section("Interpolation", join(paragraph(text), table((), rows, "grid")))
