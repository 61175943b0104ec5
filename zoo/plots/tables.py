"""Figures of tables: anomaly scores, surprise by column, marginal distributions."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from zoo.core.validation import check_numbers
from zoo.plots.canvas import (
    DATA,
    MODEL,
    add_legend,
    figure_title,
    label_axes,
    name_text,
    new_figure,
    tick_text,
)
from zoo.plots.inputs import (
    check_counts,
    check_length,
    check_shape,
    entries_of,
    finite_numbers,
    names_of,
    numbers,
)

MAX_COLUMNS = 20
MAX_CLASSES = 8


def score_histogram(
    scores: ArrayLike,
    anomaly: ArrayLike | None = None,
    auroc: float | None = None,
    bins: int = 60,
) -> Figure:
    """Plot histograms of anomaly scores, for normal rows and for anomalies.

    The axis is linear near the median of normal rows and logarithmic far from it.

    Args:
        scores: `[N]` in nats, such as -ELBO; higher is more anomalous, the opposite sign of
            `zoo.anomaly`.
        anomaly: bool `[N]`, or None if it is unknown.
        auroc: area under the ROC curve, for the title.
        bins: number of bins.
    """
    check_counts(bins=bins)
    if auroc is not None:
        check_numbers(auroc=auroc)
    scores, names = finite_numbers(scores, "scores", "[N]"), ("normal", "anomaly")
    if anomaly is None:
        names = ("all rows", "")
    anomaly = np.zeros(len(scores), bool) if anomaly is None else anomaly
    anomaly = numbers(anomaly, "anomaly", "[N]").astype(bool)
    if anomaly.shape != scores.shape or anomaly.all():
        raise ValueError(
            "scores and anomaly must be vectors of one length with at least one normal row, got "
            f"shapes {scores.shape} and {anomaly.shape} with {anomaly.sum()} anomalies"
        )
    low, median, high = np.quantile(scores[~anomaly], [0.1, 0.5, 0.9])
    scores, width = scores - median, max(high - low, 1e-6)
    ends = np.arcsinh([scores.min() / width - 0.01, scores.max() / width + 0.01])
    edges = width * np.sinh(np.linspace(*ends, bins + 1))
    figure = new_figure(7.4, 3.8)
    axes = figure.subplots()
    for chosen, name, colour in ((~anomaly, names[0], DATA), (anomaly, names[1], MODEL)):
        if chosen.any():
            label = f"{name} ({chosen.sum():,})"
            weights = np.full(chosen.sum(), 100 / chosen.sum())
            axes.hist(scores[chosen], edges, weights=weights, color=colour, alpha=0.65, label=label)
    axes.set_xscale("asinh", linear_width=width)
    axes.xaxis.set_major_formatter(lambda value, _: tick_text(value))
    axes.minorticks_off()
    title = "Anomaly scores" if auroc is None else f"Anomaly scores, AUROC {auroc:.3f}"
    of = "of normal rows " if names[0] == "normal" else ""
    label_axes(axes, title, f"score above the median {of}(nats)", "rows of the group (%)")
    add_legend(axes)
    return figure


def column_surprise(
    column_names: Sequence[str], normal: ArrayLike, anomaly: ArrayLike | None = None
) -> Figure:
    """Plot the mean surprise -log p(column | z) of each column in nats, minus that of typical rows.

    Args:
        column_names: name of each column.
        normal: mean surprise of normal rows `[columns]`.
        anomaly: mean surprise of anomalies `[columns]`, or None. Columns are sorted by `anomaly` -
            `normal`, or without `anomaly` by `normal`.
    """
    normal = finite_numbers(normal, "normal", "[columns]")
    column_names = names_of(column_names, "column_names", len(normal))
    if anomaly is not None:
        anomaly = finite_numbers(anomaly, "anomaly", "[columns]")
        check_shape("anomaly", anomaly, normal.shape)
    sort_key = normal if anomaly is None else anomaly - normal
    order = np.argsort(sort_key)[::-1][:MAX_COLUMNS][::-1]
    figure = new_figure(7.4, 1.5 + 0.27 * len(order))
    axes, rows = figure.subplots(), np.arange(len(order))
    lowest = min(0.0, normal[order].min())
    if anomaly is not None:
        anomaly = anomaly[order]
        lowest = min(lowest, anomaly.min())
        axes.hlines(rows, normal[order], anomaly, color="#cccccc", lw=2, zorder=1)
        axes.scatter(anomaly, rows, color=MODEL, s=36, label="anomalies")
    axes.scatter(normal[order], rows, color=DATA, s=36, label="normal rows")
    axes.set_yticks(rows, [name_text(column_names[i]) for i in order])
    axes.axvline(0, color="#999999", lw=0.8, zorder=0)
    # The surprise of anomalies spans orders of magnitude.
    axes.set_xscale("symlog", linthresh=1.0)
    axes.set_xlim(left=lowest - 0.2)
    axes.xaxis.set_major_formatter(lambda value, _: tick_text(value))
    cut = f" ({len(order)} of {len(normal)})" if len(order) < len(normal) else ""
    title = rf"Surprise by column{cut}: mean $-\log\ p$(column $|\ z$)"
    label_axes(axes, title, "nats above a typical training row", "")
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    return figure


def marginals(
    column_names: Sequence[str],
    real: ArrayLike,
    generated: ArrayLike,
    class_names: Sequence[Sequence[str] | None] | None = None,
    max_columns: int = 12,
) -> Figure:
    """Plot the marginal distribution of each column in the data and in generated rows.

    Args:
        column_names: name of each column.
        real, generated: rows `[N, columns]`, NaN where missing.
        class_names: for each column the names of its classes 0, 1, ..., or None if it is numeric;
            None if all columns are numeric.
        max_columns: number of columns to draw.
    """
    check_counts(max_columns=max_columns)
    column_names = names_of(column_names, "column_names")
    if not column_names:
        raise ValueError("column_names must hold at least one name, got none")
    real = numbers(real, "real", "[N, columns]").astype("float64")
    generated = numbers(generated, "generated", "[N, columns]").astype("float64")
    check_shape("generated", generated[0], real[0].shape)
    check_length("column_names", column_names, real.shape[1])
    if class_names is not None:
        class_names = [
            classes if classes is None else names_of(classes, f"class_names[{i}]")
            for i, classes in enumerate(entries_of(class_names, "class_names", real.shape[1]))
        ]
    column_count = min(max_columns, len(column_names))
    width = min(4, column_count)
    height = math.ceil(column_count / width)
    figure = new_figure(3.0 * width, 2.3 * height + 0.7)
    grid = figure.subplots(height, width, squeeze=False).ravel()
    for axes in grid[column_count:]:
        axes.set_axis_off()
    for i, axes in enumerate(grid[:column_count]):
        observed = [x[~np.isnan(x)] for x in (real[:, i], generated[:, i])]
        if class_names is not None and class_names[i] is not None:
            _draw_classes(axes, *observed, class_names[i])
        else:
            _draw_numbers(axes, *observed)
        label_axes(axes, name_text(column_names[i], 30), "", "rows (%)" if i % width == 0 else "")
    total = len(column_names)
    cut = f" ({column_count} of {total} columns)" if column_count < total else ""
    handles, labels = grid[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", frameon=False, ncols=2)
    figure_title(figure, f"Marginal distributions of data and samples{cut}")
    return figure


def _draw_numbers(axes, real, generated):
    """Draw histograms of a numeric column."""
    values = np.concatenate([real, generated]) if len(real) + len(generated) else np.zeros(1)
    low, high = np.quantile(values, [0.005, 0.995])
    edges = np.linspace(low, high if high > low else low + 1.0, 31)
    filled = dict(histtype="stepfilled", color=DATA, alpha=0.35, label="data")
    outlined = dict(histtype="step", color=MODEL, alpha=1.0, label="samples")
    for x, style in ((real, filled), (generated, outlined)):
        axes.hist(x, edges, weights=np.full(len(x), 100 / max(len(x), 1)), lw=1.6, **style)


def _draw_classes(axes, real, generated, class_names):
    """Draw bars of a categorical column's first classes."""
    classes = np.arange(len(class_names))[:MAX_CLASSES]
    data_style = dict(color=DATA, alpha=0.5, label="data")
    sample_style = dict(color=MODEL, alpha=1.0, label="samples")
    for x, shift, style in ((real, -0.2, data_style), (generated, 0.2, sample_style)):
        percentages = [100 * np.mean(x == c) if len(x) else 0.0 for c in classes]
        axes.bar(classes + shift, percentages, 0.4, **style)
    names = [name_text(class_names[c], 9) for c in classes]
    axes.set_xticks(classes, names, rotation=30, ha="right")
