"""Figures of several modalities: examples of each side by side, their codes, scores as a table."""

import numpy as np
from matplotlib import patheffects
from matplotlib.lines import Line2D

from zoo.plots.canvas import INK, PALETTE, caption, new_figure, short
from zoo.plots.latent import MAX_POINTS
from zoo.plots.projections import plane

MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*")
SPECTROGRAM = "magma"


def side_by_side(rows, title, spectrograms=(), limits=(0, 1), unit=""):
    """Examples in columns, what belongs to each below one another.

    Args:
        rows: name -> grey images in [0, 1], `[N, H, W]` or `[N, H, W, 1]`, or spectrograms
            `[N, T, F]`; the same N.
        title: of the figure.
        spectrograms: names of the rows that are drawn as such: time to the right, low frequencies
            at the bottom, one scale of colours for all.
        limits: of that scale.
        unit: its label.
    """
    rows = {name: _flat(x) for name, x in rows.items()}
    columns = len(next(iter(rows.values())))
    figure = new_figure(0.85 * columns + 2.2, 0.85 * len(rows) + 0.5)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    shown = None
    for axes, (name, x) in zip(grid, rows.items(), strict=True):
        sound = name in spectrograms
        for cell, one in zip(axes, x, strict=True):
            drawn = _spectrogram(cell, one, limits) if sound else _image(cell, one)
            shown = drawn if sound else shown
        axes[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9, color=INK)
    if shown is not None:
        figure.colorbar(shown, ax=grid, label=unit, pad=0.01, fraction=0.02)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, color=INK)
    return figure


def modality_scatter(codes, labels=None, together=None, seed=0):
    """Codes of each modality as points: a colour for each class, a marker for each modality.

    Args:
        codes: name -> means of q(z|x) of that modality alone, `[N, D]`, the same N.
        labels: a class for each example; beyond ten, the rarest share a colour.
        together: means of q(z|x) of all modalities, `[N, D]`: a second panel.
        seed: picks the examples to draw where they are more than 5000 points.
    """
    panels = {"each modality alone": {n: np.asarray(x, "float64") for n, x in codes.items()}}
    if together is not None:
        panels["all modalities together"] = {"together": np.asarray(together, "float64")}
    arrays = [x for panel in panels.values() for x in panel.values()]
    points, names = plane(np.concatenate(arrays))
    points = iter(np.split(points, np.cumsum([len(x) for x in arrays])[:-1]))
    size = len(arrays[0])
    chosen = np.random.default_rng(seed).permutation(size)[: MAX_POINTS // len(codes)]
    labels = np.zeros(size, int) if labels is None else np.asarray(labels)
    markers = dict(zip([n for panel in panels.values() for n in panel], MARKERS, strict=False))
    figure = new_figure(1.6 + 5.4 * len(panels), 5.6)
    for axes, (title, panel) in zip(_shared(figure, len(panels)), panels.items(), strict=True):
        drawn = {name: next(points)[chosen] for name in panel}
        _points(axes, drawn, labels[chosen], markers)
        caption(axes, f"Codes of {len(chosen):,} held-out examples, {title}", *names)
    if len(markers) > 1:
        _marker_legend(figure, markers)
    return figure


def score_table(scores, title):
    """Numbers as a table: `{row: {column: number}}`, every row with the same columns."""
    columns = list(next(iter(scores.values())))
    cells = [[f"{row[name]:.3f}" for name in columns] for row in scores.values()]
    figure = new_figure(3.0 + 1.5 * len(columns), 0.8 + 0.35 * len(scores))
    axes = figure.subplots()
    axes.axis("off")
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    table = axes.table(cells, rowLabels=list(scores), colLabels=columns, loc="center")
    table.auto_set_font_size(False)
    table.set_fontsize(10)
    table.scale(1, 1.5)
    for cell in table.get_celld().values():
        cell.set(edgecolor="#999999", linewidth=0.5)
    return figure


def _flat(x):
    """`[N, H, W]`, without the one channel that there may be."""
    x = np.asarray(x, "float32")
    return x[..., 0] if x.ndim == 4 else x


def _image(axes, image):
    _bare(axes)
    return axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")


def _spectrogram(axes, spectrogram, limits):
    _bare(axes)
    low, high = limits
    return axes.imshow(
        spectrogram.T,
        cmap=SPECTROGRAM,
        vmin=low,
        vmax=high,
        origin="lower",
        interpolation="nearest",
    )


def _bare(axes):
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _shared(figure, panels):
    return figure.subplots(1, panels, squeeze=False, sharex=True, sharey=True)[0]


def _points(axes, drawn, labels, markers):
    """The modalities' points over one another, and the name of each class in its middle."""
    size = float(np.clip(6000 / len(labels), 5, 30))
    halo = [patheffects.withStroke(linewidth=3, foreground="white")]
    for label, colour in _colours(labels).items():
        here = labels == label
        for name, points in drawn.items():
            options = dict(color=colour, marker=markers[name], alpha=0.6, lw=0)
            axes.scatter(*points[here].T, s=size, **options)
        if len(set(labels)) > 1:
            at = np.median(np.concatenate([points[here] for points in drawn.values()]), 0)
            text = axes.text(*at, short(label, 10), color=INK, weight="bold", ha="center")
            text.set_path_effects(halo)


def _colours(labels):
    """Class -> its colour; the rarest share the last one."""
    classes, counts = np.unique(labels, return_counts=True)
    common = set(classes[np.argsort(-counts, kind="stable")][: len(PALETTE)].tolist())
    own = iter(PALETTE)
    return {c: next(own) if c in common else PALETTE[-1] for c in classes.tolist()}


def _marker_legend(figure, markers):
    options = dict(color=INK, ls="", ms=7)
    handles = [Line2D([], [], marker=m, label=name, **options) for name, m in markers.items()]
    figure.legend(handles=handles, loc="outside right upper", frameon=False, fontsize=9)
