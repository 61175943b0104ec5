"""Columns of a table: what each one holds, and their encoding as rows of numbers and classes."""

import dataclasses
import json
import warnings
from typing import Any

import numpy as np

from zoo.core.suggestions import nearest
from zoo.tables import plain
from zoo.tables.fixed_column import FixedColumn, LeftOutColumn
from zoo.tables.frames import as_frame, is_missing, pandas, require_columns
from zoo.tables.kinds import LISTS, ColumnKind, holds_lists, number_kind, text_kind
from zoo.tables.level_column import LevelColumn, has_few_levels
from zoo.tables.number_column import NumberColumn
from zoo.tables.storage import Storage, storage_of

KINDS = ("number", "category", "drop")
FORMAT = 1  # of the JSON
MAX_EXACT = 2**53  # float64 holds all integers up to it


@dataclasses.dataclass(frozen=True)
class Columns:
    """Columns of a table, read from a frame; they encode frames of these columns and decode rows.

    Numbers (also times and durations) become normal scores, categories and numbers of few values
    become positions of levels. Constant and empty columns are not encoded, and are written back.
    Identifiers, free texts and lists are left out. Missing values are NaN, or with
    `model_missing` values of their own, which a model can generate.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"age": [31, 45, 27], "city": ["Rome", None, "Oslo"]})
    >>> columns = Columns.of(frame)
    >>> columns.encode(frame).shape
    (3, 2)
    >>> columns.decode(columns.encode(frame)).equals(frame)
    True

    Attributes:
        parts: one object for each column of the frame, in its order, with the attributes `name`,
            `kind` ("number", "category", "constant", "empty" or "left out"), `why` and `storage`.
    """

    parts: tuple

    @classmethod
    def of(
        cls, frame: Any, kinds: dict[str, str] | None = None, model_missing: bool = True
    ) -> "Columns":
        """Columns of a frame.

        Args:
            frame: as in `zoo.tables.as_frame`.
            kinds: column -> "number", "category" or "drop", instead of what its values suggest.
            model_missing: True encodes missing values as values of their own; False as NaN.

        Raises:
            ValueError: numbers are infinite, or `kinds` does not fit the frame.
        """
        frame, kinds = as_frame(frame), kinds or {}
        check_kinds(frame, kinds)
        return cls(
            tuple(_part(frame[name], kinds.get(name), model_missing) for name in frame.columns)
        )

    @property
    def names(self) -> list[str]:
        """Names of the columns that are not left out, in the table's order."""
        return [part.name for part in self.parts if part.kind != "left out"]

    @property
    def left_out(self) -> dict[str, str]:
        """Column -> reason, of columns that are left out."""
        return {part.name: part.why for part in self.parts if part.kind == "left out"}

    @property
    def encoded(self) -> list:
        """The parts that have encoded columns."""
        return [part for part in self.parts if part.classes]

    @property
    def classes(self) -> tuple[int, ...]:
        """Number of classes of each encoded column, 0 for numbers, as `Tabular` takes them."""
        return tuple(n for part in self.encoded for n in part.classes)

    def part(self, name: str) -> Any:
        """The part of a column.

        Raises:
            ValueError: no column has this name.
        """
        names = [part.name for part in self.parts]
        if name not in names:
            raise ValueError(
                f"column must be one of {names[:8]}, got {name!r}{nearest(name, names)}"
            )
        return self.parts[names.index(name)]

    def slices(self) -> dict[str, slice]:
        """Column -> its encoded columns."""
        ends = np.cumsum([0, *(len(part.classes) for part in self.encoded)])
        pairs = zip(self.encoded, ends[:-1], ends[1:], strict=True)
        return {part.name: slice(int(a), int(b)) for part, a, b in pairs}

    def encode(self, frame: Any, argument: str = "X") -> np.ndarray:
        """Encode a frame with these columns: float64 `[N, len(classes)]`.

        Unknown levels of a category are NaN.

        Raises:
            ValueError, TypeError: a column is missing, or has another type or infinite numbers.
        """
        frame = as_frame(frame, argument)
        require_columns(frame, self.names, argument)
        blocks = [_encode(part, frame[part.name], argument) for part in self.encoded]
        return np.concatenate([np.zeros((len(frame), 0)), *blocks], 1)

    def decode(self, rows: np.ndarray, rng: np.random.Generator | None = None) -> Any:
        """Decode rows `[N, len(classes)]` to a frame with the columns and dtypes that came in.

        Args:
            rows: encoded rows, or draws of them.
            rng: generator that chooses among rare levels; None takes the most frequent one.
        """
        rows, slices = np.asarray(rows, "float64"), self.slices()
        series = {
            part.name: part.decode(rows[:, slices[part.name]], rng)
            if part.classes
            else part.fill(len(rows))
            for part in self.parts
            if part.kind != "left out"
        }
        return pandas().DataFrame(series)

    def table(self) -> Any:
        """A frame with the name, the kind and the reason of each column."""
        rows = [(part.name, part.kind, part.why) for part in self.parts]
        return pandas().DataFrame(rows, columns=["column", "kind", "why"])

    def warn(self) -> None:
        """Warn about columns that are left out or empty."""
        notes = [f"{name!r} is left out ({why})" for name, why in self.left_out.items()]
        notes += [f"{p.name!r} is empty" for p in self.parts if p.kind == "empty"]
        if notes:
            more = f"; and {len(notes) - 8} more" if len(notes) > 8 else ""
            warnings.warn(f"columns of X: {'; '.join(notes[:8])}{more}", UserWarning, stacklevel=3)

    def to_json(self) -> str:
        """The columns as JSON, without pickle. It holds levels and quantiles of the data."""
        return json.dumps({"format": FORMAT, "columns": [_to_plain(p) for p in self.parts]})

    @classmethod
    def from_json(cls, text: str) -> "Columns":
        """The columns that `to_json` wrote."""
        document = json.loads(text)
        if document.get("format") != FORMAT:
            raise ValueError(
                f"text must be columns of format {FORMAT}, got {document.get('format')!r}: "
                "it was written by another version"
            )
        return cls(tuple(_from_plain(p) for p in document["columns"]))


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


def _part(column, asked, model_missing):
    """The part of a column; `asked` is its kind in `kinds`, or None."""
    storage = _storage(column)
    found = column_kind(column, storage)
    if asked == "drop":
        return LeftOutColumn(column.name, "as asked", storage)
    if found.kind in ("identifier", "text", "left out") and asked is None:
        return LeftOutColumn(column.name, found.why, storage)
    if found.kind == "empty" or (found.kind == "constant" and not is_missing(column).any()):
        return FixedColumn.of(column, found, storage)
    if asked == "number" and storage.family == "label":
        raise ValueError(
            f"kinds[{column.name!r}] must be 'category' or 'drop', got 'number' for a column of "
            f"dtype {column.dtype}: convert it, for example with pandas.to_numeric"
        )
    _check_finite(column, storage, "X")
    why = found.why if asked is None else "as asked"
    why += ", and missing values" if found.kind == "constant" else ""
    few = storage.family != "label" and has_few_levels(storage.numbers(column)[0])
    levels = storage.family == "label" or found.kind in ("category", "code", "constant") or few
    if asked == "category" or (asked is None and levels):
        return LevelColumn.of(column, why, storage, model_missing)
    return NumberColumn.of(column, why, storage, model_missing)


def _storage(column):
    if column.dtype.kind == "c":
        raise ValueError(
            f"column {column.name!r} must hold real numbers, got dtype {column.dtype}. Complex "
            "data not supported: use two columns"
        )
    return storage_of(column)


def _encode(part, column, argument):
    """Encoded columns of a part; the error of another type names the column."""
    if is_missing(column).all():
        return part.encode(column)
    given = storage_of(column)
    _check_finite(column, given, argument)
    try:
        if given.family != part.storage.family and not {given.family, part.storage.family} <= REAL:
            raise TypeError("another type of values")
        return part.encode(column)
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


def _to_plain(part):
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


def _from_plain(fields):
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
    if "levels" in fields:
        fields["levels"] = [plain.label_from_plain(v) for v in fields["levels"]]
    if "value" in fields:
        fields["value"] = plain.label_from_plain(fields["value"])
    return cls(**fields)
