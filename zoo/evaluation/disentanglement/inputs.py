"""Checks of the codes and factors of the disentanglement metrics."""

import numpy as np

from zoo.core.argument_values import as_list, is_integer
from zoo.core.arrays import as_array

TEST_FRACTION = 0.2  # of the rows, held out from fitted predictors


def check_codes_and_factors(codes, factors):
    """Codes as float64 `[N, D]` and factors as int `[N, K]`.

    Raises:
        TypeError: factors are not integers.
        ValueError: shapes do not fit, codes are not finite or all equal, there are fewer than two
            dimensions or factors, or a factor is constant.
    """
    codes = as_array(codes, "codes")
    if codes.dtype.kind not in "biuf":
        raise TypeError(f"codes must be numbers, got an array of dtype {codes.dtype}")
    codes = _matrix(codes.astype("float64"), "codes")
    factors = check_factors(factors, len(codes))
    if not np.isfinite(codes).all():
        raise ValueError("codes must be finite, got NaN or infinity")
    if not codes.std(0).any():
        raise ValueError("codes must differ between rows, got the same code in all rows")
    return codes, factors


def check_factors(factors, rows=None):
    """Factors as int64 `[N, K]`; `rows` is the expected N, or None if it is not known."""
    factors = _matrix(as_array(factors, "factors"), "factors")
    if factors.dtype.kind not in "biu":
        raise TypeError(
            f"factors must be integers, got {factors.dtype}: "
            "np.unique(column, return_inverse=True)[1] converts a column of other values"
        )
    if rows is not None and len(factors) != rows:
        raise ValueError(f"factors must have {rows} rows, one for each code, got {len(factors)}")
    constant = np.flatnonzero((factors == factors[0]).all(0))
    if len(constant):
        raise ValueError(
            f"factors must have several values in each column, got column {constant[0]} with "
            f"{factors[0, constant[0]]} in all rows"
        )
    return factors.astype("int64")


def _matrix(array, argument):
    if array.ndim != 2 or len(array) < 2 or array.shape[1] < 2:
        raise ValueError(
            f"{argument} must be a matrix with at least two rows and two columns, "
            f"got shape {array.shape}"
        )
    return array


def check_categorical(categorical, count):
    """`categorical` as a tuple of column indices of `count` factors."""
    columns = as_list(categorical)
    columns = (categorical,) if columns is None else tuple(columns)
    if not all(is_integer(c) and 0 <= c < count for c in columns):
        raise ValueError(
            f"categorical must hold column indices of factors, 0 .. {count - 1}, "
            f"got {categorical!r}"
        )
    return columns


def standardize(codes):
    """Codes in units of their standard deviations, without constant dimensions."""
    stds = codes.std(0)
    varying = stds > 0
    return codes[:, varying] / stds[varying]


def rows_by_value(column):
    """Row indices of each value that more than one row has, as a list of arrays."""
    order = np.argsort(column, kind="stable")
    starts = np.flatnonzero(np.diff(column[order])) + 1
    return [rows for rows in np.split(order, starts) if len(rows) > 1]
