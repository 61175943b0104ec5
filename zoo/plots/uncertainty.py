"""Maps of the predictive uncertainty of each pixel."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from zoo.core import validation
from zoo.plots.canvas import INK, figure_title, hide_ticks, label_row, new_figure
from zoo.plots.grids import draw_image, for_imshow
from zoo.plots.inputs import check_shape, finite_numbers, numbers

COLOUR_MAP = "magma"


def uncertainty(
    original: ArrayLike,
    mean: ArrayLike,
    std: ArrayLike,
    quantiles: ArrayLike | None = None,
    coverage: float = 0.9,
    max_images: int = 8,
) -> Figure:
    """Plot images, their predictive means, and maps of the standard deviation of each pixel.

    With quantiles, a further row shows the width of the interval, and below each image the
    percentage of its pixels that lie inside. This percentage is near `coverage` for calibrated
    draws of x, but not for draws of E[x|z] (`noise=False`) or for pixels that are exactly 0 or 1.

    Args:
        original: images `[N, H, W, C]` in [0, 1].
        mean, std: mean and standard deviation of the draws, as from `zoo.predictive`, of the same
            shape.
        quantiles: `[Q, N, H, W, C]`; the interval is from the first to the last.
        coverage: probability of the interval, which is written beside the row.
        max_images: number of images to draw.

    Raises:
        ValueError: mean or std does not have the shape of the images.
    """
    validation.check_counts(max_images=max_images)
    validation.check_numbers(coverage=coverage)
    original = numbers(original, "original", "[N, H, W, C]")
    mean, std = numbers(mean, "mean", "[N, H, W, C]"), finite_numbers(std, "std", "[N, H, W, C]")
    for name, values in (("mean", mean), ("std", std)):
        # Rows that are not drawn need not be there.
        enough = len(values) == len(original) or min(len(values), len(original)) >= max_images
        if np.shape(values)[1:] != np.shape(original)[1:] or not enough:
            raise ValueError(
                f"{name} must be of shape {np.shape(original)}, got {np.shape(values)}"
            )
    if quantiles is not None:
        quantiles = finite_numbers(quantiles, "quantiles", "[Q, N, H, W, C]")
        check_shape("quantiles", quantiles, (len(quantiles), *mean.shape))
    original, mean, std = (x[:max_images] for x in (original, mean, std))
    rows = {"original": original, "mean": mean, "standard\ndeviation": std}
    if quantiles is not None:
        quantiles = quantiles[[0, -1], :max_images]
        rows[f"width of the\n{coverage:.0%} interval"] = quantiles[1] - quantiles[0]
    figure = new_figure(0.95 * len(original) + 2.4, 1.0 * len(rows) + 0.7)
    grid = figure.subplots(len(rows), len(original), squeeze=False)
    row_functions = (_draw_images, _draw_images, _draw_maps, _draw_maps)
    for row, draw_row, (name, images) in zip(grid, row_functions, rows.items(), strict=False):
        draw_row(row, images)
        label_row(row[0], name)
    if quantiles is not None:
        inside = (quantiles[0] <= original) & (original <= quantiles[1])
        for axes, fraction in zip(grid[-1], inside.mean((1, 2, 3)), strict=True):
            axes.set_xlabel(f"{fraction:.0%} inside", fontsize=8, color=INK)
    figure_title(figure, "Predictive uncertainty of each pixel")
    return figure


def _draw_images(row, images):
    for axes, image in zip(row, for_imshow(images), strict=True):
        draw_image(axes, image)


def _draw_maps(row, values):
    """Draw the mean over channels of values `[N, H, W, C]`, all on one colour scale."""
    values = values.mean(-1)
    limits = dict(vmin=0.0, vmax=max(float(values.max()), 1e-6))
    for axes, value_map in zip(row, values, strict=True):
        hide_ticks(axes)
        drawn_map = axes.imshow(value_map, cmap=COLOUR_MAP, interpolation="nearest", **limits)
    bar = row[0].figure.colorbar(drawn_map, ax=row, pad=0.01, fraction=0.03)
    bar.set_label("in units of\npixel values", fontsize=8, color=INK)
    bar.ax.tick_params(labelsize=8)
