"""Conditioner networks of flow steps, and autoregressive masks for them."""

import itertools

import keras
import numpy as np
import tensorflow as tf


class Conditioner(keras.layers.Layer):
    """Dense layers from (u, context) to the parameters of a flow step, which are initially 0.

    The first layer is elu(u K + context C + b), so u `[..., B, inputs]` and context
    `[B, context_size]` may have different leading dimensions.

    Args:
        inputs: number of input dimensions of u; 0 if the network is called with u=None.
        context_size: number of context features; 0 if the network is called with context=None.
        hidden: tuple, widths of the hidden layers.
        outputs: number of outputs.
        masks: an array of 0 and 1 for each kernel between u and the output; None for all ones.
    """

    def __init__(self, inputs, context_size, hidden, outputs, masks=None, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.inputs, self.context_size = inputs, context_size
        self.widths, self.masks = (*hidden, outputs), masks

    def build(self, input_shape=None):
        del input_shape
        first, last = self.widths[0], len(self.widths) - 1
        if self.inputs:
            self.input_kernel = self.add_weight(shape=(self.inputs, first), name="input")
        if self.context_size:
            self.context_kernel = self.add_weight(shape=(self.context_size, first), name="context")
        self.biases = [
            self.add_weight(shape=(width,), initializer="zeros", name=f"bias_{i}")
            for i, width in enumerate(self.widths)
        ]
        self.kernels = [
            self.add_weight(
                shape=(self.widths[i - 1], self.widths[i]),
                initializer="zeros" if i == last else "glorot_uniform",
                name=f"kernel_{i}",
            )
            for i in range(1, last + 1)
        ]

    def call(self, u=None, context=None):
        """Map u `[..., B, inputs]` and context `[B, context_size]` to `[..., B, outputs]`."""
        x = tf.convert_to_tensor(self.biases[0])
        if u is not None:
            x += tf.tensordot(u, self._masked(0, self.input_kernel), 1)
        if context is not None:
            x += tf.matmul(context, self.context_kernel)
        for i, kernel in enumerate(self.kernels, 1):
            x = tf.tensordot(tf.nn.elu(x), self._masked(i, kernel), 1) + self.biases[i]
        return x

    def _masked(self, i, kernel):
        kernel = tf.convert_to_tensor(kernel)
        return kernel if self.masks is None else kernel * tf.constant(self.masks[i], tf.float32)


def autoregressive_masks(size, hidden, groups, reverse):
    """Masks under which output d of each group depends only on the inputs before d.

    Each hidden unit has a degree: the number of inputs, in order, that it may depend on. A unit of
    degree 0 depends on the context alone. Germain et al., MADE: masked autoencoder for distribution
    estimation, 2015.

    Args:
        size: D, number of inputs.
        hidden: widths of the hidden layers.
        groups: number of outputs for each d: outputs are `[groups * D]`, group by group.
        reverse: True if the order runs from D down to 1.
    """
    order = np.arange(1, size + 1)[:: -1 if reverse else 1]
    degrees = [order, *(np.arange(width) * size // width for width in hidden)]
    masks = [a[:, None] <= b for a, b in itertools.pairwise(degrees)]
    return [*masks, degrees[-1][:, None] < np.tile(order, groups)]
