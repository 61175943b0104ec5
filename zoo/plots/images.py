"""Figures of images `[..., H, W, C]` with values in [0, 1]."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from zoo.plots.canvas import (
    dimension_names,
    name_text,
    plain,
)
from zoo.plots.grids import check_cells, grid_figure
from zoo.plots.inputs import (
    check_counts,
    check_length,
    check_shape,
    finite_numbers,
    named_numbers,
    names_of,
    numbers,
)

if TYPE_CHECKING:
    from zoo.model import VAE

MAX_TICKS = 16
MODEL_SAMPLES = 64  # images that are drawn of a model


def reconstructions(
    original: ArrayLike,
    reconstructed: ArrayLike,
    model_input: ArrayLike | None = None,
    max_images: int = 12,
) -> Figure:
    """Plot originals above their reconstructions, one example per column.

    Args:
        original: images `[N, H, W, C]`.
        reconstructed: their reconstructions, of the same shape.
        model_input: the encoder's input, if it differs from the originals (binarised or noisy
            images).
        max_images: number of examples to draw.
    """
    check_counts(max_images=max_images)
    original = numbers(original, "original", "[N, H, W, C]")
    rows = {"original": original}
    others = {"model_input": model_input, "reconstructed": reconstructed}
    for (argument, x), name in zip(others.items(), ("model input", "reconstruction"), strict=True):
        if x is not None or argument == "reconstructed":
            rows[name] = numbers(x, argument, "[N, H, W, C]")
            check_shape(argument, rows[name][:max_images], original[:max_images].shape)
    rows = {name: x[:max_images] for name, x in rows.items()}
    title = "Reconstructions of held-out images"
    return grid_figure(np.stack(list(rows.values())), title, list(rows))


def levels(original: ArrayLike, means: ArrayLike, draws: ArrayLike, max_images: int = 12) -> Figure:
    """Plot reconstructions from fewer and fewer levels of a ladder, to show what each encodes.

    Args:
        original: images `[N, H, W, C]`.
        means: reconstructions `[L, N, H, W, C]`: the first from all levels of q(z|x), each next one
            from one level fewer, the last from the top level alone. The levels left out are at the
            means of their priors, as from `zoo.reconstruct_levels`.
        draws: reconstructions `[k, N, H, W, C]` from the top level, with the levels below drawn
            from their priors.
        max_images: number of examples to draw.
    """
    check_counts(max_images=max_images)
    original = numbers(original, "original", "[N, H, W, C]")
    means, draws = (
        numbers(means, "means", "[L, N, H, W, C]"),
        numbers(draws, "draws", "[k, N, H, W, C]"),
    )
    check_shape("means", means, (len(means), *original.shape))
    check_shape("draws", draws, (len(draws), *original.shape))
    rows = np.concatenate([original[None], means, draws])[:, :max_images]
    names = ["original", f"all {len(means)} levels"]
    names += [f"top {count}, mean" for count in range(len(means) - 1, 0, -1)]
    names += ["top 1, drawn", *[""] * (len(draws) - 1)]
    return grid_figure(rows, "Reconstructions from the upper levels of z", names[: len(rows)])


def samples(
    images: "ArrayLike | VAE",
    columns: int | None = None,
    title: str = "Samples from the prior",
    row_names: Sequence[str] = (),
) -> Figure:
    """Plot images as a grid.

    Args:
        images: `[N, H, W, C]`, or `[N, H, W]`; or a built `zoo.VAE` of images, of which
            `generate(64, seed=0)` is drawn.
        columns: number of columns; by default the grid is as square as possible.
        title: title of the figure.
        row_names: names of the rows, such as classes; none by default.

    Raises:
        ValueError: the images have another shape.
    """
    if hasattr(images, "generate"):
        images = images.generate(MODEL_SAMPLES, seed=0)
    images = numbers(images, "images", "[N, H, W]", "[N, H, W, C]")
    images = images[..., None] if images.ndim == 3 else images
    check_cells(images[None])
    if columns is None:
        columns = math.ceil(math.sqrt(len(images)))
    check_counts(columns=columns)
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    blank = np.ones((rows * columns - len(images), *images.shape[1:]), images.dtype)
    grid = np.concatenate([images, blank]).reshape(rows, columns, *images.shape[1:])
    row_names = names_of(row_names, "row_names")
    if row_names:
        check_length("row_names", row_names, rows)
    return grid_figure(grid, plain(title), [name_text(name) for name in row_names])


def interpolations(paths: ArrayLike | Mapping[str, ArrayLike]) -> Figure:
    """Plot interpolations between pairs of images, one pair per row.

    Args:
        paths: images `[N, steps, H, W, C]`, as from `VAE.interpolate`; or a dict of name -> such
            images for the same pairs, which are drawn below one another, pair by pair.
    """
    axes = "[N, steps, H, W, C]"
    if isinstance(paths, Mapping):
        kinds = named_numbers(paths, "paths", axes)
    else:
        kinds = {"": numbers(paths, "paths", axes)}
    for name, x in kinds.items():
        check_shape(f"paths[{name!r}]", x, next(iter(kinds.values())).shape)
    names, grid = list(kinds), np.stack([*kinds.values()], 1)
    pairs, steps = len(grid), grid.shape[2]
    return grid_figure(
        grid.reshape(-1, *grid.shape[2:]),
        "Interpolations in latent space",
        names * pairs if any(names) else (),
        ["start", *[""] * (steps - 2), "end"][:steps],
    )


def traversals(
    grid: ArrayLike, names: Sequence[str] | None = None, values: ArrayLike | None = None
) -> Figure:
    """Plot latent traversals: one dimension per row, with values that increase to the right.

    Args:
        grid: images `[dimensions, steps, H, W, C]`, as from `VAE.traverse`.
        names: names of the rows; z0, z1, ... by default.
        values: value of the varied dimension in each column `[steps]`.

    Raises:
        ValueError: names or values do not have the length of the grid.
    """
    grid, names = check_traversals(grid, names, values)
    ticks = () if values is None else [f"{value:+.1f}" for value in np.asarray(values)]
    figure = grid_figure(grid, "Latent traversals", names, ticks)
    if len(ticks):
        figure.axes[0].set_xlabel("value of the latent dimension")
    return figure


def check_traversals(grid, names, values):
    """Return the grid as an array and the names as a list, of the right lengths.

    Raises:
        ValueError: names or values do not have the length of the grid.
    """
    grid = numbers(grid, "grid", "[dimensions, steps, H, W, C]")
    names = dimension_names(len(grid)) if names is None else names_of(names, "names", len(grid))
    if values is not None:
        check_length("values", numbers(values, "values", "[steps]"), grid.shape[1])
    return grid, names


def manifold(
    grid: ArrayLike, values: ArrayLike, names: Sequence[str] = ("$z_{0}$", "$z_{1}$")
) -> Figure:
    """Plot decoded images over a plane of latent space: Kingma and Welling, 2014, figure 4.

    The first dimension increases to the right and the second upwards, as in a scatter of codes.

    Args:
        grid: images `[steps, steps, H, W, C]`, as from `VAE.manifold`.
        values: values of either dimension `[steps]`, in units of z: `zoo.normal_quantiles(steps)`.
        names: names of the two dimensions.

    Raises:
        ValueError: values do not have the length of the grid.
    """
    grid = numbers(grid, "grid", "[steps, steps, H, W, C]")
    check_shape("grid", grid, (len(grid), *grid.shape[:1], *grid.shape[2:]))
    values, names = finite_numbers(values, "values", "[steps]"), names_of(names, "names", 2)
    check_length("values", values, len(grid))
    interval = math.ceil(len(values) / MAX_TICKS)
    ticks = [f"{v:+.1f}" if i % interval == 0 else "" for i, v in enumerate(values)]
    cells = np.flip(np.swapaxes(np.asarray(grid), 0, 1), 0)
    figure = grid_figure(cells, "Decoder means over a plane of latent space", ticks[::-1], ticks)
    figure.axes[0].set_xlabel(f"{names[0]}, in units of z")
    figure.axes[0].set_ylabel(f"{names[1]}, in units of z")
    return figure
