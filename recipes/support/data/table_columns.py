"""Columns of a data frame as float32 that a model can learn from: coded, centred, bounded.

Categories become codes 0 .. n - 1, the last of which is what training did not see. Numbers stay
what they are, but for a large offset, and for what is absurdly far from all training rows.
"""

import dataclasses
from typing import Any

import numpy as np
from support.run.cli import InputError

MAX_LEVELS = 200
OTHER = "(other)"  # the level of categories that training did not see
MAX = 1e37  # float32 ends at 3.4e38, and differences need room
FARTHEST = 1e5  # standard deviations of the training rows
# float32 has seven digits: of a number so many times its spread, four say where in the spread it is
OFFSET = 1000.0


@dataclasses.dataclass
class Column:
    """`values` float32; `levels` of a categorical column, or None; the `offset` of a numeric one.

    `clipped` says how many values were too far off to be told apart.
    """

    name: str
    values: Any
    levels: Any = None
    offset: float = 0.0
    clipped: int = 0

    @property
    def title(self):
        """The name, and what was subtracted."""
        return f"{self.name} - {self.offset:g}" if self.offset else self.name


def check(frame):
    """Raise where a column cannot be learned from; names them all at once where that is easy."""
    for name in frame.columns:
        kinds = [type(v).__name__ for v in frame[name] if isinstance(v, _CONTAINERS)]
        if kinds:
            raise InputError(
                "--data",
                f"column {name!r} holds a {kinds[0]} in each row, expected numbers, words or truth "
                f"values: leave it out by --drop {name}",
            )
    for what, found in (
        ("empty", [c for c in frame if frame[c].isna().all()]),
        ("constant", [c for c in frame if frame[c].nunique() == 1]),
        ("dates", [c for c in frame if frame[c].dtype.kind in "mM"]),
    ):
        if found:
            verb = "hold" if what == "dates" else "are"
            raise InputError(
                "--data", f"columns that {verb} {what}: leave them out by --drop {' '.join(found)}"
            )
    for name in frame.columns:
        if frame[name].dtype.kind not in "iuf":
            continue
        largest = np.abs(numbers(frame[name]).astype("float64"))
        if np.isinf(largest).any():
            raise InputError("--data", f"column {name!r} holds infinite values")
        if np.nanmax(largest) > MAX:
            raise InputError(
                "--data",
                f"column {name!r} holds values up to {np.nanmax(largest):g}, expected at most "
                f"{MAX:g}: rescale it, or leave it out by --drop {name}",
            )


_CONTAINERS = (list, tuple, dict, set, np.ndarray)


def words(frame, categorical):
    """Columns of words, of truth values and those in `categorical` as strings."""
    frame = frame.copy()
    for name in frame.columns:
        if frame[name].dtype.kind not in "iuf" or name in categorical:
            frame[name] = frame[name].astype("string").astype(object)
            levels = frame[name].nunique()
            if levels > MAX_LEVELS:
                raise InputError(
                    "--data",
                    f"column {name!r} has {levels} different words: an identifier or free text? "
                    f"Leave it out by --drop {name}",
                )
    return frame


def coded(frame, train):
    """A `Column` for each; row numbers `train` say what is known of them."""
    found = []
    for name in frame.columns:
        column = frame[name]
        if column.iloc[train].isna().all():
            raise InputError("--data", f"column {name!r} is empty in all training rows: --drop it")
        make = _categorical if column.dtype == object else _numeric
        found.append(make(name, column, train))
    return found


def numbers(column):
    """A numeric column as float64, NaN where a value is missing."""
    return column.to_numpy(dtype="float64", na_value=np.nan)


def _categorical(name, column, train):
    known = sorted(str(v) for v in column.iloc[train].dropna().unique())
    codes = {level: float(i) for i, level in enumerate(known)}
    values = [codes.get(v, len(known)) if isinstance(v, str) else np.nan for v in column]
    return Column(name, np.array(values, "float32"), [*known, OTHER])


def _numeric(name, column, train):
    """In float64 as long as it matters: float32 would lose the digits of 1.7e9 + noise."""
    x = numbers(column)
    seen = x[train][~np.isnan(x[train])]
    constant = seen.min() == seen.max()
    mean, spread = (seen[0], 1.0) if constant else (seen.mean(), seen.std())
    offset = float(mean) if constant or abs(mean) > OFFSET * spread else 0.0
    low, high = mean - FARTHEST * spread, mean + FARTHEST * spread
    clipped = int(((x < low) | (x > high)).sum())
    return Column(name, (np.clip(x, low, high) - offset).astype("float32"), None, offset, clipped)
