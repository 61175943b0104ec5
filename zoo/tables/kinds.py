"""Kind of a column: decided from its name and its values, with the reason in words."""

import re
from typing import NamedTuple

import numpy as np

from zoo.core.argument_values import is_integer

MAX_CATEGORIES = 200  # levels that a model learns one by one
MIN_REPEATS = 4  # rows for each level, on average, of a column of more levels than that
MIN_IDENTIFIERS = 20  # rows from which values that are all different are an identifier
MAX_ID_REPEATS = 0.05  # of the rows of an identifier's column that may repeat a value
ID_NAME = re.compile(r"(.*[_ -])?(id|uuid|guid|rowid|index)|.*[a-z]ID|.*[a-z]Id|unnamed: \d+|idx")
POSTCODE_NAME = re.compile(r"(.*[_ -])?(zip|zip[_ -]?code|post[_ -]?code|postal[_ -]?code|plz)")
SEQUENCE = "consecutive integers: row numbers or an identifier"
LISTS = "holds a list of values in each row"
CONTAINERS = (list, tuple, dict, set, np.ndarray)


class ColumnKind(NamedTuple):
    """Kind of a column.

    Attributes:
        kind: "number", "category", "code" (numbers that are names), "constant", "empty",
            "identifier" or "text".
        why: the reason.
    """

    kind: str
    why: str


def number_kind(name, values, ordered=True):
    """`ColumnKind` of a column of numbers.

    Args:
        name: name of the column.
        values: float64 `[N]`, NaN where missing.
        ordered: False if consecutive numbers are no sign of row numbers.

    Raises:
        TypeError: values are no array `[N]` of numbers.
    """
    _require_numbers(values, "values")
    observed = values[~np.isnan(values)]
    distinct = np.unique(observed)
    if len(distinct) <= 1:
        constant = len(distinct) == 1
        return ColumnKind(*(("constant", f"constant: {distinct[0]:g}") if constant else EMPTY))
    if not np.isfinite(observed).all() or (observed != np.round(observed)).any():
        return ColumnKind("number", "numbers")
    if ordered and is_sequence(values):
        return ColumnKind("identifier", SEQUENCE)
    short = str(name).strip().lower()
    repeats = 1 - len(distinct) / len(observed)
    if ID_NAME.fullmatch(short) and repeats <= MAX_ID_REPEATS:
        return ColumnKind("identifier", "an identifier, by its name and its different values")
    if POSTCODE_NAME.fullmatch(short) or ID_NAME.fullmatch(short):
        return ColumnKind("code", "numbers that are codes, by the column's name")
    if len(distinct) == 2 and distinct[1] - distinct[0] == 1:  # 0 and 1, or 1 and 2
        return ColumnKind("category", f"{distinct[0]:g} and {distinct[1]:g} alone")
    return ColumnKind("number", "numbers")


def text_kind(count, present, what="texts", max_categories=None):
    """`ColumnKind` of a column of texts, truth values or codes.

    Args:
        count: number of different values.
        present: number of values that are not missing.
        what: word for the values, in the reason.
        max_categories: largest number of categories; by default more than `MAX_CATEGORIES` need
            `MIN_REPEATS` rows each.

    Raises:
        TypeError: a number is no integer.
    """
    _require_integers(count=count, present=present)
    if max_categories is not None:
        _require_integers(max_categories=max_categories)
    if count <= 1:
        return ColumnKind(*(("constant", "constant") if count else EMPTY))
    if max_categories is None:
        max_categories = max(MAX_CATEGORIES, present // MIN_REPEATS)
    if count > max_categories or (count == present and present >= MIN_IDENTIFIERS):
        return ColumnKind("text", f"{what}: {count:,} different ones, an identifier or free text")
    return ColumnKind("category", f"{what}: {count} different")


EMPTY = ("empty", "empty")


def holds_lists(column):
    """True for a series with several values in a row, as JSON and Parquet files have them.

    Raises:
        TypeError: column is no series.
    """
    if getattr(column, "ndim", None) != 1 or not hasattr(column, "dtype"):
        raise TypeError(f"column must be a series of a frame, got {type(column).__name__}")
    return column.dtype == object and any(isinstance(value, CONTAINERS) for value in column)


def is_sequence(x):
    """True for 0, 1, 2, ... or any other consecutive integers in order.

    Raises:
        TypeError: x is no array `[N]` of numbers.
    """
    _require_numbers(x, "x")
    return len(x) > 2 and bool((np.diff(x.astype("float64")) == 1).all())


def _require_numbers(x, argument):
    if not isinstance(x, np.ndarray) or x.ndim != 1 or x.dtype.kind not in "biuf":
        got = f"{x.dtype} {x.shape}" if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"{argument} must be an array [N] of numbers, got {got}")


def _require_integers(**numbers):
    for name, number in numbers.items():
        if not is_integer(number):
            raise TypeError(f"{name} must be an integer, got {number!r:.200}")
