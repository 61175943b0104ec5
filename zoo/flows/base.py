"""Base class of flows, and the distribution of draws that a flow has transformed."""

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import layer_counts
from zoo.core.distributions import UNCHECKED, as_event, as_normal
from zoo.core.random import normal
from zoo.core.samplers import balanced_noise
from zoo.core.serialization import ensure_built

tfb, tfd = tfp.bijectors, tfp.distributions

MOMENT_DRAWS = 32


class FlowNormal(tfd.Distribution):
    """Distribution of z = f(u), u ~ `base`: batch `[B]`, event `[D]`.

    log q(z) = log q(u) - log |det df/du|. Rezende and Mohamed, Variational inference with
    normalizing flows, 2015.

    Args:
        base: a `tfd.Normal`, batch `[B, D]`, a `NormalMixture`, or a distribution with event `[D]`.
        bijector: f, a `FlowBijector`.
    """

    def __init__(self, base: tfd.Distribution, bijector: "FlowBijector", name: str = "FlowNormal"):
        parameters = dict(locals())
        self.base, self.bijector = base, bijector
        super().__init__(
            **UNCHECKED,
            reparameterization_type=tfd.FULLY_REPARAMETERIZED,
            parameters=parameters,
            name=name,
        )

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
        properties = tfp.util.BatchedComponentProperties()
        return {"base": properties, "bijector": properties}

    def _batch_shape(self):
        return as_event(self.base).batch_shape

    def _batch_shape_tensor(self):
        return as_event(self.base).batch_shape_tensor()

    def _event_shape(self):
        return as_event(self.base).event_shape

    def _event_shape_tensor(self):
        return as_event(self.base).event_shape_tensor()

    def _log_prob(self, z):
        u, log_det = self.bijector.inverse_and_log_det(z)
        return as_event(self.base).log_prob(u) + log_det

    def _sample_n(self, n, seed=None):
        base = self.base
        if not isinstance(base, tfd.Normal):
            return self.bijector.forward(as_event(base).sample(n, seed=seed))
        # `zoo.core.random.normal` gives the same draws with and without XLA.
        shape = tf.concat([[n], tf.shape(base.loc)], 0)
        noise = normal(shape, tf.cast(tfp.random.sanitize_seed(seed), tf.int32))
        return self.bijector.forward(base.loc + base.scale * noise)

    def transform_base_sample(self, u: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """f(u) and log q(f(u)) for draws u of the base, `[..., B, D]`, without inverting f."""
        z, log_det = self.bijector.forward_and_log_det(u)
        return z, as_event(self.base).log_prob(u) - log_det

    def transformed_base_mean(self) -> tf.Tensor:
        """Compute f at the mean of the base, `[B, D]`: a cheap approximation of the mean of z."""
        return self.bijector.forward(self.base.mean())

    def _mean(self):
        return tf.reduce_mean(self._balanced_draws(), 0)

    def _stddev(self):
        return tf.math.reduce_std(self._balanced_draws(), 0)

    def _balanced_draws(self):
        """Draws `[S, B, D]` from constant noise that all examples share, without a random op."""
        base = as_normal(self.base)
        size = base.loc.shape[-1]
        noise = balanced_noise(np.random.default_rng(0), MOMENT_DRAWS, size)
        noise = noise.reshape(MOMENT_DRAWS, *[1] * (len(base.loc.shape) - 1), size)
        return self.bijector.forward(base.loc + base.scale * tf.constant(noise, tf.float32))


class FlowBijector(tfb.Bijector):
    """A `Flow` at a fixed context as a TFP bijector, for tensors `[..., B, D]`.

    Args:
        flow: the `Flow`.
        context: `[B, 2 * D]`, or None for an unconditional flow.
    """

    def __init__(self, flow: "Flow", context: tf.Tensor | None = None, name: str = "FlowBijector"):
        parameters = dict(locals())
        self.flow, self.context = flow, context
        super().__init__(
            forward_min_event_ndims=1, dtype=tf.float32, parameters=parameters, name=name
        )

    @classmethod
    def _parameter_properties(cls, dtype):
        return {}

    def forward_and_log_det(self, u: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Map u to z and log |det dz/du|, `[..., B, D]` and `[..., B]`, in one pass."""
        return self.flow.forward(u, self.context)

    def inverse_and_log_det(self, z: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Map z to u and log |det du/dz|, `[..., B, D]` and `[..., B]`, in one pass."""
        u, forward_log_det = self.flow.inverse(z, self.context)
        return u, -forward_log_det

    def _forward(self, u):
        return self.forward_and_log_det(u)[0]

    def _inverse(self, z):
        return self.inverse_and_log_det(z)[0]

    def _forward_log_det_jacobian(self, u):
        return self.forward_and_log_det(u)[1]

    def _inverse_log_det_jacobian(self, z):
        return self.inverse_and_log_det(z)[1]


class Flow(keras.layers.Layer):
    """Base class of flows: a chain of invertible steps, u -> z = f(u; context).

    A subclass implements `step(size, context_size, reverse)`, which returns a layer with
    `forward(u, context)` -> (z, log |det dz/du|) and `inverse(z, context)` -> (u, log |det dz/du|),
    for u and z `[..., B, D]`. Every other step has `reverse=True`: it takes the dimensions in
    reverse order. The context `[B, 2 * D]` contains loc and log scale of the encoder's Normal; in a
    prior it is None.

    Args:
        steps: number of steps.
    """

    # True if log_prob of any z costs no more than a draw, which a prior requires.
    cheap_inverse = False

    def __init__(self, steps: int, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        (self.steps,) = layer_counts(steps=steps)

    def build(self, input_shape, conditional=True):
        """Create the steps; `input_shape` is `(None, D)`, `conditional` is False for no context."""
        size = input_shape[-1]
        context_size = 2 * size if conditional else 0
        self.chain = [self.step(size, context_size, bool(i % 2)) for i in range(self.steps)]
        for step in self.chain:
            ensure_built(step, input_shape)

    def step(self, size: int, context_size: int, reverse: bool) -> keras.layers.Layer:
        """Make one step for D = `size` and contexts `[B, context_size]` (0: no context)."""
        raise NotImplementedError

    def forward(
        self, u: tf.Tensor, context: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Map u to z and log |det dz/du|, `[..., B, D]` and `[..., B]` in nats."""
        total, shape = 0.0, u.shape
        for step in self.chain:
            u, log_det = step.forward(u, context)
            total += log_det
        return tf.ensure_shape(u, shape), total

    def inverse(
        self, z: tf.Tensor, context: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Map z to u and log |det dz/du|, `[..., B, D]` and `[..., B]` in nats."""
        total, shape = 0.0, z.shape
        for step in reversed(self.chain):
            z, log_det = step.inverse(z, context)
            total += log_det
        return tf.ensure_shape(z, shape), total

    def bijector(self, context: tf.Tensor | None = None) -> FlowBijector:
        """Return f as a `tfp.bijectors.Bijector` for `[..., B, D]`."""
        return FlowBijector(self, context)

    def wrap(self, base: tfd.Distribution) -> FlowNormal:
        """Make the `FlowNormal` of a base, batch `[B, D]`, whose moments are the context."""
        normal = as_normal(base)
        context = tf.concat([normal.loc, tf.math.log(normal.scale)], -1)
        return FlowNormal(base, self.bijector(context))
