"""Windows of a series that end at each step, and means over steps."""

import numpy as np

MAX_POINTS = 64  # of a window; longer ones have means of several steps


class Windows:
    """Windows of a series, each of at most `MAX_POINTS` points: means of `block` steps.

    Window i ends at step i + length - 1. Windows of long periods thus keep their shape and cost
    what short ones do.

    Args:
        steps: number of steps of a window, as a minimum; `length` is a multiple of `block`.
    """

    def __init__(self, steps):
        self.block = -(-steps // MAX_POINTS)
        self.points = -(-steps // self.block)
        self.length = self.block * self.points

    def count(self, steps):
        """Number of windows of a series of this many steps."""
        return steps - self.length + 1

    def cut(self, values, rows):
        """The windows with these numbers, `[len(rows), points, channels]`.

        Args:
            values: `[steps, channels]`.
            rows: numbers of windows, in ascending order.
        """
        rows = np.asarray(rows)
        part = values[rows[0] : rows[-1] + self.length].astype("float64")
        sums = np.cumsum(np.pad(part, ((1, 0), (0, 0))), 0)
        starts = (rows - rows[0])[:, None] + self.block * np.arange(self.points)
        return (sums[starts + self.block] - sums[starts]) / self.block


def trailing_mean(values, length):
    """Mean of the last `length` steps at each step, along axis 0.

    The first steps have the mean of the first `length` steps: a mean of fewer, such as of a part of
    a cycle, is not comparable. All steps of a shorter series have the mean of all.
    """
    means = _means(values, length)
    return _padded(means, len(values) - len(means), 0)


def centred_mean(values, length):
    """Mean of the `length` steps around each step, along axis 0; at the ends as `trailing_mean`."""
    means = _means(values, length)
    missing = len(values) - len(means)
    return _padded(means, missing // 2, missing - missing // 2)


def _means(values, length):
    """Means of all stretches of `length` steps, or of the whole series."""
    length = min(length, len(values))
    sums = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, 0, "float64")])
    return (sums[length:] - sums[:-length]) / length


def _padded(values, before, after):
    return np.pad(values, [(before, after), *[(0, 0)] * (values.ndim - 1)], mode="edge")


def mean_of_containing(window_values, length):
    """Mean over the windows that contain each step, `[steps, ...]`.

    Args:
        window_values: `[windows, ...]` for windows of `length` steps that start one step apart.
    """
    windows = len(window_values)
    steps = np.arange(windows + length - 1)
    sums = np.concatenate(
        [np.zeros((1, *window_values.shape[1:])), np.cumsum(window_values, 0, "float64")]
    )
    first, last = np.maximum(steps - length + 1, 0), np.minimum(steps + 1, windows)
    count = (last - first).reshape(-1, *[1] * (window_values.ndim - 1))
    return (sums[last] - sums[first]) / count


def filled(values, default):
    """Values with gaps (NaN) filled by lines between neighbours, and a mask of the observed ones.

    Args:
        values: `[steps, channels]`.
        default: `[channels]`, for a channel with nothing but gaps.
    """
    observed = ~np.isnan(values)
    if observed.all():
        return values, observed
    steps, out = np.arange(len(values)), values.copy()
    for channel in np.flatnonzero(~observed.all(0)):
        mask = observed[:, channel]
        if mask.any():
            out[:, channel] = np.interp(steps, steps[mask], values[mask, channel])
        else:
            out[:, channel] = default[channel]
    return out, observed
