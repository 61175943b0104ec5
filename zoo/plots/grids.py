"""Drawing of images `[..., H, W, C]` with values in [0, 1], alone and joined to grids.

One channel is drawn in grey and three as RGB; with any other number only the first is drawn.
"""

import numpy as np

from zoo.plots.canvas import hide_ticks, label_axes, new_figure


def grid_figure(cells, title, row_names=(), column_names=()):
    """Plot images `[rows, columns, H, W, C]` as one grid with names of its rows and columns."""
    cells = np.asarray(cells, "float32")
    check_cells(cells)
    rows, columns, height, width, _ = cells.shape
    gap = _gap(height)
    cell_inches = min(0.75, 10 / columns)
    size = cell_inches * columns, cell_inches * rows * height / width
    figure = new_figure(size[0] + (1.3 if len(row_names) else 0.3), size[1] + 0.6)
    axes = figure.subplots()
    axes.imshow(tile(cells), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    label_axes(axes, title, "", "")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    for set_ticks, names, side in (
        (axes.set_yticks, row_names, height),
        (axes.set_xticks, column_names, width),
    ):
        set_ticks(np.arange(len(names)) * (side + gap) + side / 2 - 0.5, names)
    return figure


def check_cells(cells):
    """Raise `ValueError` unless these are images `[rows, columns, H, W, C]`."""
    if cells.ndim != 5 or 0 in cells.shape:
        raise ValueError(
            "images must have the shape [..., height, width, channels] and none of these 0, got "
            f"examples of shape {cells.shape[2:]}: reshape flat images first, for instance with "
            "images.reshape(-1, 28, 28, 1)"
        )


def tile(cells):
    """Join images `[rows, columns, H, W, C]` into one picture with white lines between them."""
    cells = drawn_channels(np.asarray(cells, "float32"))
    rows, columns, height, width, channels = cells.shape
    gap = _gap(height)
    padded = np.ones((rows, columns, height + gap, width + gap, channels), "float32")
    padded[:, :, :height, :width] = cells
    picture = padded.transpose(0, 2, 1, 3, 4).reshape(rows * (height + gap), -1, channels)
    return for_imshow(picture[:-gap, :-gap])


def draw_image(axes, image):
    """Draw one image in grey or RGB, without ticks."""
    hide_ticks(axes)
    return axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")


def _gap(height):
    """Width in pixels of the lines between images of this height."""
    return max(1, round(height / 14))


def drawn_channels(images):
    """Select one channel or three, and clip to [0, 1]."""
    if images.shape[-1] != 3:
        images = images[..., :1]
    return np.clip(np.nan_to_num(images), 0.0, 1.0)


def for_imshow(images):
    """Select the drawn channels and drop a single channel axis, as matplotlib's `imshow` needs."""
    images = drawn_channels(np.asarray(images, "float32"))
    return images[..., 0] if images.shape[-1] == 1 else images
