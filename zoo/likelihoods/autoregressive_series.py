"""Distribution over series whose residuals are correlated in time, with missing values."""

import dataclasses

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.layers import sequence_masks
from zoo.likelihoods.masked_series import MaskedSeries

tfd = tfp.distributions


@dataclasses.dataclass(frozen=True)
class AutoregressiveSeries(MaskedSeries):
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
    """

    rate: tf.Tensor = dataclasses.field(kw_only=True)

    def log_prob_per_value(self, x):
        """log p of each value given z and the values before it in its channel, in the shape of x.

        In nats; 0 where it was not observed. The sum is log p(x|z).
        """
        x = tf.cast(x, tf.float32)
        x = x[..., None] if self.univariate else x
        observed = sequence_masks.observed(x)
        loc, scale = self.distribution.loc, self.distribution.scale
        residual = (tf.where(observed, x, loc) - loc) / scale
        conditional = self._conditional(residual, observed)
        log_prob = conditional.log_prob(residual) - tf.math.log(scale)
        return self._shaped(tf.where(observed, log_prob, 0.0))

    def _conditional(self, residual, observed):
        """u_t given the last observed residual of its channel, batch `[B, T, C]`."""
        steps = sequence_masks.steps_since_observed(observed)
        known = steps > 0
        last = tf.gather(
            tf.transpose(residual, [0, 2, 1]),
            tf.transpose(tf.range(tf.shape(steps)[1])[:, None] - steps, [0, 2, 1]),
            batch_dims=2,
        )
        # A gap of one step instead of none keeps gradients finite where there is no value before.
        decay = tf.cast(tf.maximum(steps, 1), tf.float32) * self.rate
        loc = tf.exp(-decay) * tf.transpose(last, [0, 2, 1])
        variance = -tf.math.expm1(-2.0 * decay)
        return tfd.Normal(tf.where(known, loc, 0.0), tf.where(known, tf.sqrt(variance), 1.0))

    def sample(self, seed=None):
        """Draw one series for each code, in the shape of x."""
        noise = tfd.Normal(tf.zeros_like(self.distribution.loc), 1.0).sample(seed=seed)
        noise = tf.transpose(noise, [1, 0, 2])  # time first
        a, b = tf.exp(-self.rate), tf.sqrt(-tf.math.expm1(-2.0 * self.rate))
        later = tf.scan(lambda u, e: a * u + b * e, noise[1:], noise[0])
        residual = tf.transpose(tf.concat([noise[:1], later], 0), [1, 0, 2])
        return self._shaped(self.distribution.loc + self.distribution.scale * residual)
