"""Sections for images."""

import numpy as np

from zoo import plots
from zoo.inference import ladder
from zoo.latents import LadderLatent
from zoo.reporting.markup import Section
from zoo.reporting.pictures import picture
from zoo.reporting.thumbnails import limits

COLUMNS, SAMPLES, STEPS, PAIRS = 12, 60, 9, 4
REACH = 3.0


def reconstructions(context):
    """Originals above what became of them."""
    (part,) = context.parts
    drawn = plots.reconstructions(*(_shown(context, x) for x in (part.x, part.reconstruction)))
    alt = "Held-out images in the upper row, their reconstructions below"
    caption = "Held-out images, and E[x|z] at the mean of q(z|x). What is blurred is what z lacks."
    return Section("Reconstructions", picture(drawn, alt, caption))


def hierarchy(context):
    """What each level of a ladder holds."""
    if not isinstance(context.model.latents, LadderLatent):
        return None
    (part,) = context.parts
    count = len(context.model.latents.level_dims)
    few = context.x[:COLUMNS]
    kept = [ladder.reconstruct_levels(context.model, few, keep) for keep in range(count, 0, -1)]
    drawn = ladder.reconstruct_levels(context.model, few, 1, samples=2, seed=context.seed)
    shown = [_shown(context, np.asarray(x)) for x in (part.x[:COLUMNS], kept, drawn)]
    alt = "Held-out images, and below them what is left with all levels of z, with fewer, with one"
    caption = "Which level holds what: the further down, the fewer levels of z are those of x."
    return Section("Levels", picture(plots.levels(*shown), alt, caption))


def samples(context):
    """A grid of new images."""
    made = context.model.generate(SAMPLES, seed=context.seed)
    drawn = plots.samples(_shown(context, made), columns=COLUMNS)
    alt = f"A grid of {SAMPLES} new images"
    caption = "New images: E[x|z] for z from the prior. Do they look like data, and all differ?"
    return Section("Samples", picture(drawn, alt, caption))


def traversal(context):
    """One dimension of z after the other."""
    dimensions = context.dimensions
    made = context.model.traverse(dimensions=list(dimensions), low=-REACH, high=REACH, steps=STEPS)
    names = [f"$z_{{{i}}}$  {said}" for i, said in dimensions.items()]
    drawn = plots.traversals(_shown(context, made), names, np.linspace(-REACH, REACH, STEPS))
    alt = "Images in rows, one for each latent dimension, its value growing to the right"
    caption = (
        "What one latent dimension changes while the others stay at 0. Rows are the dimensions "
        "that say most of x, with how much that is in nats, or how widely they are spread."
    )
    return Section("Traversal", picture(drawn, alt, caption))


def interpolation(context):
    """Between pairs of images, of different classes where there are any."""
    start, end = _pairs(context)
    paths = context.model.interpolate(context.x[start], context.x[end], steps=STEPS)
    alt = "Rows of images that change from one held-out image into another"
    caption = (
        "Equal steps of z between two held-out images. Ghosts of both at once mean holes in z."
    )
    return Section(
        "Interpolation", picture(plots.interpolations(_shown(context, paths)), alt, caption)
    )


def _pairs(context):
    labels = context.labels
    found = [
        (i, i + 1)
        for i in range(0, context.size - 1, 2)
        if labels is None or labels[i] != labels[i + 1]
    ][:PAIRS] or [(0, context.size - 1)]
    return [a for a, _ in found], [b for _, b in found]


def _shown(context, x):
    """Images with a channel, in [0, 1]."""
    (part,) = context.parts
    low, high = limits(part.x)
    x = np.asarray(x, "float32")
    x = x[..., None] if np.ndim(part.x) == 3 else x
    return (x - low) / max(high - low, 1e-12)
