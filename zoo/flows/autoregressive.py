"""The inverse autoregressive flow."""

import keras
import tensorflow as tf

from zoo.core.serialization import as_tuple, component, ensure_built, not_empty, positive
from zoo.flows.base import Flow
from zoo.flows.conditioner import Conditioner, autoregressive_masks

# What the gate's raw number is raised by: mostly open at the start.
OPEN = 1.0


@component
class InverseAutoregressiveFlow(Flow):
    """Each dimension is moved by what the dimensions before it, and the example, say.

    z = (s * u + (1 - s) * m) / s_0, s = sigmoid(r + 1), log |det dz/du| = sum_d log(s_d / s_0),
    where m_d and r_d come from u_1 ... u_(d-1) and the context through masked dense layers, and
    s_0 = sigmoid(1) makes the first z equal u. The order of dimensions turns from step to step. A
    draw takes one pass, log_prob of a z from elsewhere D of them. Kingma et al., Improving
    variational inference with inverse autoregressive flow, 2016.

    Args:
        steps: how many such functions in a chain.
        hidden: widths of the hidden layers in each.

    Raises:
        ValueError: an argument is not made of positive integers, or hidden is empty.
    """

    def __init__(self, steps=4, hidden=(128,), **kwargs):
        super().__init__(steps, **kwargs)
        (self.hidden,) = positive(hidden=as_tuple(hidden))
        not_empty(hidden=self.hidden)

    def step(self, size, context_size, turned):
        """One gated autoregressive step."""
        return GatedStep(size, context_size, self.hidden, turned)


class GatedStep(keras.layers.Layer):
    """One step of an `InverseAutoregressiveFlow`."""

    def __init__(self, size, context_size, hidden, turned, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.size, self.turned = size, turned
        masks = autoregressive_masks(size, hidden, 2, turned)
        self.network = Conditioner(size, context_size, hidden, 2 * size, masks)

    def build(self, input_shape):
        ensure_built(self.network, input_shape)

    def forward(self, u, context=None):
        """u -> (z, log |det dz/du|)."""
        raw, shift = self._gate_and_shift(u, context)
        gate = tf.sigmoid(raw)
        z = (gate * u + (1.0 - gate) * shift) / tf.sigmoid(OPEN)
        log_det = tf.math.log_sigmoid(raw) - tf.math.log_sigmoid(OPEN)
        return z, tf.reduce_sum(log_det, -1)

    def inverse(self, z, context=None):
        """z -> (u, log |det dz/du|)."""

        order = tf.range(self.size)[:: -1 if self.turned else 1]

        def one_more(i, u):
            raw, shift = self._gate_and_shift(u, context)
            gate = tf.sigmoid(raw)
            u = (z * tf.sigmoid(OPEN) - (1.0 - gate) * shift) / gate
            return i + 1, tf.where(order <= i, u, 0.0)

        # XLA takes gradients of a loop only if it is bounded.
        start = (0, tf.zeros_like(z))
        u = tf.while_loop(lambda *_: True, one_more, start, maximum_iterations=self.size)[1]
        return u, self.forward(u, context)[1]

    def _gate_and_shift(self, u, context):
        raw, shift = tf.split(self.network(u, context), 2, -1)
        return raw + OPEN, shift
