"""Figures of time series."""

import numpy as np
from matplotlib.ticker import SymmetricalLogLocator

from zoo.plots.canvas import DATA, INK, MODEL, caption, new_figure, short

MAX_CHANNELS = 6


def series(times, x, mean, low, high, score=None, anomaly=None, channels=None, title=""):
    """A series, what the model made of it with its band, and below it the anomaly score.

    Args:
        times: `[T]`, numbers or dates, increasing.
        x: `[T, C]`, NaN where nothing was measured; the first `MAX_CHANNELS` channels are shown.
        mean, low, high: `[T, C]`: reconstruction and its band.
        score: `[T]`, nats per step, or None.
        anomaly: `[T]` of bool, shaded, or None where nobody knows.
        channels: their names.
        title: of the figure.
    """
    x, mean, low, high = (np.asarray(a) for a in (x, mean, low, high))
    shown = min(x.shape[1], MAX_CHANNELS)
    names = channels or [f"channel {i}" for i in range(shown)]
    rows = shown + (score is not None)
    figure = _panels(rows, title)
    for i, axes in enumerate(figure.axes[:shown]):
        axes.fill_between(times, low[:, i], high[:, i], color=MODEL, alpha=0.25, lw=0)
        axes.plot(times, mean[:, i], color=MODEL, lw=1.2, label="reconstruction, band")
        axes.plot(times, x[:, i], color=DATA, lw=0.9, label="measured")
        caption(axes, "", "", _broken(names[i]))
    if score is not None:
        axes = figure.axes[-1]
        axes.plot(times, score, color=INK, lw=1.0)
        usual = np.median(score)
        axes.axhline(usual, color="#999999", lw=0.8)
        width = max(np.quantile(score, 0.9) - usual, 1e-3)
        if np.max(score) - usual > 50 * width:  # faults can be stranger by orders of magnitude
            axes.set_yscale("symlog", linthresh=10 * width, linscale=1.0)
            axes.yaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=10 * width))
            axes.minorticks_off()
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        caption(axes, "", "", "anomaly score\n(nats)")
    for axes in figure.axes:
        _shade(axes, times, anomaly)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", frameon=False, fontsize=9, ncols=3)
    figure.axes[-1].set_xlabel("time", color=INK)
    return figure


def series_samples(real, generated, channels=None, most=4):
    """Generated series below real ones: `[N, T, C]` each, one column for each, one row a channel.

    Args:
        real, generated: series in data units.
        channels: their names.
        most: how many of either to show.
    """
    real, generated = np.asarray(real)[:most], np.asarray(generated)[:most]
    shown = min(real.shape[2], MAX_CHANNELS)
    names = channels or [f"channel {i}" for i in range(shown)]
    figure = new_figure(2.0 * (len(real) + len(generated)) + 1, 1.2 * shown + 0.8)
    grid = figure.subplots(
        shown, len(real) + len(generated), squeeze=False, sharex=True, sharey="row"
    )
    for i, row in enumerate(grid):
        for j, axes in enumerate(row):
            ours = j >= len(real)
            values = (generated[j - len(real)] if ours else real[j])[:, i]
            axes.plot(values, color=MODEL if ours else DATA, lw=1.1)
            heading = ("generated" if ours else "real") if i == 0 else ""
            caption(axes, heading, "", _broken(names[i]) if j == 0 else "")
    figure.supxlabel("step", color=INK, fontsize=10)
    return figure


def _panels(rows, title):
    figure = new_figure(10, 1.35 * rows + 0.8)
    figure.subplots(rows, 1, sharex=True, squeeze=False)
    figure.suptitle(title, x=0.01, ha="left", color=INK, fontsize=11)
    return figure


def _shade(axes, times, anomaly):
    """Grey where something is known to be wrong."""
    if anomaly is None:
        return
    edges = np.diff(np.concatenate([[0], np.asarray(anomaly, int), [0]]))
    for number, (start, end) in enumerate(
        zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)
    ):
        label = "known anomaly" if number == 0 else None
        axes.axvspan(times[start], times[end - 1], color="#bbbbbb", alpha=0.5, lw=0, label=label)


def _broken(name):
    """A name with its unit on a line of its own."""
    return short(name, 28).replace(" (", "\n(")
