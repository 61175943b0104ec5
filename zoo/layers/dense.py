"""Residual dense layers."""

import keras

from zoo.core.serialization import component, ensure_built, positive
from zoo.layers.packed import LayerNormalization


@component
class ResidualDense(keras.layers.Layer):
    """x + dense(activation(dense(normalised x))), `[B, width]`; the inner layer is as wide.

    He et al., Identity mappings in deep residual networks, 2016; Ba et al., Layer normalization,
    2016.

    Args:
        width: of x.
        activation: as in `keras.layers.Activation`.
        kernel_regularizer: as in `keras.layers.Dense`.
    """

    def __init__(self, width, *, activation="relu", kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        (self.width,) = positive(width=width)
        self.activation = activation
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.norm = LayerNormalization(dtype=self.dtype_policy)
        self.act = keras.layers.Activation(activation, dtype=self.dtype_policy)
        self.dense = [
            keras.layers.Dense(
                width, kernel_regularizer=self.kernel_regularizer, dtype=self.dtype_policy
            )
            for _ in range(2)
        ]

    def build(self, input_shape):
        for layer in (self.norm, *self.dense):
            ensure_built(layer, input_shape)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def call(self, x, training=None):
        del training
        # The sum is not what is activated: TensorFlow's optimizer of graphs trips over dense layers
        # whose sum with something else is, and says so at length.
        first, second = self.dense
        return x + second(self.act(first(self.norm(x))))


def dense_stack(widths, activation, kernel_regularizer, dtype):
    """Dense layers of these widths, in order."""
    return [
        keras.layers.Dense(
            width, activation=activation, kernel_regularizer=kernel_regularizer, dtype=dtype
        )
        for width in widths
    ]
