"""Checks of what figures are drawn from: arrays of numbers, names, counts."""

from collections.abc import Mapping

import numpy as np

from zoo.core.argument_values import as_list
from zoo.core.arrays import as_array
from zoo.core.validation import check_counts as check_counts

IMAGE_HINT = ": reshape flat images first, for instance with images.reshape(-1, 28, 28, 1)"


def numbers(x, argument, *axes):
    """x as an array of real numbers.

    Args:
        x: what the user passed.
        argument: its name, for errors.
        *axes: the shapes that it may have, as texts: "[N, T, C]" stands for three axes.

    Raises:
        TypeError: x does not hold real numbers.
        ValueError: x has another number of axes, or one of length 0.
    """
    expected = f"an array {' or '.join(axes)} of numbers"
    if isinstance(x, Mapping):
        raise TypeError(f"{argument} must be {expected}, got a {type(x).__name__}")
    x = as_array(x, argument)
    if x.dtype.kind not in "biuf":
        raise TypeError(f"{argument} must be {expected}, got an array of dtype {x.dtype}")
    if x.ndim not in [text.count(",") + 1 for text in axes] or 0 in x.shape:
        hint = IMAGE_HINT if any("H, W" in text for text in axes) else ""
        raise ValueError(f"{argument} must be {expected}, got shape {x.shape}{hint}")
    return x


def finite_numbers(x, argument, *axes):
    """x as in `numbers`, as float64; raises `ValueError` for NaN and infinity."""
    x = numbers(x, argument, *axes).astype("float64")
    if not np.isfinite(x).all():
        raise ValueError(f"{argument} must be finite, got NaN or infinity")
    return x


def named_numbers(items, argument, *axes):
    """The arrays of a dict as in `numbers`; it must hold at least one, all with as many rows."""
    check_mapping(items, argument)
    items = {name: numbers(x, f"{argument}[{name!r}]", *axes) for name, x in items.items()}
    if len({len(x) for x in items.values()}) > 1:
        sizes = ", ".join(f"{name!r}: {len(x)}" for name, x in items.items())
        raise ValueError(f"{argument} must have equally many rows, got {sizes}")
    return items


def check_mapping(items, argument):
    """Raise unless this is a dict that is not empty."""
    if not isinstance(items, Mapping):
        raise TypeError(f"{argument} must be a dict, got {type(items).__name__}")
    if not len(items):
        raise ValueError(f"{argument} must hold at least one entry, got an empty dict")


def names_of(values, argument, count=None):
    """Names as a list, of the expected length unless this is None; arrays cannot be names."""
    names = entries_of(values, argument, count)
    for name in names:
        if len(getattr(name, "shape", ())) or hasattr(name, "numpy"):  # arrays and tensors
            raise TypeError(f"{argument} must be a list of names, got the entry {name!r:.200}")
    return names


def entries_of(values, argument, count=None):
    """Entries, one for each name or column, as a list; `count` as in `names_of`."""
    entries = None if isinstance(values, str | bytes) else as_list(values)
    if entries is None:
        raise TypeError(f"{argument} must be a list of names, got {type(values).__name__}")
    if count is not None:
        check_length(argument, entries, count)
    return entries


def check_length(argument, values, expected):
    """Raise `ValueError` unless `values` has the expected length."""
    if len(values) != expected:
        raise ValueError(f"{argument} must have {expected} entries, got {len(values)}")


def check_shape(argument, values, expected):
    """Raise `ValueError` unless an array has the expected shape."""
    if values.shape != expected:
        raise ValueError(f"{argument} must have shape {expected}, got {values.shape}")


def require_diagnosis(result, *attributes):
    """Raise `TypeError` unless the result has these attributes of a `zoo.Diagnosis`."""
    if not all(hasattr(result, name) for name in attributes):
        raise TypeError(f"result must be a zoo.Diagnosis, got {type(result).__name__}")
