"""Codes and the factors that they are held against, checked."""

import numpy as np

from zoo.core.serialization import is_integer

TEST_FRACTION = 0.2  # of the rows, for what is fitted to the others


def labelled(codes, factors):
    """Codes as float64 `[N, D]` and factors as int `[N, K]`.

    Raises:
        TypeError: factors are no integers.
        ValueError: shapes do not fit, codes are not finite or all the same, there are less than two
            dimensions or factors, or a factor has one value alone.
    """
    codes = _matrix(np.asarray(codes, "float64"), "codes")
    factors = integers(factors, len(codes))
    if not np.isfinite(codes).all():
        raise ValueError("codes must be finite, got NaN or infinity")
    if not codes.std(0).any():
        raise ValueError("codes must differ between rows, got one code alone")
    return codes, factors


def integers(factors, rows):
    """Factors as int `[N, K]`, checked; N is not, where `rows` is None."""
    factors = _matrix(np.asarray(factors), "factors")
    if factors.dtype.kind not in "biu":
        raise TypeError(
            f"factors must be integers, got {factors.dtype}: "
            "np.unique(column, return_inverse=True)[1] makes integers of other values"
        )
    if rows is not None and len(factors) != rows:
        raise ValueError(f"factors has {len(factors)} rows, expected {rows}, one for each code")
    same = np.flatnonzero((factors == factors[0]).all(0))
    if len(same):
        raise ValueError(
            f"factors must have several values each, column {same[0]} has {factors[0, same[0]]} "
            "in all rows"
        )
    return factors.astype("int64")


def _matrix(array, argument):
    if array.ndim != 2 or len(array) < 2 or array.shape[1] < 2:
        raise ValueError(
            f"{argument} must be a matrix with at least two rows and two columns, "
            f"got shape {array.shape}"
        )
    return array


def columns(categorical, count):
    """`categorical` as a tuple of numbers of columns; `ValueError` unless there are such."""
    found = tuple(categorical) if np.iterable(categorical) else (categorical,)
    if not all(is_integer(c) and 0 <= c < count for c in found):
        raise ValueError(
            f"categorical must hold numbers of columns of factors, 0 .. {count - 1}, "
            f"got {categorical!r}"
        )
    return found


def scaled(codes):
    """Codes in units of their standard deviations, without dimensions that are constant."""
    deviations = codes.std(0)
    used = deviations > 0
    return codes[:, used] / deviations[used]


def rows_by_value(column):
    """Row numbers of each value that several rows have, as a list of arrays."""
    order = np.argsort(column, kind="stable")
    starts = np.flatnonzero(np.diff(column[order])) + 1
    return [rows for rows in np.split(order, starts) if len(rows) > 1]
