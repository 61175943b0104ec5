"""Figure of the autocorrelation and the spectrum of generated beside real series."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from zoo.plots.canvas import DATA, INK, MODEL, figure_title, label_axes, new_figure
from zoo.plots.inputs import check_shape, numbers
from zoo.plots.series import drawn_channels, with_unit_below


def series_spectra(
    real: ArrayLike, generated: ArrayLike, channel_names: Sequence[str] | None = None
) -> Figure:
    """Plot the autocorrelation and the spectrum of generated and of real series, by channel.

    Curves that lie above each other mean that generated series are as smooth, and as periodic, as
    real ones.

    Args:
        real, generated: series `[N, T, C]` of at least two steps; NaN where missing.
        channel_names: name of each channel; "channel 0", ... by default.
    """
    real, generated = (
        numbers(real, "real", "[N, T, C]"),
        numbers(generated, "generated", "[N, T, C]"),
    )
    check_shape("generated", generated[0], real.shape[1:])
    if real.shape[1] < 2:
        raise ValueError(f"real must be series of at least 2 steps, got shape {real.shape}")
    channels, names, cut = drawn_channels(real.shape[2], channel_names)
    figure = new_figure(9, 1.6 * len(channels) + 0.8)
    grid = figure.subplots(len(channels), 2, squeeze=False, sharex="col")
    if cut:
        figure_title(figure, cut.strip())
    for name, x, colour in (("real", real, DATA), ("generated", generated, MODEL)):
        correlation, power = autocorrelation(x), spectrum(x)
        frequency = np.arange(len(power)) / real.shape[1]
        for i, (left, right) in zip(channels, grid, strict=True):
            left.plot(correlation[:, i], color=colour, lw=1.2, label=name)
            right.semilogy(frequency[1:], power[1:, i], color=colour, lw=1.2)
    for i, (left, right) in zip(channels, grid, strict=True):
        first = i == channels[0]
        label_axes(left, "autocorrelation" if first else "", "", with_unit_below(names[i]))
        label_axes(right, "spectrum" if first else "", "", "")
    grid[-1][0].set_xlabel("lag, steps", color=INK)
    grid[-1][1].set_xlabel("frequency, 1 / steps", color=INK)
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", frameon=False, fontsize=9, ncols=2)
    return figure


def autocorrelation(x):
    """Correlation of values k steps apart, over all series, `[T - 1, C]` for k = 0, 1, ....

    Args:
        x: `[N, T, C]`, NaN where missing. The mean of each channel is that of all series, so that
            their different levels count as slow variation.
    """
    covariance = np.stack([_covariance(x, lag) for lag in range(x.shape[1] - 1)])
    return covariance / np.maximum(covariance[0], np.finfo("float64").tiny)


def spectrum(x):
    """Mean periodogram of series `[N, T, C]` around the mean of all, `[T // 2 + 1, C]`.

    From the autocovariances, so that values may be missing:

        S(f) = c_0 + 2 sum_(0 < k < T) (1 - k / T) c_k cos(2 pi f k)
    """
    steps = x.shape[1]
    covariance = np.stack([_covariance(x, lag) for lag in range(steps)])
    lag = np.arange(steps)
    weight = np.where(lag == 0, 1.0, 2.0 * (1.0 - lag / steps))
    waves = np.cos(2 * np.pi * np.outer(np.arange(steps // 2 + 1), lag) / steps)
    power = waves @ (weight[:, None] * covariance)
    return np.maximum(power, 1e-12 * np.maximum(covariance[0], np.finfo("float64").tiny))


def _covariance(x, lag):
    """Mean product of values `lag` steps apart, `[C]`; 0 where there is no pair."""
    centred = np.asarray(x, "float64") - np.nanmean(x, (0, 1))
    products = centred[:, lag:] * centred[:, : centred.shape[1] - lag]
    count = (~np.isnan(products)).sum((0, 1))
    return np.nansum(products, (0, 1)) / np.maximum(count, 1)
