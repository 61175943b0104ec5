"""Columns of a table: each column of a data frame is checked and encoded as float32 here.

- `check` refuses columns that a model cannot learn from: empty, constant, dates, lists, infinite.
- `categories_as_strings` decides which columns are categorical: texts, truth values, --categorical.
- `encode` makes numbers of them. Categories become 0 .. n - 1 and a last level for those that are
  not among the training rows; numbers lose a large offset and are clipped far from all training
  rows; missing values become NaN.
"""

import dataclasses
from typing import Any

import numpy as np
from support.run.cli import InputError

MAX_LEVELS = 200
OTHER = "(other)"  # the level of categories that are not among the training rows
MAX_VALUE = 1e37  # float32 ends at 3.4e38, and differences need room
MAX_STDS = 1e5  # standard deviations of the training rows
# float32 has seven digits: of a number that is a thousand times the standard deviation, four digits
# are left for the position within it.
MAX_MEAN_IN_STDS = 1000.0
CONTAINERS = (list, tuple, dict, set, np.ndarray)


@dataclasses.dataclass
class Column:
    """An encoded column.

    Attributes:
        name: of the column in the file.
        values: float32, one for each row; NaN where a value is missing.
        levels: names of the categories, or None for a numeric column.
        offset: number that was subtracted.
        clipped: how many values were clipped.
    """

    name: str
    values: Any
    levels: Any = None
    offset: float = 0.0
    clipped: int = 0

    @property
    def title(self):
        """Name, and the offset that was subtracted."""
        return f"{self.name} - {self.offset:g}" if self.offset else self.name


def check(frame):
    """Raise if the model cannot learn from a column; the error says how to leave it out."""
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
            levels = frame[name].nunique()
            if levels > MAX_LEVELS:
                raise InputError(
                    "--data",
                    f"expected at most {MAX_LEVELS} different texts in a column, got {levels} in "
                    f"{name!r}; leave identifiers and free text out with --drop {name}",
                )
    return frame


def encode(frame, train):
    """A `Column` for each column of the frame; levels and scales are those of the rows `train`."""
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
    codes = {level: float(i) for i, level in enumerate(known)}
    values = [codes.get(v, len(known)) if isinstance(v, str) else np.nan for v in column]
    return Column(name, np.array(values, "float32"), [*known, OTHER])


def _numeric(name, column, train):
    # In float64 up to the end: float32 would lose the small digits of 1.7e9 + noise.
    x = numbers(column)
    observed = x[train][~np.isnan(x[train])]
    constant = observed.min() == observed.max()
    mean, std = (observed[0], 1.0) if constant else (observed.mean(), observed.std())
    offset = float(mean) if constant or abs(mean) > MAX_MEAN_IN_STDS * std else 0.0
    low, high = mean - MAX_STDS * std, mean + MAX_STDS * std
    clipped = int(((x < low) | (x > high)).sum())
    return Column(name, (np.clip(x, low, high) - offset).astype("float32"), None, offset, clipped)
