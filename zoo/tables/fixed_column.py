"""Columns that a model does not learn: constant, empty, or left out."""

import dataclasses
from typing import Any, ClassVar

import numpy as np

from zoo.tables.frames import is_missing, pandas
from zoo.tables.level_column import label_series
from zoo.tables.storage import Storage


@dataclasses.dataclass(frozen=True)
class FixedColumn:
    """Column with one value, or with none.

    Attributes:
        name: name of the column.
        kind: "constant" or "empty".
        why: reason of its kind.
        storage: its `Storage`.
        value: the value, None for an empty column; a number as `Storage` keeps it.
    """

    name: str
    kind: str
    why: str
    storage: Storage
    value: Any

    classes: ClassVar = ()

    @classmethod
    def of(cls, column, kind, storage):
        """The part of a series with equal values."""
        value = None
        if kind.kind == "constant":
            numeric = storage.family != "label"
            value = storage.numbers(column)[0][0] if numeric else column.iloc[0]
        value = value.item() if isinstance(value, np.generic) else value
        return cls(column.name, *kind, storage, value)

    def differs(self, column):
        """bool `[N]`, True where a series does not have the value of fit."""
        missing = is_missing(column)
        if self.kind == "empty" or missing.all():
            return missing if self.kind == "constant" else ~missing
        if self.storage.family == "label":
            return missing | np.array([value != self.value for value in column.astype(object)])
        values, observed = self.storage.read(column)
        result = ~observed
        result[observed] = values != self.value
        return result

    def fill(self, rows):
        """Series of this many rows."""
        if self.kind == "empty":
            missing = np.full(rows, self.storage.missing, object)
            return pandas().Series(missing, name=self.name, dtype=self.storage.dtype)
        everywhere = np.ones(rows, bool)
        if self.storage.family == "label":
            return label_series([self.value] * rows, everywhere, self.storage, self.name)
        kind = "float64" if isinstance(self.value, float) else None
        return self.storage.series(np.full(rows, self.value, kind), everywhere, self.name)


@dataclasses.dataclass(frozen=True)
class LeftOutColumn:
    """Column that is neither encoded nor written back: an identifier, free text or lists."""

    name: str
    why: str
    storage: Storage

    kind: ClassVar = "left out"
    classes: ClassVar = ()
