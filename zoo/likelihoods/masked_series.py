"""Distribution over series with missing values."""

import dataclasses
from typing import Any

import tensorflow as tf

from zoo.layers import sequence_masks


@dataclasses.dataclass(frozen=True)
class MaskedSeries:
    """Independent values given z; values of x that are NaN are integrated out.

    Args:
        distribution: distribution of single values, batch `[B, T, C]`.
        univariate: whether x has no axis of channels, `[B, T]`.
        unit: standard deviation of each channel in the training data, `[C]`.
    """

    distribution: Any
    univariate: bool = False
    unit: Any = 1.0

    def without_channels(self):
        """The same distribution over series `[B, T]` of one channel."""
        return dataclasses.replace(self, univariate=True)

    def log_prob(self, x):
        """log p(x|z) in nats over the values that were observed, `[B]`."""
        return tf.reduce_sum(self.log_prob_per_step(x), -1)

    def log_prob_per_step(self, x):
        """log p(x|z) in nats of each step, `[B, T]`; 0 where nothing was observed."""
        per_value = self.log_prob_per_value(x)
        return per_value if self.univariate else tf.reduce_sum(per_value, -1)

    def log_prob_per_value(self, x):
        """log p(x|z) in nats of each value, in the shape of x; 0 where it was not observed."""
        return self.marginal_log_prob(x)

    def marginal_log_prob(self, x):
        """log p of each value by itself given z, in nats, in the shape of x; 0 where not observed.

        It tells how far each value is from its mean, whatever its neighbours are.
        """
        x = tf.cast(x, tf.float32)
        x = tf.expand_dims(x, -1) if self.univariate else x
        observed = sequence_masks.observed(x)
        value = tf.where(observed, x, self.distribution.loc)  # keeps gradients finite
        return self._shaped(tf.where(observed, self.distribution.log_prob(value), 0.0))

    def squared_error(self, x):
        """Squared distance of each value from its mean, in the shape of x; 0 where not observed.

            ((x - loc) / unit)^2 / s^2

        s^2 is the average of (scale / unit)^2 over all values that were observed. All values count
        alike, unlike in `marginal_log_prob`. No gradient passes through s.
        """
        distance, observed = self._distance(x)
        variance = tf.square(self.distribution.scale / self.unit)
        mask = tf.cast(observed, variance.dtype)
        average = tf.math.divide_no_nan(tf.reduce_sum(mask * variance), tf.reduce_sum(mask))
        error = tf.square(distance / self.unit)
        return self._shaped(tf.math.divide_no_nan(error, tf.stop_gradient(average)))

    def innovations(self, x):
        """Residuals in units of the scale, independent given z, `[B, T, C]`; 0 where not observed.

        Of correlated residuals they are the errors of their predictions instead.
        """
        return self._residual(x)[0]

    def _residual(self, x):
        """Residuals in units of the scale `[B, T, C]`, 0 where x is missing, and the mask."""
        distance, observed = self._distance(x)
        return distance / self.distribution.scale, observed

    def _distance(self, x):
        """x - loc `[B, T, C]`, 0 where x is missing, and the mask of observed values."""
        x = tf.cast(x, tf.float32)
        x = tf.expand_dims(x, -1) if self.univariate else x
        observed = sequence_masks.observed(x)
        loc = self.distribution.loc
        return tf.where(observed, x, loc) - loc, observed

    def mean(self):
        """Expected values, observed or not, in the shape of x."""
        return self._shaped(self.distribution.mean())

    def sample(self, seed=None):
        """Draw one series for each code, in the shape of x."""
        return self._shaped(self.distribution.sample(seed=seed))

    def conditional_mean(self, x):
        """x, where missing values (NaN) are replaced by their mean given z and observed values."""
        return self._filled(x, self.mean())

    def conditional_sample(self, x, seed=None):
        """x, where missing values (NaN) are drawn given z and observed values."""
        return self._filled(x, self.sample(seed=seed))

    def _filled(self, x, values):
        x = tf.cast(x, tf.float32)
        return tf.where(sequence_masks.observed(x), x, values)

    def _shaped(self, x):
        return x[..., 0] if self.univariate else x
