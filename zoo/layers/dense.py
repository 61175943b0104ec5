"""Residual dense layers."""

from collections.abc import Callable

import keras
import tensorflow as tf

from zoo.core.argument_values import positive
from zoo.core.identifiers import as_regularizer
from zoo.core.serialization import component, ensure_built
from zoo.layers.packed import LayerNormalization

SILU_GAIN = 2.0  # the slope of SiLU at 0 is 1 / 2


@component
class ResidualDense(keras.layers.Layer):
    """Residual dense block: x + dense(activation(dense(norm(x)))) for x `[B, width]`.

    He et al., Identity mappings in deep residual networks, 2016; Ba et al., Layer normalization,
    2016.

    Args:
        width: width of x.
        activation: as in `keras.layers.Activation`.
        kernel_regularizer: as in `keras.layers.Dense`.
    """

    def __init__(
        self,
        width: int,
        *,
        activation: str | Callable = "relu",
        kernel_regularizer: keras.regularizers.Regularizer | str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        (self.width,) = positive(width=width)
        self.activation = activation
        self.kernel_regularizer = as_regularizer(kernel_regularizer)
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

    def call(self, x: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        del training
        # The activation is inside the branch, because TensorFlow's graph optimizer fails, with long
        # warnings, on an activation of the sum of a dense layer and another tensor.
        first, second = self.dense
        return x + second(self.act(first(self.norm(x))))


def dense_stack(widths, activation, kernel_regularizer, dtype):
    """List of dense layers with the given widths, first to last."""
    return [
        keras.layers.Dense(
            width,
            activation=activation,
            kernel_initializer=initializer_before(activation),
            kernel_regularizer=kernel_regularizer,
            dtype=dtype,
        )
        for width in widths
    ]


def initializer_before(activation):
    """Initializer of the kernel of a dense layer with an activation: Glorot's, larger for SiLU.

    SiLU halves small values, so that with Glorot's kernels little of a code of few dimensions
    reaches the next layers at first. docs/performance-notes.md has what other gains give.
    """
    is_silu = keras.activations.get(activation) is keras.activations.silu
    gain = SILU_GAIN if is_silu else 1.0
    return keras.initializers.VarianceScaling(gain**2, "fan_avg", "uniform")
