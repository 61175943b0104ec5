"""Columns of a table: what each one holds, and their encoding as rows of numbers and classes."""

import dataclasses
import json
import warnings
from typing import Any

import numpy as np

from zoo.core.suggestions import nearest
from zoo.tables import parts as column_parts
from zoo.tables.frames import as_frame, pandas, require_columns

FORMAT = 1  # of the JSON


@dataclasses.dataclass(frozen=True)
class Columns:
    """Columns of a table, read from a frame; they encode frames of these columns and decode rows.

    Numbers (also times and durations) become normal scores, or are standardised; categories and
    numbers of few values become positions of levels. Constant and empty columns are not encoded,
    and are written back. Identifiers, free texts and lists are left out. Missing values are NaN, or
    with `model_missing` values of their own, which a model can generate.

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
        cls,
        frame: Any,
        kinds: dict[str, str] | None = None,
        model_missing: bool = True,
        standardized: bool = False,
    ) -> "Columns":
        """Columns of a frame.

        Args:
            frame: as in `zoo.tables.as_frame`.
            kinds: column -> "number", "category" or "drop", instead of what its values suggest.
            model_missing: True encodes missing values as values of their own; False as NaN.
            standardized: True standardises numbers by their mean and standard deviation; False
                takes the normal scores of their ranks.

        Raises:
            ValueError: numbers are infinite, or `kinds` does not fit the frame.
        """
        frame, kinds = as_frame(frame), kinds or {}
        column_parts.check_kinds(frame, kinds)
        read = column_parts.part_of
        return cls(
            tuple(
                read(frame[name], kinds.get(name), model_missing, standardized)
                for name in frame.columns
            )
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

    def encode(self, frame: Any, argument: str = "X", dtype: str = "float64") -> np.ndarray:
        """Encode a frame with these columns: `[N, len(classes)]` of a dtype of floats.

        Unknown levels of a category are NaN.

        Raises:
            ValueError, TypeError: a column is missing, or has another type or infinite numbers.
        """
        frame = as_frame(frame, argument)
        require_columns(frame, self.names, argument)
        rows, slices = np.empty((len(frame), len(self.classes)), dtype), self.slices()
        for part in self.encoded:
            encoded = column_parts.encode_part(part, frame[part.name], argument)
            rows[:, slices[part.name]] = encoded
        return rows

    def unseen(self, frame: Any, rows: np.ndarray, argument: str = "X") -> Any:
        """A frame of bool: values, also missing ones, that their column never had in `of`.

        Unknown levels, values of constant columns that differ, missing values where none was. A
        number is not unseen.

        Args:
            frame: as in `encode`.
            rows: the result of `encode`.
            argument: name of the frame in errors.
        """
        slices = self.slices()
        return pandas().DataFrame(
            {
                part.name: column_parts.unseen_in(
                    part, frame[part.name], rows[:, slices.get(part.name, slice(0))], argument
                )
                for part in self.parts
                if part.kind != "left out"
            },
            index=frame.index,
        )

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

    def without(self, names: list[str], why: str) -> "Columns":
        """The columns with some of them left out, for a reason."""
        left_out = column_parts.LeftOutColumn
        parts = [left_out(p.name, why, p.storage) if p.name in names else p for p in self.parts]
        return Columns(tuple(parts))

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
            warnings.warn(f"columns of X: {'; '.join(notes[:8])}{more}", UserWarning, stacklevel=5)

    def to_json(self) -> str:
        """The columns as JSON, without pickle. It holds levels and quantiles of the data."""
        columns = [column_parts.part_to_plain(p) for p in self.parts]
        return json.dumps({"format": FORMAT, "columns": columns})

    @classmethod
    def from_json(cls, text: str) -> "Columns":
        """The columns that `to_json` wrote."""
        document = json.loads(text)
        if document.get("format") != FORMAT:
            raise ValueError(
                f"text must be columns of format {FORMAT}, got {document.get('format')!r}: "
                "it was written by another version"
            )
        return cls(tuple(column_parts.part_from_plain(p) for p in document["columns"]))
