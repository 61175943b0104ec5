"""Parts of a table's columns: made from a series, encoded, and written as JSON."""

import dataclasses

import numpy as np

from zoo.core.suggestions import nearest
from zoo.tables import plain
from zoo.tables.fixed_column import FixedColumn, LeftOutColumn
from zoo.tables.frames import is_missing, pandas
from zoo.tables.kinds import LISTS, ColumnKind, holds_lists, number_kind, text_kind
from zoo.tables.level_column import LevelColumn, has_few_levels
from zoo.tables.number_column import NumberColumn
from zoo.tables.storage import Storage, storage_of

KINDS = ("number", "category", "drop")
MAX_EXACT = 2**53  # float64 holds all integers up to it


def check_kinds(frame, kinds):
    """Raise unless kinds maps columns of the frame to kinds."""
    if not isinstance(kinds, dict):
        raise TypeError(f"kinds must be a dict of column -> kind, got {type(kinds).__name__}")
    for name, kind in kinds.items():
        if name not in frame.columns:
            known = [*frame.columns]
            raise ValueError(
                f"kinds must have names of columns, got {name!r}{nearest(str(name), known)}"
            )
        if kind not in KINDS:
            raise ValueError(
                f"kinds[{name!r}] must be one of {', '.join(map(repr, KINDS))}, got {kind!r}"
            )


REAL = {"float", "integer", "decimal"}


def column_kind(column, storage):
    """`ColumnKind` of a series, by its name and values."""
    if is_missing(column).all():
        return ColumnKind("empty", "empty")
    if holds_lists(column):
        return ColumnKind("left out", LISTS)
    if storage.family == "label":
        count, present = column.nunique(), int((~is_missing(column)).sum())
        what = {"b": "truth values", "O": "texts"}.get(column.dtype.kind, "labels")
        kind = text_kind(count, present, what)
        free = kind.kind == "text" and not isinstance(column.dtype, pandas().CategoricalDtype)
        return kind if free or kind.kind != "text" else kind._replace(kind="category")
    if storage.family in ("time", "date"):
        kind = "constant" if column.nunique() == 1 else "number"
        return ColumnKind(kind, "times" if kind == "number" else "constant")
    values, observed = storage.numbers(column)
    if (
        values.dtype.kind != "f"
        and int(values.max()) - int(values.min()) < MAX_EXACT < values.max()
    ):
        values = values - values.min()  # float64 does not have the digits of the integers
    numbers = np.full(len(observed), np.nan)
    numbers[observed] = values
    return number_kind(column.name, numbers)


def part_of(column, asked, model_missing, standardized=False):
    """The part of a column; `asked` is its kind in `kinds`, or None."""
    storage = _storage(column)
    decided = column_kind(column, storage)
    if asked == "drop":
        return LeftOutColumn(column.name, "as asked", storage)
    if decided.kind in ("identifier", "text", "left out") and asked is None:
        return LeftOutColumn(column.name, decided.why, storage)
    _check_finite(column, storage, "X")
    if decided.kind == "empty" or (decided.kind == "constant" and not is_missing(column).any()):
        return FixedColumn.of(column, decided, storage)
    if asked == "number" and storage.family == "label":
        raise ValueError(
            f"kinds[{column.name!r}] must be 'category' or 'drop', got 'number' for a column of "
            f"dtype {column.dtype}: convert it, for example with pandas.to_numeric"
        )
    why = decided.why if asked is None else "as asked"
    why += ", and missing values" if decided.kind == "constant" else ""
    few = storage.family != "label" and has_few_levels(storage.numbers(column)[0])
    levels = storage.family == "label" or decided.kind in ("category", "code", "constant") or few
    if asked == "category" or (asked is None and levels):
        return LevelColumn.of(column, why, storage, model_missing)
    return NumberColumn.of(column, why, storage, model_missing, standardized)


def _storage(column):
    if column.dtype.kind == "c":
        raise ValueError(
            f"column {column.name!r} must hold real numbers, got dtype {column.dtype}. Complex "
            "data not supported: use two columns"
        )
    return storage_of(column)


def encode_part(part, column, argument):
    """Encoded columns of a part; the error of another type names the column."""
    return _named(part, column, argument, part.encode)


def unseen_in(part, column, encoded, argument):
    """bool `[N]`, True where a column has a value, or a missing one, that it never had in fit.

    Args:
        part: part of the column.
        column: series.
        encoded: its encoded columns `[N, len(part.classes)]`.
        argument: name of the frame in errors.
    """
    if part.kind == "empty":  # no type of values is known
        return part.differs(column)
    if not part.classes:
        return _named(part, column, argument, part.differs)
    known = is_missing(column) & part.missing
    return np.isnan(encoded[:, 0]) & ~known


def _named(part, column, argument, function):
    """function(column); the error of another type names the column."""
    if is_missing(column).all():
        return function(column)
    given = storage_of(column)
    _check_finite(column, given, argument)
    try:
        if given.family != part.storage.family and not {given.family, part.storage.family} <= REAL:
            raise TypeError("another type of values")
        return function(column)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"column {part.name!r} of {argument} must have dtype {part.storage.dtype}, as in fit, "
            f"got {column.dtype}: {error}"
        ) from error


def _check_finite(column, storage, argument):
    if storage.family in REAL:
        values = storage.numbers(column)[0]
        if not np.isfinite(values).all():
            bad = values[~np.isfinite(values)][0]
            raise ValueError(
                f"column {column.name!r} of {argument} must hold finite numbers, got {bad}. Input "
                "contains infinity or a value too large: use NaN for missing values"
            )


PARTS = {p.__name__: p for p in (NumberColumn, LevelColumn, FixedColumn, LeftOutColumn)}


def part_to_plain(part):
    """A part as JSON can hold it."""
    fields = {f.name: getattr(part, f.name) for f in dataclasses.fields(part)}
    name, storage = part.name, part.storage
    for key, value in fields.items():
        if isinstance(value, np.ndarray):
            fields[key] = value.tolist()
        elif key == "levels":
            fields[key] = [plain.label_to_plain(v, name) for v in value]
        elif key == "value":
            fields[key] = plain.label_to_plain(value, name)
    fields["storage"] = {
        "dtype": plain.dtype_to_plain(storage.dtype, name),
        "family": storage.family,
        "missing": plain.missing_to_plain(storage.missing),
        "inner": None if storage.inner is None else plain.dtype_to_plain(storage.inner, name),
    }
    return {"part": type(part).__name__, **fields}


def part_from_plain(fields):
    fields = dict(fields)
    cls, storage = PARTS[fields.pop("part")], dict(fields["storage"])
    inner = storage["inner"]
    fields["storage"] = Storage(
        plain.dtype_from_plain(storage["dtype"]),
        storage["family"],
        plain.missing_from_plain(storage["missing"]),
        None if inner is None else plain.dtype_from_plain(inner),
    )
    if "quantiles" in fields:
        fields["quantiles"] = np.array(fields["quantiles"], "float64")
    if fields.get("units"):
        fields["units"] = tuple(fields["units"])
    if "levels" in fields:
        fields["levels"] = [plain.label_from_plain(v) for v in fields["levels"]]
    if "value" in fields:
        fields["value"] = plain.label_from_plain(fields["value"])
    return cls(**fields)
