"""Period, trend and window length of a series, from its unlabelled steps."""

import numpy as np

MIN_LAG = 4
MAX_LAG = 1024
PEAK = 0.1  # smallest autocorrelation at a period
PROMINENCE = 0.2  # smallest rise of the autocorrelation from its minimum at shorter lags
NEAR = 0.8  # shorter lags with this fraction of the highest peak are preferred to its multiples
MIN_WINDOW = 32
DEFAULT_WINDOW = 64
TREND_PERIODS = 8
TREND_RATIO = 16.0  # a random walk has TREND_PERIODS, a straight line its square
OUTLIER = 4.0


def window_length(values, window=None):
    """Steps of a window: whole periods, at least `MIN_WINDOW` steps; an eighth of a short series.

    Args:
        values: `[steps, channels]`, without gaps.
        window: the length itself, or None to compute it.
    """
    steps = len(values)
    if window is not None:
        return window
    lag = period(values)
    if lag is None:
        return max(MIN_LAG, min(DEFAULT_WINDOW, steps // 8))
    return min(-(-MIN_WINDOW // lag) * lag, max(MIN_LAG, steps // 3))


def period(values):
    """Lag of the first high peak of the mean autocorrelation of the channels; None without one.

    A peak counts if the autocorrelation there is at least `PEAK` and rises by `PROMINENCE` from its
    minimum at shorter lags: noise and random walks have local maxima as well, of no meaning.
    """
    values = clipped(np.asarray(values, "float64"))
    correlation = autocorrelation(values)[: min(len(values) // 3, MAX_LAG) + 1]
    middle = correlation[1:-1]
    rise = middle - np.minimum.accumulate(correlation)[1:-1]
    peak = (middle > correlation[:-2]) & (middle >= correlation[2:])
    chance = 1 / np.sqrt(len(values))  # standard deviation of an autocorrelation of noise
    peak &= (middle >= max(PEAK, 4 * chance)) & (rise >= max(PROMINENCE, 6 * chance))
    lags = np.flatnonzero(peak) + 1
    lags = lags[lags >= MIN_LAG]
    if not len(lags):
        return None
    high = lags[correlation[lags] >= NEAR * correlation[lags].max()]
    for lag in high:  # ripples on the way up to a peak are no periods
        around = correlation[lag - lag // 4 : lag + lag // 4 + 1]
        if correlation[lag] == around.max():
            return int(lag)
    return int(high[0])


def autocorrelation(values):
    """Mean autocorrelation of the channels at lags 0, 1, ..., `[steps]`; constant ones left out.

    Each lag is divided by its number of pairs, so that long lags are not too small.
    """
    steps = len(values)
    centred = values - values.mean(0)
    spectrum = np.abs(np.fft.rfft(centred, 2 * steps, axis=0)) ** 2
    sums = np.fft.irfft(spectrum, axis=0)[:steps]
    varies = sums[0] > 0
    if not varies.any():
        return np.zeros(steps)
    mean = (sums[:, varies] / sums[0, varies]).mean(1)
    return mean * steps / (steps - np.arange(steps))


def clipped(values):
    """Values moved to within `OUTLIER` robust standard deviations of the median of the channel."""
    median = np.median(values, 0)
    std = 1.4826 * np.median(np.abs(values - median), 0)
    std = np.where(std > 0, std, np.inf)
    return np.clip(values, median - OUTLIER * std, median + OUTLIER * std)


def has_trend(values, window):
    """bool `[channels]`: whether a channel moves away from where it was, as a straight line does.

    Changes over `TREND_PERIODS` windows are compared with those over one window, by their medians.
    Their squares have a ratio of 1 in stationary series, of 8 in random walks and of 64 in straight
    lines. Series shorter than two such lags have none.
    """
    long = TREND_PERIODS * window
    if len(values) < 2 * long:
        return np.zeros(values.shape[1], bool)
    slow, fast = (np.median(np.abs(values[lag:] - values[:-lag]), 0) ** 2 for lag in (long, window))
    return (slow > TREND_RATIO * fast) & (fast > 0)


def trailing_median(values, length):
    """Median of the last `length` steps before each step, `[steps, channels]`.

    It is computed once for a block of an eighth of the length, so that long series stay cheap. The
    first block has its own median.
    """
    block = max(1, length // 8)
    medians = np.empty_like(values)
    for start in range(0, len(values), block):
        past = values[max(0, start - length) : start or block]
        medians[start : start + block] = np.median(past, 0)
    return medians
