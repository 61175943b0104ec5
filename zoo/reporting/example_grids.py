"""Sections with tables of thumbnails: reconstructions, samples, traversals, interpolations."""

import numpy as np

from zoo.core import nested
from zoo.reporting.markup import Section, join, paragraph, table, tag
from zoo.reporting.thumbnails import present_thumbnails, thumbnails

EXAMPLES, SAMPLES, STEPS, PAIRS = 6, 12, 5, 3
LIMIT = 2.0  # of a traversal, in standard deviations of a standard normal prior


def hardest_examples(context):
    """Section with the examples of lowest ELBO."""
    order = np.argsort(context.elbo, kind="stable")[:EXAMPLES]
    examples = [
        tag(
            "div",
            tag("b", f"Example {i}: ELBO {context.elbo[i]:,.1f} nats"),
            context.example_cards[i],
            class_="example",
        )
        for i in order
    ]
    text = (
        f"Of the first {context.example_count:,} held-out examples, the {len(order)} with the "
        "lowest ELBO. They may be outliers, errors in the data, or cases that the model has not "
        "learned."
    )
    body = join(paragraph(text), tag("div", *examples, class_="examples"))
    return Section("Hardest examples", body)


def reconstructions(context):
    """Section with examples beside their reconstructions."""
    (modality,) = context.modalities
    columns = ((modality.x, "example"), (modality.reconstruction, "reconstruction of"))
    columns = [present_thumbnails(modality, x[:SAMPLES], alt) for x, alt in columns]
    rows = [[f"example {i}", *pair] for i, pair in enumerate(zip(*columns, strict=True))]
    text = "Held-out examples, and their reconstructions from the means of q(z|x)."
    header = ("", "original", "reconstruction")
    return Section("Reconstructions", join(paragraph(text), table(header, rows, "grid")))


def samples(context):
    """Section with new examples."""
    (modality,) = context.modalities
    pictures = thumbnails(modality, context.sample(SAMPLES), "")
    rows = [[f"sample {i}", picture] for i, picture in enumerate(pictures)]
    text = "New examples: z is drawn from the prior, then x from p(x|z)."
    return Section("Samples", join(paragraph(text), table((), rows, "grid")))


def traversal(context):
    """Section with traversals of single latent dimensions, the others at 0."""
    dimensions = context.informative_dimensions
    limits = dict(low=-LIMIT, high=LIMIT, steps=STEPS)
    grids = context.model.traverse(dimensions=list(dimensions), **limits)
    rows = []
    for modality in context.modalities:
        grid = grids[modality.name] if modality.name else grids
        prefix = f"{modality.name}, " if modality.name else ""
        for (i, information), images in zip(dimensions.items(), grid, strict=True):
            pictures = thumbnails(modality, images, f"z{i}, step")
            rows.append([f"{prefix}z{i} ({information})", *pictures])
    header = ["dimension", *(f"{value:+.0f}" for value in np.linspace(-LIMIT, LIMIT, STEPS))]
    text = (
        "One latent dimension varies from left to right while the others stay at 0. In "
        "parentheses: its KL in nats, or the standard deviation (std) of its means if the KL has "
        "no closed form."
    )
    return Section("Traversal", join(paragraph(text), table(header, rows, "grid")))


def interpolation(context):
    """Section with straight lines in latent space between pairs of examples; None without pairs."""
    (modality,) = context.modalities
    pairs = min(PAIRS, context.example_count // 2)
    if not pairs:
        return None
    ends = [nested.take_rows(context.x, np.arange(i, 2 * pairs, 2)) for i in (0, 1)]
    paths = context.model.interpolate(*ends, steps=STEPS)
    originals, rows = thumbnails(modality, modality.x[: 2 * pairs], "end"), []
    for number, path in enumerate(paths):
        first, last = 2 * number, 2 * number + 1
        between = [["", picture] for picture in thumbnails(modality, path, "step")]
        rows += [[f"example {first}", originals[first]], *between]
        rows += [[f"example {last}", originals[last]]]
    text = "Equal steps of z between two held-out examples."
    return Section("Interpolation", join(paragraph(text), table((), rows, "grid")))
