"""Columns of a table: each column is checked and encoded as float32 here.

`column_kinds.py` decides which columns are numbers and which are categories. Categories become
0 .. n - 1, and n is the category of all that are not among the training rows. A large offset is
subtracted from numbers, and values far from all training rows are clipped. Missing values become
NaN.
"""

import dataclasses
from typing import Any

import numpy as np
from support.run.cli import InputError

OTHER = "(other)"  # the category of values that are not among the training rows
MAX_VALUE = 1e37  # float32 ends at 3.4e38, and differences need room
MIN_RANGE = 1e-36  # below it, float32 loses digits
MAX_STDS = 1e5  # distance from the training rows' mean, in their standard deviations
# float32 has seven digits. If the mean is a thousand times the standard deviation, only four of
# them are left for the differences between rows.
MAX_MEAN_IN_STDS = 1000.0


@dataclasses.dataclass
class Column:
    """An encoded column.

    Attributes:
        name: name of the column in the file.
        values: float32, one for each row; NaN where a value is missing.
        categories: names of the categories, or None for a numeric column.
        offset: number that was subtracted.
        clipped: number of values that were clipped.
    """

    name: str
    values: Any
    categories: Any = None
    offset: float = 0.0
    clipped: int = 0

    @property
    def title(self):
        """Name, and the offset that was subtracted."""
        return f"{self.name} - {self.offset:g}" if self.offset else self.name


def check(kind):
    """Raise if a model cannot learn from the numbers of a `Kind`; the error says what to do."""
    if kind.values.dtype == object:
        return
    name = kind.column
    if np.isinf(kind.values).any():
        row = int(np.argmax(np.isinf(kind.values)))
        raise InputError(
            "--data",
            f"expected finite numbers, got {kind.values[row]} in row {row} of column {name!r}; "
            f"empty it if it is missing, or leave the column out with --kind {name}=drop",
        )
    check_range(kind.values, name, "--data", f"leave it out with --kind {name}=drop")


def check_range(x, name, argument, remedy):
    """Raise unless float32 holds the numbers of a column and their differences."""
    observed = x[~np.isnan(x)]
    largest, width = np.abs(observed).max(initial=0.0), np.ptp(observed) if len(observed) else 0.0
    if largest > MAX_VALUE:
        raise InputError(
            argument,
            f"expected values of at most {MAX_VALUE:g}, got {largest:g} in column {name!r}; "
            f"rescale it, or {remedy}",
        )
    if 0 < width < MIN_RANGE:
        raise InputError(
            argument,
            f"expected values that differ by at least {MIN_RANGE:g}, got a range of {width:g} in "
            f"column {name!r}; rescale it, or {remedy}",
        )


def encode(kinds, train):
    """A `Column` for each `Kind` that is not left out; only the rows `train` set its categories and
    scale.

    A column without values in the training rows becomes a `Kind` that is left out, in place.
    """
    columns = []
    for kind in kinds:
        if kind.values is None:
            continue
        check(kind)
        categorical = kind.values.dtype == object
        missing = [v is None for v in kind.values[train]] if categorical else kind.values[train]
        if all(missing) if categorical else np.isnan(missing).all():
            kind.kind, kind.why, kind.values = "drop", "empty in the rows to train on", None
            continue
        encode_column = _categorical if categorical else _numeric
        columns.append(encode_column(kind.column, kind.values, train))
    return columns


def _categorical(name, x, train):
    known = sorted({value for value in x[train] if value is not None})
    codes = {category: float(i) for i, category in enumerate(known)}
    values = [np.nan if value is None else codes.get(value, len(known)) for value in x]
    return Column(name, np.array(values, "float32"), [*known, OTHER])


def _numeric(name, x, train):
    # float64 until the offset is subtracted: float32 would lose the small digits of 1.7e9 + noise.
    observed = x[train][~np.isnan(x[train])]
    constant = observed.min() == observed.max()
    mean, std = (observed[0], 1.0) if constant else (observed.mean(), observed.std())
    offset = float(mean) if constant or abs(mean) > MAX_MEAN_IN_STDS * std else 0.0
    low, high = mean - MAX_STDS * std, mean + MAX_STDS * std
    clipped = int(((x < low) | (x > high)).sum())
    return Column(name, (np.clip(x, low, high) - offset).astype("float32"), None, offset, clipped)
