"""Windows of a long series, and what was found for windows put back onto its steps."""

import numpy as np


def starts(steps, length, stride=1, to_end=False):
    """The step at which each window begins; `to_end` adds one that ends at the last step."""
    found = np.arange(0, steps - length + 1, stride)
    if to_end and found[-1] < steps - length:
        found = np.append(found, steps - length)
    return found


def cut(values, length, stride=1, to_end=False):
    """All windows `[n, length, channels]` of a series `[steps, channels]`, `stride` steps apart.

    Without `to_end`, fewer than `stride` steps at the end may be in no window. A `stride` beyond
    the end of the series leaves one window, at its start.
    """
    found = np.lib.stride_tricks.sliding_window_view(values, length, axis=0)
    found = found[starts(len(values), length, stride, to_end)]  # [n, channels, length]
    return np.ascontiguousarray(np.moveaxis(found, 1, 2))


def per_step(found, steps, stride=1):
    """Median over the windows that see a step of what was found for it.

    `[n, length, ...]` for windows of `cut(..., stride, to_end=True)` -> `[steps, ...]`. The median,
    because a window that also sees something strange is wrong about its other steps.
    """
    found = np.asarray(found)
    length = found.shape[1]
    # Windows so many apart do not overlap, even where the last one is nearer to the one before.
    layers = -(-length // stride) + 1
    table = np.full((layers, steps, *found.shape[2:]), np.nan)
    at = starts(steps, length, stride, to_end=True)
    for number, (start, values) in enumerate(zip(at, found, strict=True)):
        table[number % layers, start : start + length] = values
    return np.nanmedian(table, 0)
