"""Column of a few levels: labels of any type, or numbers with few different values."""

import dataclasses

import numpy as np

from zoo.tables.frames import is_missing, pandas
from zoo.tables.kinds import MAX_CATEGORIES
from zoo.tables.storage import Storage

MAX_NUMBER_LEVELS = 20
MIN_ROWS = 20  # rows for each level, on average, of numbers that are modelled as levels


@dataclasses.dataclass(frozen=True)
class LevelColumn:
    """Column whose values are the positions 0 .. n - 1 of its levels, the most frequent one first.

    Levels beyond `MAX_CATEGORIES` share the last position. A draw of it is one of these levels, by
    their frequencies.

    Attributes:
        name: name of the column.
        why: reason of its kind.
        storage: its `Storage`.
        levels: labels, or float64 or integer numbers; those that are modelled, then the rare ones.
        counts: number of rows of each level.
        missing: True if "missing" is a further level.
    """

    name: str
    why: str
    storage: Storage
    levels: list
    counts: list
    missing: bool

    kind = "category"

    @classmethod
    def of(cls, column, why, storage, missing):
        """The encoding of a series with observed values."""
        values, observed = _values(column, storage)
        codes, levels = pandas().factorize(values)
        counts = np.bincount(codes)
        order = np.argsort(-counts, kind="stable")
        levels = [_plain(levels[i]) for i in order]
        missing = missing and not observed.all()
        return cls(column.name, why, storage, levels, counts[order].tolist(), missing)

    @property
    def is_number(self):
        """True for levels that are numbers, and so have an order."""
        return self.storage.family in ("float", "integer")

    @property
    def modelled(self):
        """Number of levels with a position of their own."""
        return len(self.levels) if len(self.levels) <= MAX_CATEGORIES else MAX_CATEGORIES - 1

    @property
    def classes(self):
        """Number of classes of the encoded column."""
        return (min(len(self.levels), MAX_CATEGORIES) + self.missing,)

    def encode(self, column):
        """Series -> float64 `[N, 1]`: positions; NaN for values that are missing or unknown."""
        values, observed = _values(column, self.storage)
        positions = {level: min(i, self.modelled) for i, level in enumerate(self.levels)}
        codes, distinct = pandas().factorize(values)
        place = np.array([positions.get(_plain(v), np.nan) for v in distinct], float)
        result = np.full((len(observed), 1), np.nan)
        result[observed, 0] = place[codes]
        if self.missing:
            result[~observed, 0] = self.classes[0] - 1
        return result

    def position(self, value):
        """Position of a level; None if it is not among the levels."""
        encoded = self.encode(self.series([value], np.ones(1, bool)))
        return None if np.isnan(encoded[0, 0]) else int(encoded[0, 0])

    def decode(self, encoded, rng=None):
        """Float64 `[N, 1]` -> series; NaN is missing.

        Args:
            encoded: positions.
            rng: NumPy generator that chooses among rare levels; None takes the most frequent one.
        """
        observed = ~np.isnan(encoded[:, 0])
        if self.missing:
            observed &= encoded[:, 0] < self.classes[0] - 1
        positions = np.round(encoded[observed, 0]).astype(int)
        rare = positions >= self.modelled
        if rare.any() and rng is not None:
            counts = np.array(self.counts[self.modelled :], float)
            drawn = rng.choice(len(counts), rare.sum(), p=counts / counts.sum())
            positions[rare] = self.modelled + drawn
        return self.series([self.levels[i] for i in positions], observed)

    def series(self, levels, observed):
        """Series of levels where `observed`."""
        if self.storage.family != "label":
            values = np.array(levels, "float64" if _is_float(self.storage) else None)
            values = values if len(levels) else np.zeros(0, "int64")
            return self.storage.series(values, observed, self.name)
        return label_series(levels, observed, self.storage, self.name)


def label_series(labels, observed, storage, name):
    """A series of labels where `observed`, in the dtype of the storage."""
    result = np.full(len(observed), storage.missing, object)
    boxed = np.empty(len(labels), object)
    boxed[:] = labels
    result[observed] = boxed
    return pandas().Series(result, dtype=object, name=name).astype(storage.dtype)


def has_few_levels(values):
    """True for numbers with so few different values that each can be a level."""
    distinct = len(np.unique(values))
    return distinct <= MAX_NUMBER_LEVELS and len(values) >= MIN_ROWS * distinct


def _is_float(storage):
    return storage.family in ("float", "decimal")


def _values(column, storage):
    """(observed values as numbers or objects, bool `[N]`)."""
    if storage.family != "label":
        return storage.read(column)
    observed = ~is_missing(column)
    return column[observed].to_numpy(object), observed


def _plain(value):
    """A scalar of NumPy as one of Python."""
    return value.item() if isinstance(value, np.generic) else value
