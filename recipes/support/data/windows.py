"""Windows of a long series, and values of windows mapped back to the steps of the series."""

import numpy as np


def starts(steps, length, stride=1, to_end=False):
    """First step of each window; `to_end` adds a window that ends at the last step."""
    first_steps = np.arange(0, steps - length + 1, stride)
    if to_end and first_steps[-1] < steps - length:
        first_steps = np.append(first_steps, steps - length)
    return first_steps


def cut(values, length, stride=1, to_end=False):
    """Cut a series `[steps, channels]` into windows `[n, length, channels]`, `stride` steps apart.

    Without `to_end`, fewer than `stride` steps at the end may be in no window. A `stride` beyond
    the end of the series leaves one window, at its start.
    """
    windows = np.lib.stride_tricks.sliding_window_view(values, length, axis=0)
    windows = windows[starts(len(values), length, stride, to_end)]  # [n, channels, length]
    return np.ascontiguousarray(np.moveaxis(windows, 1, 2))


def per_step(window_values, steps, stride=1):
    """Value of each step: the median over the windows that contain it.

    A mean would suffer from windows with an anomaly, whose values for normal steps are misleading.

    Args:
        window_values: `[n, length, ...]` for the windows of `cut(..., stride, to_end=True)`.
        steps: number of steps of the series.
        stride: steps from one window to the next.

    Returns:
        `[steps, ...]`.
    """
    window_values = np.asarray(window_values)
    length = window_values.shape[1]
    # Windows this many places apart do not overlap, not even with the last one, which may begin
    # fewer than `stride` steps after the one before.
    layers = -(-length // stride) + 1
    table = np.full((layers, steps, *window_values.shape[2:]), np.nan)
    first_steps = starts(steps, length, stride, to_end=True)
    for number, (start, values) in enumerate(zip(first_steps, window_values, strict=True)):
        table[number % layers, start : start + length] = values
    return np.nanmedian(table, 0)
