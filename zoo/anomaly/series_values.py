"""Series from what users pass: arrays, lists, and frames of pandas with or without times."""

import numpy as np

from zoo.core import arrays, validation


def as_series(x, argument="X"):
    """A series as float64 `[steps, channels]`, and the names of its channels or None.

    Args:
        x: array or list `[steps]` or `[steps, channels]`; a DataFrame of numbers, whose columns are
            channels, or a Series of pandas. NaN is a gap.
        argument: its name, for errors.

    Raises:
        TypeError: x does not hold numbers.
        ValueError: the shape is wrong, times are not in order, or a value is infinite.
    """
    if hasattr(x, "to_frame") and getattr(x, "ndim", 0) == 1:
        x = x.to_frame()
    names = None
    if arrays.is_frame(x):
        names = [str(name) for name in x.columns]
        _check_times(x.index, argument)
    values = np.asarray(arrays.as_array(x, argument))
    if values.dtype.kind not in "fiub":
        raise TypeError(f"{argument} must hold numbers, got an array of dtype {values.dtype}")
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(
            f"{argument} must be a series [steps] or [steps, channels], got shape "
            f"{np.shape(values)}"
        )
    validation.check_not_infinite(values, argument)
    return values.astype("float64"), names


def standard_units(values):
    """Mean and standard deviation of each channel, `[channels]` each.

    A channel that does not vary has a hundredth of its magnitude as its deviation, so that a later
    change of it counts.
    """
    mean, std = values.mean(0), values.std(0)
    magnitude = np.abs(mean)
    constant = np.where(magnitude > 0, 0.01 * magnitude, 1.0)
    return mean, np.where(std > 1e-9 * magnitude, std, constant)


def _check_times(index, argument):
    """Raise `ValueError` for an index of times that is not in order."""
    if getattr(index, "dtype", np.dtype("O")).kind not in "Mm":
        return
    if not (index.is_monotonic_increasing and index.is_unique):
        raise ValueError(
            f"{argument} must have increasing times in its index, got times that repeat or go "
            f"back: use {argument}.sort_index() and drop what is double"
        )
