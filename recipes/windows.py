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
    """Mean over the windows that see a step of what was found for it: `[n, length]` -> `[steps]`.

    Steps that no window reaches, at the end, take the last value there is.
    """
    total, count = np.zeros(steps), np.zeros(steps)
    for number, values in enumerate(found):
        at = slice(number * stride, number * stride + len(values))
        total[at] += values
        count[at] += 1
    reached = np.flatnonzero(count)[-1] + 1
    mean = total[:reached] / count[:reached]
    return np.concatenate([mean, np.full(steps - reached, mean[-1])])
