"""Figures of how sure a model is of each pixel."""

import numpy as np

from zoo.plots.canvas import INK, new_figure
from zoo.plots.images import flat

SPREAD = "magma"


def uncertainty(original, mean, deviation, quantiles=None, level=0.9, most=8):
    """Images, what the model makes of them, and below how sure it is of each pixel.

    With quantiles there is a row for the width of the interval, and below each image how many of
    its values lie within: calibrated draws of x have about `level` of them there. That says nothing
    of draws of E[x|z] (`noise=False`), nor of pixels that are 0 or 1 alone.

    Args:
        original: images `[N, H, W, C]` in [0, 1].
        mean, deviation: as `zoo.predictive` gives them, of the same shape.
        quantiles: `[Q, N, H, W, C]`; the interval goes from the first to the last.
        level: what share of the draws lies within.
        most: how many images to show.
    """
    for name, found in (("mean", mean), ("deviation", deviation)):
        if np.shape(found)[1:] != np.shape(original)[1:] or len(found) < min(most, len(original)):
            raise ValueError(f"{name} must be of shape {np.shape(original)}, got {np.shape(found)}")
    original, mean, deviation = (np.asarray(x)[:most] for x in (original, mean, deviation))
    rows = {"original": original, "mean": mean, "standard\ndeviation": deviation}
    if quantiles is not None:
        quantiles = np.asarray(quantiles)[[0, -1], :most]
        rows[f"width of the\n{level:.0%} interval"] = quantiles[1] - quantiles[0]
    figure = new_figure(0.95 * len(original) + 2.4, 1.0 * len(rows) + 0.7)
    grid = figure.subplots(len(rows), len(original), squeeze=False)
    drawing = (_pictures, _pictures, _maps, _maps)
    for axes, draw, (name, images) in zip(grid, drawing, rows.items(), strict=False):
        draw(axes, images)
        axes[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9, color=INK)
    if quantiles is not None:
        inside = (quantiles[0] <= original) & (original <= quantiles[1])
        for axes, share in zip(grid[-1], inside.mean((1, 2, 3)), strict=True):
            axes.set_xlabel(f"{share:.0%} inside", fontsize=8, color=INK)
    figure.suptitle("How sure the model is of each pixel", x=0.01, ha="left", fontsize=11)
    return figure


def _pictures(cells, images):
    """Grey or RGB."""
    for axes, image in zip(cells, flat(images), strict=True):
        _bare(axes)
        axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")


def _maps(cells, spreads):
    """The mean over channels, one scale of colours for all."""
    spreads = spreads.mean(-1)
    for axes, spread in zip(cells, spreads, strict=True):
        _bare(axes)
        limits = dict(vmin=0.0, vmax=max(float(spreads.max()), 1e-6))
        shown = axes.imshow(spread, cmap=SPREAD, interpolation="nearest", **limits)
    bar = axes.figure.colorbar(shown, ax=cells, pad=0.01, fraction=0.03)
    bar.set_label("in units of\npixel values", fontsize=8, color=INK)
    bar.ax.tick_params(labelsize=8)


def _bare(axes):
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
