"""Figures of several modalities: paired examples, codes of each modality, tables of scores."""

import sys
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from zoo.core.argument_values import is_real
from zoo.core.validation import as_seed
from zoo.plots import canvas
from zoo.plots.grids import draw_image
from zoo.plots.inputs import check_mapping, check_shape, finite_numbers, named_numbers, names_of
from zoo.plots.latent import MAX_POINTS
from zoo.plots.projections import project

MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*")
SPECTROGRAM = "magma"


def side_by_side(
    rows: Mapping[str, ArrayLike],
    title: str,
    spectrograms: Sequence[str] = (),
    limits: tuple[float, float] = (0, 1),
    unit: str = "",
) -> Figure:
    """Plot examples in columns and their modalities in rows.

    Args:
        rows: name of a modality -> its grey images in [0, 1], `[N, H, W]` or `[N, H, W, 1]`, or its
            spectrograms `[N, T, F]`; N is the same for all.
        title: title of the figure.
        spectrograms: names of the rows that are spectrograms: time increases to the right and
            frequency upwards, and all share one colour scale.
        limits: lowest and highest value of the colour scale.
        unit: label of the colour scale.
    """
    rows = named_numbers(rows, "rows", "[N, H, W]", "[N, H, W, 1]")
    rows = {name: _without_channel(x) for name, x in rows.items()}
    spectrograms = names_of(spectrograms, "spectrograms")
    limits = finite_numbers(limits, "limits", "[2]")
    check_shape("limits", limits, (2,))
    columns = len(next(iter(rows.values())))
    figure = canvas.new_figure(0.85 * columns + 2.2, 0.85 * len(rows) + 0.5)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    spectrogram = None
    for row, (name, x) in zip(grid, rows.items(), strict=True):
        for axes, example in zip(row, x, strict=True):
            if name in spectrograms:
                spectrogram = _draw_spectrogram(axes, example, limits)
            else:
                draw_image(axes, example)
        canvas.label_row(row[0], name)
    if spectrogram is not None:
        figure.colorbar(spectrogram, ax=grid, label=unit, pad=0.01, fraction=0.02)
    canvas.figure_title(figure, title)
    return figure


def modality_scatter(
    codes: Mapping[str, ArrayLike],
    labels: ArrayLike | None = None,
    multimodal_codes: ArrayLike | None = None,
    seed: int = 0,
) -> Figure:
    """Plot codes of each modality as points: a colour for each class, a marker for each modality.

    Args:
        codes: name of a modality -> means of q(z|x) given that modality alone, `[N, D]`; N is the
            same for all.
        labels: class of each example `[N]`; with more than ten classes the rarest share a colour.
        multimodal_codes: means of q(z|x) given all modalities, `[N, D]`, for a second panel.
        seed: random seed of the choice of examples if there are more than 5000 points.
    """
    seed = as_seed(seed)
    codes = named_numbers(codes, "codes", "[N, D]")
    panels = {"each modality alone": codes}
    if multimodal_codes is not None:
        panels["all modalities"] = {"all modalities": multimodal_codes}
    arrays = [
        finite_numbers(x, "multimodal_codes" if panel is not codes else f"codes[{n!r}]", "[N, D]")
        for panel in panels.values()
        for n, x in panel.items()
    ]
    for x in arrays:
        check_shape("codes", x, arrays[0].shape)
    points, axis_names = project(np.concatenate(arrays))
    points = iter(np.split(points, np.cumsum([len(x) for x in arrays])[:-1]))
    size = len(arrays[0])
    chosen = np.random.default_rng(seed).permutation(size)[: MAX_POINTS // len(codes)]
    labels = np.zeros(size, int) if labels is None else canvas.class_labels(labels)
    check_shape("labels", labels, (size,))
    markers = dict(zip([n for panel in panels.values() for n in panel], MARKERS, strict=False))
    figure = canvas.new_figure(1.6 + 5.4 * len(panels), 5.6)
    (row,) = figure.subplots(1, len(panels), squeeze=False, sharex=True, sharey=True)
    for axes, (title, panel) in zip(row, panels.items(), strict=True):
        panel_points = {name: next(points)[chosen] for name in panel}
        _draw_points(axes, panel_points, labels[chosen], markers)
        title = f"Latent codes of {len(chosen):,} examples, {title}"
        canvas.label_axes(axes, title, *axis_names)
    if len(markers) > 1:
        _marker_legend(figure, markers)
    return figure


def score_table(scores: Mapping[str, Mapping[str, float]], title: str) -> Figure:
    """Draw numbers as a table.

    Args:
        scores: row name -> column name -> number; every row has the same columns.
        title: title of the figure.
    """
    check_mapping(scores, "scores")
    for name, row in scores.items():
        check_mapping(row, f"scores[{name!r}]")
    columns = list(next(iter(scores.values())))
    for name, row in scores.items():
        if [*row] != columns:
            raise ValueError(
                f"scores[{name!r}] must have the columns {columns} of the first row, got {[*row]}"
            )
        for column, value in row.items():
            if not is_real(value):
                raise TypeError(f"scores[{name!r}][{column!r}] must be a number, got {value!r}")
            if isinstance(value, int) and abs(value) > sys.float_info.max:
                raise ValueError(f"scores[{name!r}][{column!r}] must be within float64's range")
    cells = [[f"{row[name]:.3f}" for name in columns] for row in scores.values()]
    figure = canvas.new_figure(3.0 + 1.5 * len(columns), 0.8 + 0.35 * len(scores))
    axes = figure.subplots()
    axes.axis("off")
    axes.set_title(canvas.plain(title), loc="left", fontsize=11, color=canvas.INK)
    names = [canvas.plain(name) for name in scores]
    table = axes.table(
        cells, rowLabels=names, colLabels=[*map(canvas.plain, columns)], loc="center"
    )
    table.auto_set_font_size(False)
    table.set_fontsize(10)
    table.scale(1, 1.5)
    for cell in table.get_celld().values():
        cell.set(edgecolor="#999999", linewidth=0.5)
    return figure


def _without_channel(x):
    """Drop the single channel of grey images: `[N, H, W]`."""
    x = np.asarray(x, "float32")
    return x[..., 0] if x.ndim == 4 else x


def _draw_spectrogram(axes, spectrogram, limits):
    canvas.hide_ticks(axes)
    low, high = limits
    return axes.imshow(
        spectrogram.T,
        cmap=SPECTROGRAM,
        vmin=low,
        vmax=high,
        origin="lower",
        interpolation="nearest",
    )


def _draw_points(axes, points, labels, markers):
    """Draw the points of all modalities on the same axes, with each class's name at its median."""
    size = canvas.point_size(len(labels))
    colours = canvas.class_colours(labels)
    classes = np.unique(labels).tolist()
    for label in classes:
        members = labels == label
        colour = colours.get(label, canvas.PALETTE[-1])
        for name, modality_points in points.items():
            options = dict(color=colour, marker=markers[name], alpha=0.6, lw=0)
            axes.scatter(*modality_points[members].T, s=size, **options)
        if len(classes) > 1:
            median = np.median(np.concatenate([p[members] for p in points.values()]), 0)
            canvas.outlined_text(axes, median, canvas.name_text(label, 10))


def _marker_legend(figure, markers):
    """Add a legend of the modalities' markers."""
    options = dict(color=canvas.INK, ls="", ms=7)
    handles = [
        Line2D([], [], marker=m, label=canvas.legend_text(name), **options)
        for name, m in markers.items()
    ]
    figure.legend(handles=handles, loc="outside right upper", frameon=False, fontsize=9)
