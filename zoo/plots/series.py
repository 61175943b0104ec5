"""Figures of time series."""

from collections.abc import Sequence

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import SymmetricalLogLocator
from numpy.typing import ArrayLike

from zoo.core.arrays import as_array
from zoo.plots.canvas import (
    DATA,
    INK,
    MODEL,
    figure_title,
    label_axes,
    name_text,
    new_figure,
)
from zoo.plots.inputs import check_counts, check_shape, names_of, numbers

MAX_CHANNELS = 8
MIN_DATES, MAX_DATES = 4, 8  # dates beside the axis; four days have no other step in these limits


def series(
    times: ArrayLike,
    x: ArrayLike,
    mean: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    score: ArrayLike | None = None,
    anomaly: ArrayLike | None = None,
    channel_names: Sequence[str] | None = None,
    title: str = "",
) -> Figure:
    """Plot a series with its reconstruction and a band, above its anomaly score.

    Args:
        times: `[T]`, numbers or dates, increasing.
        x: measured values `[T, C]`, NaN where missing. Of more than 8 channels the first 7 and the
            last are drawn, and the title says so.
        mean: reconstruction `[T, C]`.
        low, high: lower and upper end of the band `[T, C]`.
        score: anomaly score of each step `[T]` in nats, higher for more anomalous steps, for a
            panel of its own.
        anomaly: bool `[T]`, the steps known to be anomalous, drawn as a grey background.
        channel_names: name of each channel; "channel 0", ... by default.
        title: title of the figure.
    """
    x = numbers(x, "x", "[T, C]")
    parts = {"mean": mean, "low": low, "high": high}
    parts = {name: numbers(a, name, "[T, C]") for name, a in parts.items()}
    for name, a in parts.items():
        check_shape(name, a, x.shape)
    mean, low, high = parts.values()
    times, score, anomaly = _steps(len(x), times, score, anomaly)
    channels, names, cut = drawn_channels(x.shape[1], channel_names)
    rows = len(channels) + (score is not None)
    figure = new_figure(10, 1.35 * rows + 0.8)
    figure.subplots(rows, 1, sharex=True, squeeze=False)
    figure_title(figure, f"{title}{cut}".strip())
    for i, axes in zip(channels, figure.axes, strict=False):
        axes.fill_between(times, low[:, i], high[:, i], color=MODEL, alpha=0.25, lw=0)
        axes.plot(times, mean[:, i], color=MODEL, lw=1.2, label="reconstruction with band")
        axes.plot(times, x[:, i], color=DATA, lw=0.9, label="measured")
        label_axes(axes, "", "", with_unit_below(names[i]))
    if score is not None:
        _draw_score(figure.axes[-1], times, score)
    for axes in figure.axes:
        _shade(axes, times, anomaly)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", frameon=False, fontsize=9, ncols=3)
    figure.axes[-1].set_xlabel("time", color=INK)
    if times.dtype.kind == "M":
        locator = AutoDateLocator(minticks=MIN_DATES, maxticks=MAX_DATES)
        figure.axes[-1].xaxis.set_major_locator(locator)
        figure.axes[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator))
    return figure


def series_samples(
    real: ArrayLike,
    generated: ArrayLike,
    channel_names: Sequence[str] | None = None,
    max_series: int = 4,
) -> Figure:
    """Plot generated series to the right of real ones: one series per column, a row per channel.

    Args:
        real, generated: series `[N, T, C]` in data units.
        channel_names: name of each channel; "channel 0", ... by default.
        max_series: number of real and of generated series to draw.
    """
    check_counts(max_series=max_series)
    real = numbers(real, "real", "[N, T, C]")[:max_series]
    generated = numbers(generated, "generated", "[N, T, C]")[:max_series]
    check_shape("generated", generated[0], (generated.shape[1], real.shape[2]))
    channels, names, cut = drawn_channels(real.shape[2], channel_names)
    columns = [("real", x, DATA) for x in real] + [("generated", x, MODEL) for x in generated]
    figure = new_figure(2.0 * len(columns) + 1, 1.2 * len(channels) + 0.8)
    grid = figure.subplots(len(channels), len(columns), squeeze=False, sharex=True, sharey="row")
    if cut:
        figure_title(figure, cut.strip())
    for i, row in zip(channels, grid, strict=True):
        for j, (axes, (source, x, colour)) in enumerate(zip(row, columns, strict=True)):
            axes.plot(x[:, i], color=colour, lw=1.1)
            name = with_unit_below(names[i]) if j == 0 else ""
            label_axes(axes, source if i == 0 else "", "", name)
    figure.supxlabel("step", color=INK, fontsize=10)
    return figure


def drawn_channels(count, names):
    """Numbers of the channels that are drawn, names of all, and a note if some are left out."""
    names = [] if names is None else names_of(names, "channel_names")
    names = names_of(names or [f"channel {i}" for i in range(count)], "channel_names", count)
    if count <= MAX_CHANNELS:
        return list(range(count)), names, ""
    drawn = [*range(MAX_CHANNELS - 1), count - 1]
    return drawn, names, f" ({MAX_CHANNELS} of {count} channels)"


def _steps(count, times, score, anomaly):
    """The arguments of `series` with a value for each step, as arrays."""
    dates = as_array(times, "times")
    times = dates if dates.dtype.kind == "M" else numbers(times, "times", "[T]")
    check_shape("times", times, (count,))
    if score is not None:
        score = numbers(score, "score", "[T]")
        check_shape("score", score, (count,))
    if anomaly is not None:
        anomaly = numbers(anomaly, "anomaly", "[T]").astype(bool)
        check_shape("anomaly", anomaly, (count,))
    return times, score, anomaly


def _draw_score(axes, times, score):
    """Draw an anomaly score, on a logarithmic scale if it spans orders of magnitude."""
    axes.plot(times, score, color=INK, lw=1.0)
    median = np.median(score)
    axes.axhline(median, color="#999999", lw=0.8)
    width = max(np.quantile(score, 0.9) - median, 1e-3)
    if np.max(score) - median > 50 * width:
        axes.set_yscale("symlog", linthresh=10 * width, linscale=1.0)
        axes.yaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=10 * width))
        axes.minorticks_off()
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    label_axes(axes, "", "", "anomaly score\n(nats)")


def _shade(axes, times, anomaly):
    """Draw a grey background behind each run of anomalous steps."""
    if anomaly is None:
        return
    edges = np.diff(np.concatenate([[0], np.asarray(anomaly, int), [0]]))
    runs = zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)
    for number, (start, end) in enumerate(runs):
        label = "known anomaly" if number == 0 else None
        # A run of a single step has no width, so only its outline is visible.
        axes.axvspan(times[start], times[end - 1], color="#bbbbbb", alpha=0.5, lw=1, label=label)


def with_unit_below(name):
    """Move the unit in parentheses to a line of its own."""
    return name_text(name, 28).replace(" (", "\n(")
