"""Inverse autoregressive flow."""

import keras
import tensorflow as tf

from zoo.core.argument_values import not_empty, positive_tuples
from zoo.core.serialization import component, ensure_built
from zoo.flows.base import Flow
from zoo.flows.conditioner import Conditioner, autoregressive_masks

# Added to the gate's logit, so that the gate starts mostly open.
GATE_BIAS = 1.0


@component
class InverseAutoregressiveFlow(Flow):
    """Inverse autoregressive flow: each dimension is gated by the dimensions before it.

    z = (s * u + (1 - s) * m) / s_0, s = sigmoid(r + 1), log |det dz/du| = sum_d log(s_d / s_0),
    where m_d and r_d are computed from u_1 ... u_(d-1) and the context by masked dense layers, and
    s_0 = sigmoid(1) makes the flow the identity at the start. Every other step takes the dimensions
    in reverse order. A draw costs one pass; log_prob of a z that the flow did not draw costs D
    passes. Kingma et al., Improving variational inference with inverse autoregressive flow, 2016.

    Args:
        steps: number of steps in the flow.
        hidden: widths of the hidden layers in each step.

    Raises:
        ValueError: an argument is not made of positive integers, or hidden is empty.
    """

    def __init__(self, steps: int = 4, hidden: int | tuple[int, ...] = (128,), **kwargs):
        super().__init__(steps, **kwargs)
        (self.hidden,) = positive_tuples(hidden=hidden)
        not_empty(hidden=self.hidden)

    def step(self, size: int, context_size: int, reverse: bool) -> keras.layers.Layer:
        """Make one gated autoregressive step."""
        return GatedStep(size, context_size, self.hidden, reverse)


class GatedStep(keras.layers.Layer):
    """One step of an `InverseAutoregressiveFlow`."""

    def __init__(self, size, context_size, hidden, reverse, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.size, self.reverse = size, reverse
        masks = autoregressive_masks(size, hidden, 2, reverse)
        self.network = Conditioner(size, context_size, hidden, 2 * size, masks)

    def build(self, input_shape):
        ensure_built(self.network, input_shape)

    def forward(self, u, context=None):
        """Map u to z and log |det dz/du|."""
        gate_logit, shift = self._gate_logit_and_shift(u, context)
        gate = tf.sigmoid(gate_logit)
        z = (gate * u + (1.0 - gate) * shift) / tf.sigmoid(GATE_BIAS)
        log_det = tf.math.log_sigmoid(gate_logit) - tf.math.log_sigmoid(GATE_BIAS)
        return z, tf.reduce_sum(log_det, -1)

    def inverse(self, z, context=None):
        """Map z to u and log |det dz/du|."""

        order = tf.range(self.size)[:: -1 if self.reverse else 1]

        def invert_next_dimension(i, u):
            gate_logit, shift = self._gate_logit_and_shift(u, context)
            gate = tf.sigmoid(gate_logit)
            u = (z * tf.sigmoid(GATE_BIAS) - (1.0 - gate) * shift) / gate
            return i + 1, tf.where(order <= i, u, 0.0)

        # XLA can differentiate a loop only if its number of iterations is bounded.
        state = (0, tf.zeros_like(z))
        _, u = tf.while_loop(
            lambda *_: True, invert_next_dimension, state, maximum_iterations=self.size
        )
        return u, self.forward(u, context)[1]

    def _gate_logit_and_shift(self, u, context):
        raw, shift = tf.split(self.network(u, context), 2, -1)
        return raw + GATE_BIAS, shift
