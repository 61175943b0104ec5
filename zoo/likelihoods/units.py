"""Location and scale of columns, taken in float64 before any value becomes float32.

float32 has about seven digits: of 1.7e9 + 10 sin(t) it keeps none of the sine. A column that is far
from zero therefore gets an *origin*, a number that is subtracted in float64; the rest fits float32.
"""

import numpy as np
import tensorflow as tf

# Below this fraction of the mean, a standard deviation is a rounding error: the column is constant.
FLOAT64_TOLERANCE = 1e-11

# Beyond this many standard deviations from zero, float32 would lose more than a hundred-thousandth
# of a standard deviation.
MAX_DISTANCE = 128.0


def resolution(dtype):
    """Relative tolerance of values of this dtype, below which a difference is a rounding error."""
    dtype = np.dtype(dtype)
    return max(np.finfo(dtype).eps, FLOAT64_TOLERANCE) if dtype.kind == "f" else FLOAT64_TOLERANCE


def scales(mean, std, tolerance):
    """Standard deviations, and 1 for constant columns, which have no scale of their own.

    Args:
        mean, std: float64, of each column.
        tolerance: as `resolution` returns it for the dtype of the data.
    """
    return np.where(std <= tolerance * np.abs(mean), 1.0, std)


def origins(mean, scale):
    """The number to subtract from each column in float64; 0 if float32 can hold the column.

    The numbers are exact in float32, so that they can be weights.
    """
    mean = np.asarray(mean, "float64")
    far = np.abs(mean) > MAX_DISTANCE * np.asarray(scale, "float64")
    return np.where(far, mean.astype("float32"), 0.0).astype("float64")


def subtract(x, origin):
    """float32 tensor x - origin; only float64 and integers keep the digits of large numbers.

    Args:
        x: tensor of any real dtype.
        origin: float64 or float32, a constant or a variable, broadcast to x.
    """
    if x.dtype.is_floating and x.dtype != tf.float64:
        x = tf.cast(x, tf.float32)  # the difference of two near numbers is exact
    elif x.dtype != tf.float64:
        x = tf.cast(x, tf.float64)
    return tf.cast(x - tf.cast(origin, x.dtype), tf.float32)


class Moments:
    """Mean and standard deviation of columns that arrive in parts; NaN is ignored.

    Each part is centred before it is squared, and parts are merged by Chan et al., Updating
    formulae and a pairwise algorithm for computing sample variances, 1979.
    """

    def __init__(self):
        self.count = self.mean = self.squares = 0.0
        self.tolerance = FLOAT64_TOLERANCE

    def update(self, rows):
        """Add rows `[n, C]` of any real dtype."""
        self.tolerance = max(self.tolerance, resolution(rows.dtype))
        rows = rows.astype("float64")
        observed = ~np.isnan(rows)
        count = observed.sum(0)
        first = np.array([_first_observed(column) for column in rows.T])
        # Less its first value, a column keeps the digits in which its values differ.
        rows = np.where(observed, rows - first, 0.0)
        mean = rows.sum(0) / np.maximum(count, 1)
        squares = (np.where(observed, rows - mean, 0.0) ** 2).sum(0)
        both = np.maximum(self.count + count, 1)
        difference = np.where(self.count > 0, first + mean - self.mean, 0.0)
        start = np.where(self.count > 0, self.mean, first + mean)
        self.squares = self.squares + squares + difference**2 * self.count * count / both
        self.mean = start + difference * count / both
        self.count = self.count + count

    def result(self):
        """(mean, scale), each float64 `[C]`; 0 and 1 for a column without an observed value."""
        std = np.sqrt(self.squares / np.maximum(self.count, 1))
        return self.mean, scales(self.mean, std, self.tolerance)


def _first_observed(column):
    observed = ~np.isnan(column)
    return column[np.argmax(observed)] if observed.any() else 0.0


class Relocated:
    """p(x|z) of x in data units, from the distribution of x less its origin.

    Args:
        distribution: p(x - origin|z), with `mean`, `sample`, methods of x whose names contain
            `log_prob`, and those that fill the missing values of x, `conditional_mean` and
            `conditional_sample`, if it has any.
        preprocessor: a `Preprocessor` whose `to_tensor` subtracts the origin.
    """

    def __init__(self, distribution, preprocessor):
        self.distribution, self.preprocessor = distribution, preprocessor

    def __getattr__(self, name):
        density, fills = "log_prob" in name, name.startswith("conditional_")
        if not density and not fills:
            raise AttributeError(f"{type(self.distribution).__name__} has no attribute {name!r}")
        method = getattr(self.distribution, name)
        if density:
            return lambda x: method(self._less_origin(x))
        return lambda x, **seed: self.preprocessor.add_origin(method(self._less_origin(x), **seed))

    def _less_origin(self, x):
        return self.preprocessor.to_tensor(tf.convert_to_tensor(x))

    def mean(self):
        """Expected values, float64."""
        return self.preprocessor.add_origin(self.distribution.mean())

    def sample(self, seed=None):
        """One draw for each code, float64."""
        return self.preprocessor.add_origin(self.distribution.sample(seed=seed))
