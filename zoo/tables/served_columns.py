"""Columns as TensorFlow operations: from raw values to encoded ones and back, for a SavedModel.

Each class is that of a part of `Columns` and computes what the part computes with NumPy. Raw values
are float64, where NaN is missing; int64, where `MISSING_INTEGER` is missing, also for times and
durations; or strings, where "" is missing.
"""

import numpy as np
import tensorflow as tf

from zoo.tables.interpolation import interpolate, summarised
from zoo.tables.kinds import MAX_CATEGORIES
from zoo.tables.number_column import MAX_UNITS

MISSING_INTEGER = np.iinfo("int64").min  # that of NumPy's and pandas' NaT
MISSING_TEXT = ""
DTYPES = {"float": tf.float64, "decimal": tf.float64, "label": tf.string}
UNKNOWN = -1
NAN = np.array(np.nan)  # a Python float would be float32


def served(part):
    """The served column of a part of `Columns`; None if it has no values in a request."""
    if part.kind in ("left out", "empty"):
        return None
    if part.kind == "constant":
        return ServedConstant(part)
    return ServedNumber(part) if part.kind == "number" else ServedLevels(part)


class ServedColumn:
    """Base class: `part`, `dtype` of raw values, and their missing ones."""

    resources = ()

    def __init__(self, part):
        self.part = part
        self.dtype = DTYPES.get(part.storage.family, tf.int64)

    def is_missing(self, x):
        """bool `[N]` of raw values."""
        if self.dtype == tf.float64:
            return tf.math.is_nan(x)
        return x == self.missing

    @property
    def missing(self):
        """The raw value of a missing one, as a constant."""
        values = {tf.float64: np.nan, tf.int64: MISSING_INTEGER, tf.string: MISSING_TEXT}
        return tf.constant(values[self.dtype], self.dtype)

    def raw(self, column):
        """Raw values of a series, an array `[N]`."""
        storage = self.part.storage
        if storage.family == "label":
            missing = np.asarray(column.isna(), bool)
            texts = [str(value) for value in column.astype(object)]
            return np.where(missing, MISSING_TEXT, np.array(texts, object))
        values, observed = storage.read(column)
        result = np.full(len(observed), self.missing.numpy(), self.dtype.as_numpy_dtype)
        result[observed] = values
        return result

    def _integers(self, numbers):
        """Integers, which must fit int64 and not be the missing one."""
        if any(not MISSING_INTEGER < int(number) <= np.iinfo("int64").max for number in numbers):
            raise ValueError(
                f"column {self.part.name!r} must have integers and differences of them below "
                f"2**63 for export, got dtype {self.part.storage.dtype}: subtract a number, or "
                "convert the column to texts"
            )
        return tf.constant([int(number) for number in numbers], tf.int64)


class ServedNumber(ServedColumn):
    """A `NumberColumn`."""

    def __init__(self, part):
        super().__init__(part)
        if self.dtype == tf.int64:
            length = int(part.quantiles[-1])
            self.origin = self._integers([part.origin, int(part.origin) + length, length])[0]

    def encode(self, x):
        """Float64 `[N, len(classes)]` of raw values."""
        part, missing = self.part, self.is_missing(x)
        offsets = x - part.origin
        if self.dtype == tf.int64:
            offsets = self._less_origin(tf.where(missing, self.origin, x))
        scores = tf.where(missing, NAN, self._scores(offsets))[:, None]
        if not part.missing:
            return scores
        return tf.concat([scores, tf.cast(missing, tf.float64)[:, None]], 1)

    def _less_origin(self, x):
        """Float64 differences of integers; only those of very large ones are rounded."""
        rough = tf.cast(x, tf.float64) - float(self.part.origin)
        exact = tf.cast(x - self.origin, tf.float64)  # int64 overflows at 2**63
        return tf.where(tf.abs(rough) < 2.0**62, exact, rough)

    def _scores(self, offsets):
        part, quantiles = self.part, self.part.quantiles
        if part.units is not None:
            mean, std = part.units
            return tf.clip_by_value((offsets - mean) / std, -MAX_UNITS, MAX_UNITS)
        at = np.linspace(0, 1, len(quantiles))
        up = interpolate(offsets, quantiles, at)
        down = -interpolate(-offsets, -quantiles[::-1], -at[::-1])
        return tf.math.ndtri(part.edge + (1 - 2 * part.edge) * (up + down) / 2)

    def decode(self, encoded, seed=None):
        """Raw values of encoded ones."""
        del seed
        missing = tf.math.is_nan(encoded[:, 0])
        if self.part.missing:
            missing |= encoded[:, 1] > 0.5
        scores = tf.where(missing, tf.zeros_like(encoded[:, 0]), encoded[:, 0])
        return tf.where(missing, self.missing, self.values(self.offsets(scores)))

    def offsets(self, scores):
        """Values less the origin, of scores as the part has them."""
        part = self.part
        if part.units is not None:
            low, high = part.quantiles[[0, -1]]
            return tf.clip_by_value(scores * part.units[1] + part.units[0], low, high)
        probabilities = 0.5 * tf.math.erfc(-scores / np.sqrt(2))
        at = (probabilities - part.edge) / (1 - 2 * part.edge)
        return interpolate(at, np.linspace(0, 1, len(part.quantiles)), part.quantiles)

    def values(self, offsets):
        """Raw values that are `offsets` from the origin, in the steps of the column."""
        part = self.part
        if part.step:
            return tf.cast(part.step * tf.round(offsets / part.step), tf.int64) + self.origin
        if part.decimals is None:
            return offsets
        return tf.round(offsets * 10.0**part.decimals) / 10.0**part.decimals

    def summary(self, draws, quantile=None):
        """Raw values of the mean or a quantile of draws `[S, N]` of the scores."""
        return self.values(summarised(self.offsets(draws), quantile))


class ServedLevels(ServedColumn):
    """A `LevelColumn`."""

    def __init__(self, part):
        super().__init__(part)
        positions = np.minimum(np.arange(len(part.levels)), part.modelled)
        if self.dtype == tf.string:
            texts = [str(level) for level in part.levels]
            self._check(texts)
            self.levels = tf.constant(texts)
            initializer = tf.lookup.KeyValueTensorInitializer(
                self.levels, tf.constant(positions, tf.int64)
            )
            self.table = tf.lookup.StaticHashTable(initializer, UNKNOWN)
            self.resources = (self.table,)
            return
        numbers = np.array([float(level) for level in part.levels])
        exact = self._integers(part.levels) if self.dtype == tf.int64 else tf.constant(numbers)
        self.levels, self.numbers = exact, numbers
        order = np.argsort(exact.numpy())
        self.sorted, self.positions = tf.gather(exact, order), tf.constant(positions[order])

    def _check(self, texts):
        name = self.part.name
        if len({*texts}) < len(texts):
            double = next(text for text in texts if texts.count(text) > 1)
            raise ValueError(
                f"column {name!r} must have levels that differ as texts for export, got {double!r} "
                "twice: convert it with .astype(str)"
            )
        if MISSING_TEXT in texts and self.part.missing:
            raise ValueError(
                f"column {name!r} must not have both missing values and the level '' for export, "
                "where '' is missing: replace one of them"
            )

    def is_missing(self, x):
        if self.dtype == tf.string and MISSING_TEXT in self.part.levels:
            return tf.zeros_like(x, tf.bool)
        return super().is_missing(x)

    def encode(self, x):
        """Float64 `[N, 1]` of raw values: positions, NaN for unknown ones."""
        missing = self.is_missing(x)
        positions = tf.cast(self._positions(x), tf.float64)
        encoded = tf.where(positions == UNKNOWN, NAN, positions)
        if self.part.missing:
            encoded = tf.where(
                missing, tf.constant(self.part.classes[0] - 1.0, tf.float64), encoded
            )
        return encoded[:, None]

    def _positions(self, x):
        if self.dtype == tf.string:
            return self.table.lookup(x)
        at = tf.minimum(tf.searchsorted(self.sorted, x), len(self.part.levels) - 1)
        known = tf.gather(self.sorted, at) == x
        return tf.where(known, tf.gather(self.positions, at), UNKNOWN)

    def decode(self, encoded, seed=None):
        """Raw values of encoded ones; with a seed, the rare levels by their frequencies."""
        part, encoded = self.part, encoded[:, 0]
        missing = tf.math.is_nan(encoded)
        if part.missing:
            missing |= encoded >= part.classes[0] - 1
        positions = tf.cast(tf.round(tf.where(missing, tf.zeros_like(encoded), encoded)), tf.int64)
        if seed is not None and len(part.levels) > MAX_CATEGORIES:
            logits = np.log(np.array(part.counts[part.modelled :], "float64"))[None]
            drawn = tf.random.stateless_categorical(logits, tf.size(encoded), seed)[0]
            positions = tf.where(positions >= part.modelled, part.modelled + drawn, positions)
        return tf.where(missing, self.missing, tf.gather(self.levels, positions))

    def summary(self, draws, quantile=None):
        """Raw values of draws `[S, N]`: the mode of labels, the level next to that of numbers."""
        positions = tf.cast(tf.round(draws), tf.int32)
        if not self.part.is_number:
            counts = tf.reduce_sum(tf.one_hot(positions, self.part.classes[0]), 0)
            return self.decode(tf.cast(tf.argmax(counts, -1), tf.float64)[:, None])
        summary = summarised(tf.gather(tf.constant(self.numbers), positions), quantile)
        nearest = tf.argmin(tf.abs(summary[:, None] - self.numbers), 1)
        return tf.gather(self.levels, nearest)


class ServedConstant(ServedColumn):
    """A column that had one value in fit; a request may have another one."""

    def __init__(self, part):
        super().__init__(part)
        value = str(part.value) if self.dtype == tf.string else part.value
        self.value = (
            self._integers([value])[0] if self.dtype == tf.int64 else tf.constant(value, self.dtype)
        )

    def differs(self, x):
        """bool `[N]`, True where raw values are not that of fit."""
        return self.is_missing(x) | (x != self.value)
