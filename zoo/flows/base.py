"""A Normal that is moved by an invertible function: what flows make of an encoder's posterior."""

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import as_event, as_normal
from zoo.core.random import normal
from zoo.core.samplers import balanced_noise
from zoo.core.serialization import ensure_built, positive

tfb, tfd = tfp.bijectors, tfp.distributions

MOMENT_DRAWS = 32


class FlowNormal(tfd.Distribution):
    """z = f(u), u ~ `base`: batch `[B]`, event `[D]`.

    log q(z) = log q(u) - log |det df/du|. Rezende and Mohamed, Variational inference with
    normalizing flows, 2015.

    Args:
        base: a `tfd.Normal`, batch `[B, D]`, a `NormalMixture`, or what has the event `[D]`.
        bijector: f, a `FlowBijector`.
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
        u, log_det = self.bijector.pull(z)
        return as_event(self.base).log_prob(u) - log_det

    def _sample_n(self, n, seed=None):
        base = self.base
        if not isinstance(base, tfd.Normal):
            return self.bijector.forward(as_event(base).sample(n, seed=seed))
        shape = tf.concat([[n], tf.shape(base.loc)], 0)  # the same draws in and out of XLA
        noise = normal(shape, tf.cast(tfp.random.sanitize_seed(seed), tf.int32))
        return self.bijector.forward(base.loc + base.scale * noise)

    def push(self, u):
        """(f(u), log q(f(u))) for draws u of the base, `[..., B, D]`: nothing is inverted."""
        z, log_det = self.bijector.push(u)
        return z, as_event(self.base).log_prob(u) - log_det

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
        size = normal.loc.shape[-1]
        noise = balanced_noise(np.random.default_rng(0), MOMENT_DRAWS, size)
        noise = noise.reshape(MOMENT_DRAWS, *[1] * (len(normal.loc.shape) - 1), size)
        return self.bijector.forward(normal.loc + normal.scale * tf.constant(noise, tf.float32))


class FlowBijector(tfb.Bijector):
    """A `Flow` whose context is given, as TFP knows bijectors, for tensors `[..., B, D]`.

    `push` and `pull` give what `forward` and `inverse` do and log |det dz/du| in the same pass.
    """

    def __init__(self, flow, context=None, name="FlowBijector"):
        parameters = dict(locals())
        self.flow, self.context = flow, context
        super().__init__(
            forward_min_event_ndims=1, dtype=tf.float32, parameters=parameters, name=name
        )

    @classmethod
    def _parameter_properties(cls, dtype):
        return {}

    def push(self, u):
        """u -> (z, log |det dz/du|), `[..., B, D]` and `[..., B]`."""
        return self.flow.forward(u, self.context)

    def pull(self, z):
        """z -> (u, log |det dz/du|), `[..., B, D]` and `[..., B]`."""
        return self.flow.inverse(z, self.context)

    def _forward(self, u):
        return self.push(u)[0]

    def _inverse(self, z):
        return self.pull(z)[0]

    def _forward_log_det_jacobian(self, u):
        return self.push(u)[1]

    def _inverse_log_det_jacobian(self, z):
        return -self.pull(z)[1]


class Flow(keras.layers.Layer):
    """An invertible function of z that an example's Normal decides: u -> z = f(u; loc, scale).

    A chain of steps. A subclass has `step(size, context_size, turned)`, which makes a layer with
    `forward(u, context)` -> (z, log |det dz/du|) and `inverse(z, context)` -> (u, log |det dz/du|),
    for u and z `[..., B, D]`; every other step is `turned`: it takes dimensions in reverse order.
    The context is `[B, 2 * D]`, loc and log scale of the Normal that the encoder emitted, or None,
    as in a prior.

    Args:
        steps: how many.
    """

    # Whether log_prob of a given z is as cheap as a draw, which a prior needs.
    both_ways = False

    def __init__(self, steps, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        (self.steps,) = positive(steps=steps)

    def build(self, input_shape, conditional=True):
        """`input_shape` is `(None, D)`; `conditional` says whether there will be a context."""
        size = input_shape[-1]
        context_size = 2 * size if conditional else 0
        self.chain = [self.step(size, context_size, bool(i % 2)) for i in range(self.steps)]
        for step in self.chain:
            ensure_built(step, input_shape)

    def step(self, size, context_size, turned):
        """One step in `size` dimensions, with a context of `context_size` numbers (0: none)."""
        raise NotImplementedError

    def forward(self, u, context=None):
        """u -> (z, log |det dz/du|), `[..., B, D]` and `[..., B]` in nats."""
        total, shape = 0.0, u.shape
        for step in self.chain:
            u, log_det = step.forward(u, context)
            total += log_det
        return tf.ensure_shape(u, shape), total

    def inverse(self, z, context=None):
        """z -> (u, log |det dz/du|), `[..., B, D]` and `[..., B]` in nats."""
        total, shape = 0.0, z.shape
        for step in reversed(self.chain):
            z, log_det = step.inverse(z, context)
            total += log_det
        return tf.ensure_shape(z, shape), total

    def bijector(self, context=None):
        """f as a `tfp.bijectors.Bijector` for `[..., B, D]`."""
        return FlowBijector(self, context)

    def wrap(self, base):
        """The `FlowNormal` of what an encoder emitted."""
        normal = as_normal(base)
        context = tf.concat([normal.loc, tf.math.log(normal.scale)], -1)
        return FlowNormal(base, self.bijector(context))
