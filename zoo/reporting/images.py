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


def reconstructions(look):
    """Originals above what became of them."""
    (part,) = look.parts
    drawn = plots.reconstructions(*(_shown(look, x) for x in (part.x, part.reconstruction)))
    alt = "Held-out images in the upper row, their reconstructions below"
    caption = "Held-out images, and E[x|z] at the mean of q(z|x). What is blurred is what z lacks."
    return Section("Reconstructions", picture(drawn, alt, caption))


def hierarchy(look):
    """What each level of a ladder holds."""
    if not isinstance(look.model.latents, LadderLatent):
        return None
    (part,) = look.parts
    count = len(look.model.latents.level_dims)
    few = look.x[:COLUMNS]
    kept = [ladder.reconstruct_levels(look.model, few, keep) for keep in range(count, 0, -1)]
    drawn = ladder.reconstruct_levels(look.model, few, 1, samples=2, seed=look.seed)
    shown = [_shown(look, np.asarray(x)) for x in (part.x[:COLUMNS], kept, drawn)]
    alt = "Held-out images, and below them what is left with all levels of z, with fewer, with one"
    caption = "Which level holds what: the further down, the fewer levels of z are those of x."
    return Section("Levels", picture(plots.levels(*shown), alt, caption))


def samples(look):
    """A grid of new images."""
    made = look.model.generate(SAMPLES, seed=look.seed)
    drawn = plots.samples(_shown(look, made), columns=COLUMNS)
    alt = f"A grid of {SAMPLES} new images"
    caption = "New images: E[x|z] for z from the prior. Do they look like data, and all differ?"
    return Section("Samples", picture(drawn, alt, caption))


def traversal(look):
    """One dimension of z after the other."""
    dimensions = look.dimensions
    made = look.model.traverse(dimensions=list(dimensions), low=-REACH, high=REACH, steps=STEPS)
    names = [f"$z_{{{i}}}$  {said}" for i, said in dimensions.items()]
    drawn = plots.traversals(_shown(look, made), names, np.linspace(-REACH, REACH, STEPS))
    alt = "Images in rows, one for each latent dimension, its value growing to the right"
    caption = (
        "What one latent dimension changes while the others stay at 0. Rows are the dimensions "
        "that say most of x, with how much that is in nats, or how widely they are spread."
    )
    return Section("Traversal", picture(drawn, alt, caption))


def interpolation(look):
    """Between pairs of images, of different classes where there are any."""
    start, end = _pairs(look)
    paths = look.model.interpolate(look.x[start], look.x[end], steps=STEPS)
    alt = "Rows of images that change from one held-out image into another"
    caption = (
        "Equal steps of z between two held-out images. Ghosts of both at once mean holes in z."
    )
    return Section(
        "Interpolation", picture(plots.interpolations(_shown(look, paths)), alt, caption)
    )


def _pairs(look):
    labels = look.labels
    found = [
        (i, i + 1)
        for i in range(0, look.size - 1, 2)
        if labels is None or labels[i] != labels[i + 1]
    ][:PAIRS] or [(0, look.size - 1)]
    return [a for a, _ in found], [b for _, b in found]


def _shown(look, x):
    """Images with a channel, in [0, 1]."""
    (part,) = look.parts
    low, high = limits(part.x)
    x = np.asarray(x, "float32")
    x = x[..., None] if np.ndim(part.x) == 3 else x
    return (x - low) / max(high - low, 1e-12)
