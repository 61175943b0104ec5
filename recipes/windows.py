"""Windows of a long series, and what was found for windows put back onto its steps."""

import keras
import numpy as np


def cut(values, length, stride=1):
    """All windows `[n, length, channels]` of a series `[steps, channels]`, `stride` steps apart."""
    windows = keras.utils.timeseries_dataset_from_array(
        values, None, length, sequence_stride=stride, batch_size=1024
    )
    return np.concatenate([np.asarray(batch) for batch in windows])


def per_step(found, steps, stride=1):
    """Median over the windows that see a step of what was found for it.

    `[n, length, ...]` for windows `stride` apart -> `[steps, ...]`. The median, because a window
    that also sees something strange is wrong about its other steps. Steps that no window reaches,
    at the end, take the last value there is.
    """
    found = np.asarray(found)
    length = found.shape[1]
    layers = -(-length // stride)  # windows so many apart do not overlap
    table = np.full((layers, steps, *found.shape[2:]), np.nan)
    for number, values in enumerate(found):
        at = number * stride
        table[number % layers, at : at + length] = values
    reached = (len(found) - 1) * stride + length
    table[:, reached:] = table[:, reached - 1 : reached]
    return np.nanmedian(table, 0)
