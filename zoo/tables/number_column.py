"""Column of numbers, times or durations: as normal scores, through its own quantiles."""

import dataclasses
import math
from typing import Any

import numpy as np
import tensorflow as tf

from zoo.tables.storage import Storage

QUANTILES = 1001  # stored of each column, at most
MAX_UNITS = 1e5  # standard deviations; beyond, float32 has no nats
MAX_DECIMALS = 9  # of a column of floats, up to which a fixed number of decimals is kept


@dataclasses.dataclass(frozen=True)
class NumberColumn:
    """Column whose values are the normal scores of their ranks, however skewed they are.

    score = Phi^-1(F(x)), where F is the distribution function of the column and Phi that of the
    standard Normal. Back, a score becomes a value between the column's smallest and largest one,
    with the column's step or number of decimals. Equal values share the middle of their interval of
    ranks, and any score of the interval is read as that value. Values outside the range of the
    column have the score of its end.

    Attributes:
        name: name of the column.
        why: reason of its kind.
        storage: its `Storage`.
        origin: number that is subtracted first.
        quantiles: float64, at equally spaced probabilities from 0 to 1, less the origin.
        count: number of observed values.
        step: greatest common divisor of integers or times less the origin; 0 for floats.
        decimals: number of decimals of floats, or None.
        missing: True if missing values get a column of flags.
        units: (mean, standard deviation) less the origin, by which values are standardised instead
            of taking the normal scores of their ranks; None for normal scores.
    """

    name: str
    why: str
    storage: Storage
    origin: Any
    quantiles: np.ndarray
    count: int
    step: int
    decimals: int | None
    missing: bool
    units: tuple | None = None

    kind = "number"

    @classmethod
    def of(cls, column, why, storage, missing, standardized=False):
        """The encoding of a series with observed values."""
        values, observed = storage.numbers(column)
        origin = 0.0 if values.dtype.kind == "f" else int(values.min())
        offsets = _less(values, origin)
        at = np.linspace(0, 1, min(QUANTILES, max(2, len(values))))
        quantiles = np.maximum.accumulate(np.quantile(offsets, at))
        step = 0 if values.dtype.kind == "f" else _step(values, origin)
        decimals = _decimals(values, storage) if values.dtype.kind == "f" else None
        missing = missing and not observed.all()
        fields = (column.name, why, storage, origin, quantiles, len(values), step, decimals)
        return cls(*fields, missing, _units(offsets) if standardized else None)

    @property
    def classes(self):
        """Numbers of classes of the encoded columns, 0 for numbers."""
        return (0, 2) if self.missing else (0,)

    @property
    def edge(self):
        """Probability beyond the smallest and beyond the largest value."""
        return 0.5 / (self.count + 1)

    def encode(self, column):
        """Series -> float64 `[N, len(classes)]`, NaN where missing."""
        values, observed = self.storage.read(column)
        scores = np.full((len(observed), 1), np.nan)
        scores[observed, 0] = self.scores(self.less_origin(values))
        return np.append(scores, ~observed[:, None], 1) if self.missing else scores

    def less_origin(self, numbers):
        """Float64 numbers of `Storage.read` less the origin."""
        return _less(numbers, self.origin)

    def scores(self, offsets):
        """Normal scores of values less the origin, or standardised values."""
        if self.units is not None:
            mean, std = self.units
            return np.clip((offsets - mean) / std, -MAX_UNITS, MAX_UNITS)
        at = np.linspace(0, 1, len(self.quantiles))
        up = np.interp(offsets, self.quantiles, at)
        down = -np.interp(-offsets, -self.quantiles[::-1], -at[::-1])
        return normal_quantiles(self.edge + (1 - 2 * self.edge) * (up + down) / 2)

    def decode(self, encoded, rng=None):
        """Float64 `[N, len(classes)]` -> series; NaN is missing."""
        del rng
        observed = ~np.isnan(encoded[:, 0])
        if self.missing:
            observed &= ~(encoded[:, 1] > 0.5)
        return self.series(self.offsets_of(encoded[observed, 0]), observed)

    def contains(self, column):
        """True if all observed values of a series lie between the smallest and the largest one."""
        offsets = self.less_origin(self.storage.read(column)[0])
        return bool(((offsets >= self.quantiles[0]) & (offsets <= self.quantiles[-1])).all())

    def ends(self):
        """The smallest and the largest value, in the column's type."""
        return [*self.series(self.quantiles[[0, -1]], np.ones(2, bool))]

    def offsets_of(self, scores):
        """Values less the origin of normal scores, or of standardised values."""
        if self.units is None:
            return self.offsets(normal_cdf(scores))
        return np.clip(scores * self.units[1] + self.units[0], *self.quantiles[[0, -1]])

    def offsets(self, probabilities):
        """Values less the origin of which the column has these fractions below them."""
        at = (probabilities - self.edge) / (1 - 2 * self.edge)
        return np.interp(at, np.linspace(0, 1, len(self.quantiles)), self.quantiles)

    def series(self, offsets, observed):
        """Series of values that are `offsets` from the origin, in the steps of the column."""
        if self.step:
            steps = np.round(offsets / self.step)
            values = _plus(self.step * steps, self.origin, self.storage)
        else:
            values = offsets if self.decimals is None else np.round(offsets, self.decimals)
        return self.storage.series(values, observed, self.name)


def normal_quantiles(probabilities):
    """Quantiles of the standard Normal, float64."""
    return tf.math.ndtri(tf.constant(probabilities, tf.float64)).numpy()


def normal_cdf(scores):
    """Distribution function of the standard Normal, float64."""
    return 0.5 * tf.math.erfc(tf.constant(-scores / math.sqrt(2), tf.float64)).numpy()


def _less(values, origin):
    """Float64 values - origin, where integers are subtracted as integers."""
    if values.dtype.kind == "f" or not len(values):
        return np.asarray(values - origin, "float64")
    wide = values.dtype == "uint64" or max(abs(int(values.min())), abs(int(values.max()))) > 2**62
    if not wide:
        return (values - origin).astype("float64")
    return np.array([float(int(v) - origin) for v in values])


def _plus(offsets, origin, storage):
    """Integers offsets + origin, exact up to 2**53 steps from the origin."""
    longest = int(offsets.max(initial=0))
    if max(longest, int(origin) + longest) <= np.iinfo("int64").max:
        return offsets.astype("int64") + int(origin)
    kind = "uint64" if "uint64" in str(storage.inner or storage.dtype).lower() else "int64"
    largest = np.iinfo(kind).max  # an offset that float64 rounds up can be beyond it
    return np.array([min(int(v) + int(origin), largest) for v in offsets], kind)


def _step(values, origin):
    """Greatest common divisor of the differences of integers, at least 1."""
    # Unsigned, because differences of int64 can be larger than int64.
    differences = values.astype("uint64") - np.array(origin, values.dtype).astype("uint64")
    return max(1, int(np.gcd.reduce(differences)))


def _units(offsets):
    """Mean and standard deviation; 1 instead of 0."""
    largest = max(float(np.abs(offsets).max()), np.finfo("float64").tiny)  # squares cannot overflow
    scaled = offsets / largest
    return float(scaled.mean() * largest), float(scaled.std() * largest) or 1.0


def _decimals(values, storage):
    """Smallest number of decimals with which a column of floats is written exactly, or None."""
    text = str(storage.inner or storage.dtype).lower()
    single = next((d for d in ("float32", "float16") if d in text), None)
    single = "float32" if text.startswith("float[") else single
    for decimals in range(MAX_DECIMALS + 1):
        rounded = np.round(values, decimals)
        if (rounded.astype(single or "float64") == values.astype(single or "float64")).all():
            return decimals
    return None
