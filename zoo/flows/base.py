"""A Normal that is moved by an invertible function: what flows make of an encoder's posterior."""

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.distributions import as_event, as_normal
from zoo.sampling import balanced_noise

tfd = tfp.distributions

MOMENT_DRAWS = 32


class FlowNormal(tfd.Distribution):
    """z = f(u), u ~ `base`: batch `[B]`, event `[D]`.

    log q(z) = log q(u) - log |det df/du|. Rezende and Mohamed, Variational inference with
    normalizing flows, 2015.

    Args:
        base: a `tfd.Normal`, batch `[B, D]`, or a `NormalMixture`.
        bijector: f, a `tfp.bijectors.Bijector` on the last axis, for tensors `[..., B, D]`.
    """

    def __init__(self, base, bijector, name="FlowNormal"):
        parameters = dict(locals())
        self.base, self.bijector = base, bijector
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=tfd.FULLY_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
        parts = tfp.util.BatchedComponentProperties()
        return {"base": parts, "bijector": parts}

    def _batch_shape(self):
        return as_event(self.base).batch_shape

    def _batch_shape_tensor(self):
        return as_event(self.base).batch_shape_tensor()

    def _event_shape(self):
        return as_event(self.base).event_shape

    def _event_shape_tensor(self):
        return as_event(self.base).event_shape_tensor()

    def _log_prob(self, z):
        log_det = self.bijector.inverse_log_det_jacobian(z, event_ndims=1)
        return as_event(self.base).log_prob(self.bijector.inverse(z)) + log_det

    def _sample_n(self, n, seed=None):
        return self.bijector.forward(as_event(self.base).sample(n, seed=seed))

    def push(self, u):
        """(f(u), log q(f(u))) for draws u of the base, `[..., B, D]`: nothing is inverted."""
        log_det = self.bijector.forward_log_det_jacobian(u, event_ndims=1)
        return self.bijector.forward(u), as_event(self.base).log_prob(u) - log_det

    def centre(self):
        """f at the mean of the base, `[B, D]`: near the mean, and cheap."""
        return self.bijector.forward(self.base.mean())

    def _mean(self):
        return tf.reduce_mean(self._balanced(), 0)

    def _stddev(self):
        return tf.math.reduce_std(self._balanced(), 0)

    def _balanced(self):
        """Draws `[S, B, D]` with the same noise for every example: no random op."""
        normal = as_normal(self.base)
        noise = balanced_noise(np.random.default_rng(0), MOMENT_DRAWS, normal.loc.shape[-1])
        u = normal.loc + normal.scale * tf.constant(noise, normal.loc.dtype)[:, None]
        return self.bijector.forward(u)


class Flow(keras.layers.Layer):
    """An invertible function of z that an example's Normal decides: u -> z = f(u; loc, scale).

    A subclass has `bijector(context)`, with context `[B, 2 * D]` (loc and log scale of the Normal
    that the encoder emitted) or None, and builds for inputs of shape `(None, D)`.
    """

    # Whether log_prob of a given z is as cheap as a draw, which a prior needs.
    both_ways = False

    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})

    def bijector(self, context=None):
        """f as a `tfp.bijectors.Bijector` for `[..., B, D]`."""
        raise NotImplementedError

    def wrap(self, base):
        """The `FlowNormal` of what an encoder emitted."""
        normal = as_normal(base)
        return FlowNormal(
            base, self.bijector(tf.concat([normal.loc, tf.math.log(normal.scale)], -1))
        )
