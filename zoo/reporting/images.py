"""Sections for images."""

import numpy as np

from zoo import plots
from zoo.inference import ladder
from zoo.reporting.markup import Section
from zoo.reporting.pictures import picture
from zoo.reporting.thumbnails import value_range

COLUMNS, SAMPLES, STEPS, PAIRS = 12, 60, 9, 4
LIMIT = 3.0  # of a traversal, in units of z


def reconstructions(context):
    """Section with originals above their reconstructions."""
    (modality,) = context.modalities
    rows = (_scaled(context, x) for x in (modality.x, modality.reconstruction))
    alt = "Held-out images in the upper row, their reconstructions below"
    caption = (
        "Held-out images above E[x|z] at the mean of q(z|x). Blur shows details that z does not "
        "encode."
    )
    return Section("Reconstructions", picture(plots.reconstructions(*rows), alt, caption))


def hierarchy(context):
    """Section with reconstructions from fewer and fewer levels; None without a ladder."""
    if not context.level_dims:
        return None
    (modality,) = context.modalities
    x = context.x[:COLUMNS]
    counts = range(len(context.level_dims), 0, -1)
    means = [ladder.reconstruct_levels(context.model, x, count) for count in counts]
    draws = ladder.reconstruct_levels(context.model, x, 1, samples=2, seed=context.seed)
    rows = [_scaled(context, np.asarray(a)) for a in (modality.x[:COLUMNS], means, draws)]
    alt = "Held-out images above reconstructions from all levels of z, from fewer, from one"
    caption = (
        "Reconstructions from all levels of z and, in each next row, from one level fewer; the "
        "levels left out come from their priors. The change from row to row shows what a level "
        "encodes."
    )
    return Section("Levels", picture(plots.levels(*rows), alt, caption))


def samples(context):
    """Section with a grid of new images."""
    images = context.model.generate(SAMPLES, seed=context.seed)
    grid = plots.samples(_scaled(context, images), columns=COLUMNS)
    alt = f"A grid of {SAMPLES} new images"
    caption = (
        "New images: E[x|z] for z from the prior. Check that they look like data and that they "
        "differ from one another."
    )
    return Section("Samples", picture(grid, alt, caption))


def traversal(context):
    """Section with traversals of single latent dimensions, the others at 0."""
    dimensions = context.informative_dimensions
    limits = dict(low=-LIMIT, high=LIMIT, steps=STEPS)
    grid = context.model.traverse(dimensions=list(dimensions), **limits)
    names = [f"$z_{{{i}}}$  {information}" for i, information in dimensions.items()]
    values = np.linspace(-LIMIT, LIMIT, STEPS)
    alt = "Images in rows, one for each latent dimension, its value increasing to the right"
    caption = (
        "One latent dimension varies in each row while the others stay at 0. Rows are the "
        "dimensions with the largest KL, in nats, or with the largest standard deviation (std) "
        "of their means if the KL has no closed form."
    )
    drawn = plots.traversals(_scaled(context, grid), names, values)
    return Section("Traversal", picture(drawn, alt, caption))


def interpolation(context):
    """Section with interpolations between pairs of images, of different classes if possible."""
    start, end = _pairs(context)
    paths = context.model.interpolate(context.x[start], context.x[end], steps=STEPS)
    alt = "Rows of images that change from one held-out image into another"
    caption = (
        "Equal steps of z between two held-out images. A cross-fade of the two in the middle "
        "suggests gaps in the latent space: codes there do not decode to plausible images."
    )
    drawn = plots.interpolations(_scaled(context, paths))
    return Section("Interpolation", picture(drawn, alt, caption))


def _pairs(context):
    """Indices of the first and of the second image of each pair."""
    labels = context.labels
    last = context.example_count - 1
    pairs = [(i, i + 1) for i in range(0, last, 2) if labels is None or labels[i] != labels[i + 1]][
        :PAIRS
    ] or [(0, last)]
    return [first for first, _ in pairs], [second for _, second in pairs]


def _scaled(context, x):
    """Scale images to [0, 1] and give them a channel axis."""
    (modality,) = context.modalities
    low, high = value_range(modality.x)
    x = np.asarray(x, "float32")
    x = x[..., None] if np.ndim(modality.x) == 3 else x
    return (x - low) / max(high - low, 1e-12)
