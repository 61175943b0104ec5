"""Distribution over series whose residuals are correlated in time, with missing values."""

import dataclasses

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.layers import sequence_masks
from zoo.likelihoods.correlated_series import CorrelatedSeries

tfd = tfp.distributions

FAR = 1e6  # steps to a neighbour that does not exist, which then has no weight


@dataclasses.dataclass(frozen=True)
class AutoregressiveSeries(CorrelatedSeries):
    """Residuals of each channel form a stationary process AR(1); missing values are integrated out.

        x_t = loc_t + scale_t u_t,    u_0 ~ Normal(0, 1)
        u_t = a u_(t-1) + sqrt(1 - a^2) e_t,    e_t ~ Normal(0, 1),    a = exp(-rate)

    Each value has the distribution Normal(loc_t, scale_t), and corr(u_s, u_t) = a^|t - s|. Given
    the last observed value, k steps before, u_t is Normal(a^k u_(t-k), 1 - a^(2k)): the process has
    no other memory, so that the density of any subset of values is exact. Uhlenbeck and Ornstein,
    On the theory of the Brownian motion, 1930.

    Args:
        distribution: `Normal` of single values, batch `[B, T, C]`.
        rate: positive, `[C]`; 1 / rate is the correlation time in steps.
        univariate: whether x has no axis of channels, `[B, T]`.
        unit: standard deviation of each channel in the training data, `[C]`.
    """

    rate: tf.Tensor = dataclasses.field(kw_only=True)

    def _innovations(self, residual, observed):
        given_past = self._given_past(residual, observed)
        return (residual - given_past.loc) / given_past.scale, -tf.math.log(given_past.scale)

    def _draw(self, seed):
        noise = self._noise(seed)
        a, b = tf.exp(-self.rate), tf.sqrt(-tf.math.expm1(-2.0 * self.rate))
        later = tf.scan(lambda u, e: a * u + b * e, noise[1:], noise[0])
        return tf.transpose(tf.concat([noise[:1], later], 0), [1, 0, 2])

    def _given_past(self, residual, observed):
        """u_t given the last observed residual of its channel, batch `[B, T, C]`."""
        last, steps = sequence_masks.last_observed(residual, observed)
        # One step instead of none keeps gradients finite where no value comes before.
        decay = tf.cast(tf.maximum(steps, 1), tf.float32) * self.rate
        loc, variance = tf.exp(-decay) * last, 1.0 - tf.exp(-2.0 * decay)
        known = steps > 0
        return tfd.Normal(tf.where(known, loc, 0.0), tf.where(known, tf.sqrt(variance), 1.0))

    def _given_observed(self, residual, observed):
        """E[u_t | the observed residuals before and after it], `[B, T, C]`.

        With u_p and u_n, k steps before and m steps after:

            (a^k (1 - a^(2m)) u_p + a^m (1 - a^(2k)) u_n) / (1 - a^(2 (k + m)))
        """
        past, k = sequence_masks.last_observed(residual, observed)
        future, m = (
            tf.reverse(a, [1])
            for a in sequence_masks.last_observed(
                tf.reverse(residual, [1]), tf.reverse(observed, [1])
            )
        )
        k, m = (self.rate * tf.where(n > 0, tf.cast(n, tf.float32), FAR) for n in (k, m))
        weight_of_past = tf.exp(-k) * tf.math.expm1(-2.0 * m)
        weight_of_future = tf.exp(-m) * tf.math.expm1(-2.0 * k)
        return (weight_of_past * past + weight_of_future * future) / tf.math.expm1(-2.0 * (k + m))
