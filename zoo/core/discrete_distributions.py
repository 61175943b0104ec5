"""Discrete distributions that TFP lacks or computes slowly."""

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import UNCHECKED

tfd = tfp.distributions


class FusedBernoulli(tfd.Bernoulli):
    """`tfd.Bernoulli` whose log_prob is one fused op on logits l, also for targets in [0, 1].

    log p(x) = -max(l, 0) + l * x - log(1 + exp(-|l|)). The formula is linear in x, so for a grey x
    it is the mean over binarisations of x.
    """

    def _log_prob(self, value):
        value = tf.cast(value, self.logits.dtype)
        logits = tf.convert_to_tensor(self.logits)
        if value.shape != logits.shape:  # the op does not broadcast
            value, logits = value + tf.zeros_like(logits), logits + tf.zeros_like(value)
        return -tf.nn.sigmoid_cross_entropy_with_logits(labels=value, logits=logits)


class DiscretizedLogistic(tfd.Distribution):
    """Logistic density integrated over `levels` equal bins of [0, 1]: a probability mass.

    x = k / (levels - 1). With h half a bin, a = (x + h - loc) / scale, b = (x - h - loc) / scale:
    log p(x) = log(sigmoid(a) - sigmoid(b)) = log sigmoid(a) + log sigmoid(-b) + log(1 - e^(b - a)),
    which never subtracts two near-equal numbers; the outermost bins reach to infinity.
    Salimans et al., PixelCNN++, 2017.

    Args:
        loc, scale: float tensors of one shape, in units of [0, 1].
        levels: number of values that x can take (256 for 8-bit images).
    """

    def __init__(self, loc, scale, levels=256, name="DiscretizedLogistic"):
        parameters = dict(locals())
        self.loc, self.scale, self.levels = loc, scale, levels
        super().__init__(
            **UNCHECKED,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            parameters=parameters,
            name=name,
        )

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
        return {
            "loc": tfp.util.ParameterProperties(),
            "scale": tfp.util.ParameterProperties(),
            "levels": tfp.util.ParameterProperties(event_ndims=None),
        }

    def _batch_shape(self):
        return self.loc.shape

    def _batch_shape_tensor(self):
        return tf.shape(self.loc)

    def _event_shape(self):
        return tf.TensorShape([])

    def _event_shape_tensor(self):
        return tf.constant([], tf.int32)

    def _log_prob(self, value):
        half = 0.5 / (self.levels - 1)
        upper = (value + half - self.loc) / self.scale
        lower = (value - half - self.loc) / self.scale
        log_cdf_upper = tf.where(value > 1.0 - half, 0.0, tf.math.log_sigmoid(upper))
        log_survival_lower = tf.where(value < half, 0.0, tf.math.log_sigmoid(-lower))
        inner = (value > half) & (value < 1.0 - half)
        width = tf.where(inner, upper - lower, 1.0)  # keeps the unused branch's gradient finite
        between = tf.where(inner, tf.math.log(-tf.math.expm1(-width)), 0.0)
        return log_cdf_upper + log_survival_lower + between

    def probabilities(self):
        """Probability of each value, `[*batch, levels]`; it takes a third of the time of `prob`.

        These are differences of the cumulative function below loc, and of the survival function
        above it, where the former would be a difference of two numbers near 1.
        """
        edges = (tf.range(self.levels - 1, dtype=tf.float32) + 0.5) / (self.levels - 1)
        loc, scale = self.loc[..., tf.newaxis], self.scale[..., tf.newaxis]
        z = (edges - loc) / scale
        padding = [[0, 0]] * (len(z.shape) - 1)

        def between(z):
            cumulative = tf.sigmoid(z)
            upper = tf.pad(cumulative, [*padding, [0, 1]], constant_values=1.0)
            return upper - tf.pad(cumulative, [*padding, [1, 0]])

        below = tf.pad(z, [*padding, [0, 1]], constant_values=np.inf) < 0.0
        above = between(tf.reverse(-z, [-1]))
        return tf.maximum(tf.where(below, between(z), tf.reverse(above, [-1])), 0.0)

    def _sample_n(self, n, seed=None):
        shape = tf.concat([[n], tf.shape(self.loc)], 0)
        seed = tfp.random.sanitize_seed(seed)
        tiny = 1e-6
        u = tf.random.stateless_uniform(shape, seed, minval=tiny, maxval=1.0 - tiny)
        return self._quantize(self.loc + self.scale * (tf.math.log(u) - tf.math.log1p(-u)))

    def _quantize(self, x):
        steps = self.levels - 1
        return tf.clip_by_value(tf.round(x * steps) / steps, 0.0, 1.0)

    def _mean(self):
        # The logistic's own mean, clipped: cheaper than the exact sum over bins, and within half a
        # bin of it if the mass lies inside [0, 1].
        return tf.clip_by_value(self.loc, 0.0, 1.0)
