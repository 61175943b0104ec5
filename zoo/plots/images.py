"""Grids of images: `[..., height, width, channels]` in [0, 1].

One channel is grey, three are RGB, of any other number the first is shown.
"""

import math

import numpy as np

from zoo.plots.canvas import caption, check_as_many, new_figure

MAX_TICKS = 16


def reconstructions(original, reconstructed, seen=None, most=12):
    """Originals above what became of them: `[N, H, W, C]` each, the first `most` columns.

    Args:
        original: images.
        reconstructed: what the model made of them.
        seen: what the model saw of the originals, where that differs (binarised, noisy).
        most: how many to show.
    """
    rows = {"original": original, "seen": seen, "reconstruction": reconstructed}
    rows = {name: np.asarray(x)[:most] for name, x in rows.items() if x is not None}
    return grid_figure(
        np.stack(list(rows.values())), "Reconstructions of held-out images", list(rows)
    )


def levels(original, kept, drawn, most=12):
    """What each level of a ladder holds: originals above what is left as fewer levels are kept.

    Args:
        original: images `[N, H, W, C]`.
        kept: `[L, N, H, W, C]`, means with all levels of x kept, then one less each, the last with
            the top alone: as `zoo.reconstruct_levels` gives them.
        drawn: `[k, N, H, W, C]`, the top kept and the others drawn.
        most: how many images to show.
    """
    original, kept, drawn = (np.asarray(x) for x in (original, kept, drawn))
    rows = np.concatenate([original[None], kept, drawn])[:, :most]
    names = ["original", f"all {len(kept)} levels"]
    names += [f"top {left}, mean" for left in range(len(kept) - 1, 0, -1)]
    names += ["top 1, rest drawn", *[""] * (len(drawn) - 1)]
    return grid_figure(rows, "What the levels hold, of held-out images", names[: len(rows)])


def samples(images, columns=None, title="Samples from the prior"):
    """A grid of images `[N, H, W, C]`, as square as it can be or with so many columns."""
    images = np.asarray(images)
    columns = columns or math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    blank = np.ones((rows * columns - len(images), *images.shape[1:]), images.dtype)
    grid = np.concatenate([images, blank]).reshape(rows, columns, *images.shape[1:])
    return grid_figure(grid, title)


def interpolations(strips):
    """Paths between pairs of images, one pair a row: `[N, steps, H, W, C]`.

    Args:
        strips: images, as `VAE.interpolate` gives them; or name -> such images, for the same pairs:
            paths of several kinds below one another, pair by pair.
    """
    kinds = strips if isinstance(strips, dict) else {"": strips}
    names, paths = list(kinds), np.stack([np.asarray(x) for x in kinds.values()], 1)
    pairs, steps = len(paths), paths.shape[2]
    return grid_figure(
        paths.reshape(-1, *paths.shape[2:]),
        "Interpolations through latent space",
        names * pairs if any(names) else (),
        ["start", *[""] * (steps - 2), "end"][:steps],
    )


def traversals(grid, names=None, values=None):
    """One latent dimension a row, its value a column: `[dimensions, steps, H, W, C]`.

    Args:
        grid: images, as `VAE.traverse` gives them.
        names: of the rows; z0, z1, ... by default.
        values: of the varied dimension, one for each column.
    """
    grid = np.asarray(grid)
    names = [f"$z_{{{i}}}$" for i in range(len(grid))] if names is None else list(names)
    check_as_many("names", names, len(grid))
    if values is not None:
        check_as_many("values", values, grid.shape[1])
    values = () if values is None else [f"{v:+.1f}" for v in values]
    figure = grid_figure(grid, "Latent traversals", names, values)
    if len(values):
        figure.axes[0].set_xlabel("value of the latent dimension")
    return figure


def manifold(grid, values, names=("$z_{0}$", "$z_{1}$")):
    """What the decoder makes of a plane of latent space: Kingma and Welling, 2014, figure 4.

    The first dimension goes to the right and the second upwards, as in a scatter of codes.

    Args:
        grid: images `[steps, steps, H, W, C]`, as `VAE.manifold` gives them.
        values: of either dimension, in units of z: `zoo.normal_quantiles(steps)`.
        names: of the two dimensions.
    """
    check_as_many("values", values, len(grid))
    apart = math.ceil(len(values) / MAX_TICKS)
    ticks = [f"{v:+.1f}" if i % apart == 0 else "" for i, v in enumerate(values)]
    cells = np.flip(np.swapaxes(np.asarray(grid), 0, 1), 0)
    figure = grid_figure(cells, "Means of the decoder over the latent plane", ticks[::-1], ticks)
    figure.axes[0].set_xlabel(f"{names[0]}, in units of z")
    figure.axes[0].set_ylabel(f"{names[1]}, in units of z")
    return figure


def grid_figure(cells, title, row_names=(), column_names=()):
    """A figure of `[rows, columns, H, W, C]`."""
    cells = np.asarray(cells, "float32")
    rows, columns, height, width, _ = cells.shape
    gap = _gap(height)
    inches = min(0.75, 10 / columns)  # of one cell
    size = inches * columns, inches * rows * height / width
    figure = new_figure(size[0] + (1.3 if len(row_names) else 0.3), size[1] + 0.6)
    axes = figure.subplots()
    axes.imshow(joined(cells), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    caption(axes, title, "", "")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    for ticks, names, side in (
        (axes.set_yticks, row_names, height),
        (axes.set_xticks, column_names, width),
    ):
        ticks(np.arange(len(names)) * (side + gap) + side / 2 - 0.5, names)
    return figure


def joined(cells):
    """One picture of `[rows, columns, H, W, C]`, cells parted by white lines."""
    cells = visible(np.asarray(cells, "float32"))
    rows, columns, height, width, channels = cells.shape
    gap = _gap(height)
    padded = np.ones((rows, columns, height + gap, width + gap, channels), "float32")
    padded[:, :, :height, :width] = cells
    picture = padded.transpose(0, 2, 1, 3, 4).reshape(rows * (height + gap), -1, channels)
    return flat(picture[:-gap, :-gap])


def _gap(height):
    """How many pixels part two images."""
    return max(1, round(height / 14))


def visible(images):
    """One channel or three, in [0, 1]."""
    if images.shape[-1] != 3:
        images = images[..., :1]
    return np.clip(np.nan_to_num(images), 0.0, 1.0)


def flat(images):
    """The visible channels, without the axis of a single one: as matplotlib's `imshow` wants it."""
    images = visible(np.asarray(images, "float32"))
    return images[..., 0] if images.shape[-1] == 1 else images
