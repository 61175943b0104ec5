"""Columns of a table: checks of a data frame's columns, and their encoding as float32.

- `check` raises for columns that a model cannot learn from: empty or constant columns, dates,
  lists, infinite numbers.
- `categories_as_strings` converts categorical columns: texts, truth values, --categorical.
- `encode` converts all columns to numbers. Categories become 0 .. n - 1, and n is the category of
  all that are not among the training rows. A large offset is subtracted from numbers, and values
  far from all training rows are clipped. Missing values become NaN.
"""

import dataclasses
from typing import Any

import numpy as np
from support.run.cli import InputError

MAX_CATEGORIES = 200
OTHER = "(other)"  # the category of values that are not among the training rows
MAX_VALUE = 1e37  # float32 ends at 3.4e38, and differences need room
MAX_STDS = 1e5  # distance from the training rows' mean, in their standard deviations
# float32 has seven digits. If the mean is a thousand times the standard deviation, only four of
# them are left for the differences between rows.
MAX_MEAN_IN_STDS = 1000.0
CONTAINERS = (list, tuple, dict, set, np.ndarray)


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


def check(frame):
    """Raise `InputError` if the model cannot learn from a column."""
    _check_kinds(frame)
    for name in frame.columns:
        if frame[name].dtype.kind not in "iuf":
            continue
        sizes = np.abs(numbers(frame[name]).astype("float64"))
        if np.isinf(sizes).any():
            raise InputError(
                "--data",
                f"expected finite numbers, got infinite ones in column {name!r}; leave it out with "
                f"--drop {name}",
            )
        if np.nanmax(sizes) > MAX_VALUE:
            raise InputError(
                "--data",
                f"expected values of at most {MAX_VALUE:g}, got {np.nanmax(sizes):g} in column "
                f"{name!r}; rescale it, or leave it out with --drop {name}",
            )


def _check_kinds(frame):
    for name in frame.columns:
        kinds = [type(v).__name__ for v in frame[name] if isinstance(v, CONTAINERS)]
        if kinds:
            raise InputError(
                "--data",
                f"expected numbers, texts or truth values, got a {kinds[0]} in each row of column "
                f"{name!r}; leave it out with --drop {name}",
            )
    for kind, names in (
        ("empty columns", [c for c in frame if frame[c].isna().all()]),
        ("constant columns", [c for c in frame if frame[c].nunique() == 1]),
        ("columns of dates", [c for c in frame if frame[c].dtype.kind in "mM"]),
    ):
        if names:
            raise InputError(
                "--data",
                f"expected columns of different numbers or texts, got {kind}; leave them out with "
                f"--drop {' '.join(names)}",
            )


def categories_as_strings(frame, categorical):
    """The frame with texts, truth values and the columns in `categorical` as strings."""
    frame = frame.copy()
    for name in frame.columns:
        if frame[name].dtype.kind not in "iuf" or name in categorical:
            frame[name] = frame[name].astype("string").astype(object)
            count = frame[name].nunique()
            if count > MAX_CATEGORIES:
                raise InputError(
                    "--data",
                    f"expected at most {MAX_CATEGORIES} categories in a column, got {count} in "
                    f"{name!r}; leave identifiers and free text out with --drop {name}",
                )
    return frame


def encode(frame, train):
    """A `Column` for each column of the frame, with categories and scales of the rows `train`."""
    columns = []
    for name in frame.columns:
        column = frame[name]
        if column.iloc[train].isna().all():
            raise InputError(
                "--data",
                f"expected values in the training rows, got none in column {name!r}; leave it out "
                f"with --drop {name}",
            )
        encode_column = _categorical if column.dtype == object else _numeric
        columns.append(encode_column(name, column, train))
    return columns


def numbers(column):
    """A numeric column as float64, NaN where a value is missing."""
    return column.to_numpy(dtype="float64", na_value=np.nan)


def _categorical(name, column, train):
    known = sorted(str(v) for v in column.iloc[train].dropna().unique())
    codes = {category: float(i) for i, category in enumerate(known)}
    values = [codes.get(v, len(known)) if isinstance(v, str) else np.nan for v in column]
    return Column(name, np.array(values, "float32"), [*known, OTHER])


def _numeric(name, column, train):
    # float64 until the offset is subtracted: float32 would lose the small digits of 1.7e9 + noise.
    x = numbers(column)
    observed = x[train][~np.isnan(x[train])]
    constant = observed.min() == observed.max()
    mean, std = (observed[0], 1.0) if constant else (observed.mean(), observed.std())
    offset = float(mean) if constant or abs(mean) > MAX_MEAN_IN_STDS * std else 0.0
    low, high = mean - MAX_STDS * std, mean + MAX_STDS * std
    clipped = int(((x < low) | (x > high)).sum())
    return Column(name, (np.clip(x, low, high) - offset).astype("float32"), None, offset, clipped)
