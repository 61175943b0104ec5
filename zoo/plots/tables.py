"""Figures of tables: scores, and what single columns have to do with them."""

import math

import numpy as np

from zoo.plots.canvas import DATA, INK, MODEL, caption, legend, new_figure, short

MAX_COLUMNS = 20


def score_histogram(scores, anomaly=None, auroc=None, bins=60):
    """How anomaly scores (nats, higher is stranger) are spread, for normal rows and anomalies.

    Args:
        scores: `[N]`, drawn from the normal rows' median on: linear near it, logarithmic far off.
        anomaly: `[N]` of bool, or None where nobody knows.
        auroc: shown in the title.
        bins: how many.
    """
    scores = np.asarray(scores, "float64")
    anomaly = np.zeros(len(scores), bool) if anomaly is None else np.asarray(anomaly, bool)
    low, median, high = np.quantile(scores[~anomaly], [0.1, 0.5, 0.9])
    scores, width = scores - median, max(high - low, 1e-6)
    ends = np.arcsinh([scores.min() / width - 0.01, scores.max() / width + 0.01])
    edges = width * np.sinh(np.linspace(*ends, bins + 1))
    figure = new_figure(7.4, 3.8)
    axes = figure.subplots()
    for chosen, name, colour in ((~anomaly, "normal", DATA), (anomaly, "anomaly", MODEL)):
        if chosen.any():
            label = f"{name} ({chosen.sum():,})"
            share = np.full(chosen.sum(), 100 / chosen.sum())
            axes.hist(scores[chosen], edges, weights=share, color=colour, alpha=0.65, label=label)
    axes.set_xscale("asinh", linear_width=width)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if width > 1 else f"{value:g}")
    axes.minorticks_off()
    title = "Anomaly scores" if auroc is None else f"Anomaly scores, AUROC {auroc:.3f}"
    caption(axes, title, "$-$ELBO above the normal rows' median (nats)", "share of the group (%)")
    legend(axes)
    return figure


def column_surprise(names, normal, anomaly=None):
    """Which columns give rows away: −log p(column | z) above what is usual, in nats.

    Args:
        names: of the columns.
        normal: `[columns]` mean surprise of normal rows.
        anomaly: the same for anomalies; columns are sorted by the difference, else by `normal`.
    """
    normal = np.asarray(normal)
    key = normal if anomaly is None else np.asarray(anomaly) - normal
    order = np.argsort(key)[::-1][:MAX_COLUMNS][::-1]
    figure = new_figure(7.4, 1.5 + 0.27 * len(order))
    axes, rows = figure.subplots(), np.arange(len(order))
    if anomaly is not None:
        found = np.asarray(anomaly)[order]
        axes.hlines(rows, normal[order], found, color="#cccccc", lw=2, zorder=1)
        axes.scatter(found, rows, color=MODEL, s=36, label="anomalies")
    axes.scatter(normal[order], rows, color=DATA, s=36, label="normal rows")
    axes.set_yticks(rows, [short(names[i]) for i in order])
    axes.axvline(0, color="#999999", lw=0.8, zorder=0)
    # Anomalies can be surprising by orders of magnitude more than anything else.
    axes.set_xscale("symlog", linthresh=1.0)
    some = f" ({len(order)} of {len(normal)})" if len(order) < len(normal) else ""
    lowest = min(0.0, *(x.get_offsets()[:, 0].min() for x in axes.collections[-2:]))
    axes.set_xlim(left=lowest - 0.2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    title = rf"Surprise by column{some}: mean $-\log\ p$(column $|\ z$)"
    caption(axes, title, "nats above a typical training row", "")
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    return figure


def marginals(names, real, generated, levels=None, most=12):
    """Distribution of each column in data and in samples: `[N, columns]` each, NaN for missing.

    Args:
        names: of the columns.
        real, generated: rows.
        levels: for each column the names of its classes 0, 1, ..., or None for a numeric one.
        most: how many columns to show.
    """
    real, generated = np.asarray(real), np.asarray(generated)
    shown = min(most, len(names))
    columns = min(4, shown)
    rows = math.ceil(shown / columns)
    figure = new_figure(3.0 * columns, 2.3 * rows + 0.7)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for i, axes in enumerate(grid):
        if i >= shown:
            axes.set_axis_off()
            continue
        both = [x[~np.isnan(x)] for x in (real[:, i], generated[:, i])]
        if levels is not None and levels[i] is not None:
            _bars(axes, *both, levels[i])
        else:
            _steps(axes, *both)
        caption(axes, short(names[i], 30), "", "share (%)" if i % columns == 0 else "")
    some = f" ({shown} of {len(names)} columns)" if shown < len(names) else ""
    handles, found = grid[0].get_legend_handles_labels()
    figure.legend(handles, found, loc="outside upper right", frameon=False, ncols=2)
    figure.suptitle(f"Data and samples{some}", x=0.01, ha="left", color=INK)
    return figure


def _steps(axes, real, generated):
    values = np.concatenate([real, generated]) if len(real) + len(generated) else np.zeros(1)
    low, high = np.quantile(values, [0.005, 0.995])
    edges = np.linspace(low, high if high > low else low + 1.0, 31)
    for x, name, colour, kind in (
        (real, "data", DATA, "stepfilled"),
        (generated, "samples", MODEL, "step"),
    ):
        share = np.full(len(x), 100 / max(len(x), 1))
        alpha = 0.35 if kind == "stepfilled" else 1.0
        axes.hist(
            x, edges, weights=share, histtype=kind, color=colour, alpha=alpha, lw=1.6, label=name
        )


def _bars(axes, real, generated, levels):
    shown = np.arange(len(levels))[:8]
    for x, name, colour, shift in ((real, "data", DATA, -0.2), (generated, "samples", MODEL, 0.2)):
        share = [100 * np.mean(x == level) if len(x) else 0.0 for level in shown]
        alpha = 0.5 if name == "data" else 1.0
        axes.bar(shown + shift, share, 0.4, color=colour, alpha=alpha, label=name)
    axes.set_xticks(shown, [short(levels[i], 9) for i in shown], rotation=30, ha="right")
