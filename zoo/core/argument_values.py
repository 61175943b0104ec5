"""Kinds of values that arguments have, and checks of numbers; they return Python's numbers."""

import itertools
import numbers

import numpy as np

FLOAT32_MAX = float(np.finfo("float32").max)


def as_tuple(value):
    """Convert a value, list, tuple or array to a tuple of Python numbers.

    Loaded configs have lists where tuples were saved.
    """
    value = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
    values = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    return tuple(v.item() if isinstance(v, np.generic) else v for v in values)


def as_list(values):
    """The values of a list, array or other sequence as a list; None for anything else.

    An endless dataset or a generator has no length, and reading it might never end.
    """
    try:
        len(values)
        return list(values)
    except (TypeError, AttributeError):
        return None


def as_python(value):
    """A scalar of NumPy as a number of Python; any other value unchanged."""
    scalar = isinstance(value, np.generic) or (isinstance(value, np.ndarray) and not value.ndim)
    return value.item() if scalar else value


def is_real(value):
    """Return True for a real number of Python or NumPy; True and False do not count as numbers.

    Other kinds of numbers, such as `fractions.Fraction`, can be neither saved nor formatted.
    """
    if isinstance(value, np.ndarray):
        return value.ndim == 0 and value.dtype != object and is_real(value[()])
    number = isinstance(value, (int, float, np.integer, np.floating))
    return number and not isinstance(value, (bool, np.timedelta64))


def is_integer(value):
    """Return True for an integer of Python or NumPy; True and False do not count as integers."""
    return isinstance(as_python(value), numbers.Integral) and is_real(value)


def is_float32(value):
    """Return True for a real number (`is_real`) that float32, the type of models, can hold."""
    if not is_real(value):
        return False
    # As a Python number, because NumPy would convert the limit to the type of a small float.
    return abs(value.item() if isinstance(value, np.generic | np.ndarray) else value) <= FLOAT32_MAX


def increasing(*values):
    """Return True for real numbers each of which is smaller than the next."""
    return all(map(is_real, values)) and all(a < b for a, b in itertools.pairwise(values))


def positive(**arguments):
    """Check positive integers; return them in order as Python integers.

    Raises:
        ValueError: names the first argument that is not a positive integer.
    """
    return [_check_positive(name, value, (value,))[0] for name, value in arguments.items()]


def positive_tuples(**arguments):
    """Check positive integers, each a number or a sequence of numbers; return them as tuples.

    Raises:
        ValueError: names the first argument that is not made of positive integers.
    """
    return [_check_positive(name, value, as_tuple(value)) for name, value in arguments.items()]


def _check_positive(name, value, numbers):
    if not all(is_integer(number) and number > 0 for number in numbers):
        raise ValueError(f"{name} must be made of positive integers, got {value!r}")
    if any(number >= 2**31 for number in numbers):  # sizes of tensors are int32 in many ops
        raise ValueError(f"{name} must be made of integers below 2**31, got {value!r}")
    return tuple(map(int, numbers))


MAX_LAYERS = 1000  # each takes milliseconds to make


def layer_counts(**arguments):
    """Check numbers of layers; return them in order as Python integers.

    Raises:
        ValueError: names the first argument that is not an integer from 1 to `MAX_LAYERS`.
    """
    counts = positive(**arguments)
    for name, count in zip(arguments, counts, strict=True):
        if count > MAX_LAYERS:
            raise ValueError(f"{name} must be at most {MAX_LAYERS} layers, got {count}")
    return counts


def not_negative(**arguments):
    """Check integers of at least 0; return them in order as Python integers.

    Raises:
        ValueError: names the first argument that is not such an integer.
    """
    for name, value in arguments.items():
        if not (is_integer(value) and 0 <= value < 2**31):
            raise ValueError(f"{name} must be an integer of at least 0, got {value!r}")
    return list(map(int, arguments.values()))


def not_empty(**arguments):
    """Raise `ValueError` naming the first tuple that is empty."""
    for name, value in arguments.items():
        if not value:
            raise ValueError(f"{name} must hold at least one number, got {value!r}")


def one_of(allowed, **arguments):
    """Raise `ValueError` naming the first argument that is not one of the allowed values."""
    for name, value in arguments.items():
        if value not in allowed:
            raise ValueError(f"{name} must be one of {tuple(allowed)}, got {value!r}")


def fraction(**arguments):
    """Raise `ValueError` naming the first argument that is not in [0, 1)."""
    for name, value in arguments.items():
        if not is_real(value) or not 0 <= value < 1:
            raise ValueError(f"{name} must be a fraction in [0, 1), got {value!r}")
