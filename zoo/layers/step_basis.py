"""Projection of series on functions of the step, and series as combinations of these functions.

The functions phi_0(t), ..., phi_width(t) are the constant 1 and `positions.step_encoding`: they
depend on the step alone, so they exist for series of any length, and padding does not change them.
"""

import keras
import tensorflow as tf

from zoo.core.argument_values import positive
from zoo.core.identifiers import as_regularizer
from zoo.core.serialization import component, ensure_built
from zoo.layers.positions import step_encoding

# In steps. Within a window, waves that are several times as long hardly differ from each other:
# with 1000, as for the inputs of recurrent layers, training is slower.
MAX_PERIOD = 256


def step_basis(length, width):
    """The constant 1, and sines and cosines with periods of 4 to 256 steps, `[length, width + 1]`.

    The type is float32.
    """
    waves = step_encoding(length, width, MAX_PERIOD)
    return tf.pad(waves, [[0, 0], [1, 0]], constant_values=1.0)


@component
class BasisProjection(keras.layers.Layer):
    """Moments of a sequence with functions of the step: m_k = 1/n sum_(t < n) phi_k(t) h_t.

    They are linear in h, and all steps contribute to them directly, whereas the last state of a
    recurrent layer holds early steps only as far as it was trained to keep them.

    Args:
        width: number of sines and cosines.

    Call: `[B, T, F]` and the lengths n `[B]` -> `[B, (width + 1) F]`; zeros where n is 0.
    """

    def __init__(self, width: int, **kwargs):
        super().__init__(**kwargs)
        (self.width,) = positive(width=width)

    def build(self, input_shape):
        del input_shape

    def compute_output_shape(self, input_shape):
        return (input_shape[0], (self.width + 1) * input_shape[-1])

    def call(self, h: tf.Tensor, n: tf.Tensor) -> tf.Tensor:
        steps, n = tf.shape(h)[1], tf.expand_dims(n, -1)
        # TFLite cannot index dimensions of unknown size, as in n[:, None].
        weights = tf.cast(tf.range(steps) < n, h.dtype) / tf.cast(tf.maximum(n, 1), h.dtype)
        basis = tf.expand_dims(tf.cast(step_basis(steps, self.width), h.dtype), 0)
        moments = tf.matmul(basis, h * tf.expand_dims(weights, -1), transpose_a=True)
        return tf.reshape(moments, [-1, (self.width + 1) * h.shape[-1]])


@component
class BasisExpansion(keras.layers.Layer):
    """Series that is linear in the code at each step: x_t = sum_k phi_k(t) A_k z.

    Oreshkin et al., N-BEATS, 2020, section 3.3.

    Args:
        width: number of sines and cosines.
        channels: C.
        kernel_regularizer: regularizer of all A.

    Call: code `[B, D]` and the number of steps T -> `[B, T, C]`.
    """

    def __init__(self, width: int, channels: int, *, kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        self.width, self.channels = positive(width=width, channels=channels)
        self.kernel_regularizer = as_regularizer(kernel_regularizer)
        self.coefficients = keras.layers.Dense(
            (width + 1) * channels,
            use_bias=False,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="coefficients",
        )

    def build(self, input_shape):
        ensure_built(self.coefficients, input_shape)

    def call(self, code: tf.Tensor, length: int | tf.Tensor) -> tf.Tensor:
        coefficients = self.coefficients(code)
        coefficients = tf.reshape(coefficients, [-1, self.width + 1, self.channels])
        basis = tf.cast(step_basis(length, self.width), coefficients.dtype)
        return tf.matmul(tf.expand_dims(basis, 0), coefficients)
