"""Checks of values and arguments."""

import errno
import inspect
import math
import os

import numpy as np

from zoo.core.argument_values import increasing, is_integer, is_real


def check_finite(x, argument):
    """Raise `ValueError` if x has NaN or infinity; the error names the first index."""
    if not np.issubdtype(x.dtype, np.floating) or not x.size:
        return
    # Minimum and maximum reveal NaN and infinity without a second array as large as x.
    if not (np.isfinite(x.min()) and np.isfinite(x.max())):
        finite = np.isfinite(x)
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"{argument} must be finite, got {x[place]} at index {place} "
            f"({(~finite).sum()} of {x.size} values are NaN or infinite)"
        )


def check_not_infinite(x, argument):
    """Raise `ValueError` if x has infinity, with its first index; NaN is a missing value."""
    if np.isinf(x).any():
        place = tuple(int(i) for i in np.argwhere(np.isinf(x))[0])
        raise ValueError(f"{argument} must be finite or NaN, got {x[place]} at index {place}")


ROUNDING = 1e-6  # of numbers that were scaled to [0, 1], as by scikit-learn's MinMaxScaler


def check_unit_interval(x, argument, purpose):
    """Raise `ValueError` unless x lies in [0, 1], which `purpose`, named in the error, requires.

    Values beyond by no more than a rounding error pass.
    """
    check_finite(x, argument)
    low, high = x.min(), x.max()
    if low < -ROUNDING or high > 1 + ROUNDING:
        hint = ": 8-bit images need x / 255" if low >= 0 and 1 < high <= 255 else ":"
        hint += ", other" * (hint != ":") + " numbers need a likelihood such as"
        hint += " likelihood='shared_scale_normal'"
        raise ValueError(
            f"{argument} must lie in [0, 1] for {purpose}, got {low:.8g} to {high:.8g}{hint}"
        )


def check_bounds(floor, ceiling):
    """Raise `ValueError` unless 0 < floor < ceiling."""
    if not increasing(0, floor, ceiling):
        raise ValueError(
            f"floor must lie between 0 and ceiling, got floor={floor}, ceiling={ceiling}"
        )


def check_path(**arguments):
    """Raise unless each argument is a path: a text that is not empty, or `PathLike`.

    Raises:
        TypeError: something else.
        ValueError: a text that no file can have as its name.
    """
    for name, value in arguments.items():
        text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
        if not isinstance(text, str) or not text:
            raise TypeError(f"{name} must be a path, got {value!r}")
        if not _is_possible(text):
            raise ValueError(
                f"{name} must be a path that a file can have, not too long and without null "
                f"characters and lone surrogates, got {value!r:.200}"
            )


def _is_possible(path):
    """True if the system takes this text as a path, of a file that exists or not."""
    try:
        os.lstat(path)
    except ValueError:
        return False
    except OSError as error:
        return error.errno != errno.ENAMETOOLONG
    return True


def check_name(name):
    """Raise `ValueError` for a name with a lone surrogate, which TensorFlow cannot encode."""
    if isinstance(name, str) and any("\ud800" <= c <= "\udfff" for c in name):
        raise ValueError(f"name must be valid Unicode, got {name!r}, which has a lone surrogate")


SEEDS = 2**31  # seeds are int32
MAX_COUNT = 2**31 - 1  # sizes of tensors are int32 in many of TensorFlow's ops


def check_flags(**arguments):
    """Raise `TypeError` unless each argument is True, False, 1 or 0."""
    for name, value in arguments.items():
        flag = isinstance(value, (bool, np.bool_)) or (is_integer(value) and value in (0, 1))
        if not flag:
            raise TypeError(f"{name} must be True or False, got {value!r}")


def takes(function, count):
    """Return True if this is a function or class that can be called with `count` arguments.

    A function whose signature Python does not know passes; such a class, as `int`, does not.
    """
    if not callable(function):
        return False
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:
        return not isinstance(function, type)
    return True


def is_text(value, text):
    """Return True if value is this text; an array would compare its elements."""
    return isinstance(value, str) and value == text


def check_counts(**arguments):
    """Raise `ValueError` unless each argument is a positive integer."""
    for name, value in arguments.items():
        if not is_integer(value) or value < 1:
            raise ValueError(f"{name} must be a positive integer, got {value!r}")
        if value > MAX_COUNT:
            raise ValueError(f"{name} must be at most 2**31 - 1, got {value!r}")


def finite(**arguments):
    """Check real numbers of Python or NumPy; return them in order as floats.

    Integers of more than 64 bits would be arrays of objects in NumPy.

    Raises:
        ValueError: names the first argument that is not a finite number.
    """
    for name, value in arguments.items():
        if not is_real(value) or not _is_finite(value):
            raise ValueError(f"{name} must be a finite number, got {value!r}")
    return [float(value) for value in arguments.values()]


def check_optional_counts(**arguments):
    """Raise unless each argument is a positive integer or None."""
    check_counts(**{name: value for name, value in arguments.items() if value is not None})


def check_numbers(**arguments):
    """Raise `ValueError` unless each argument is a finite number."""
    finite(**arguments)


def _is_finite(number):
    try:
        return math.isfinite(number)
    except OverflowError:  # an integer beyond float64
        return False


def as_seed(value):
    """Return a seed as a Python integer; raise `ValueError` unless it is from 0 to 2**31 - 1."""
    if not is_integer(value) or not 0 <= value < SEEDS:
        raise ValueError(f"seed must be an integer from 0 to 2**31 - 1, got {value!r}")
    return int(value)


def as_model_seed(value):
    """Return a `VAE`'s seed as a Python integer, or None, for which Keras draws a seed."""
    if value is not None and (not is_integer(value) or not 0 <= value < 2**63):
        raise ValueError(f"seed must be None or an integer of at least 0, got {value!r}")
    return None if value is None else int(value)
