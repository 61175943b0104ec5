"""Normalization layers by name."""

import math

import keras
import tensorflow as tf

from zoo.core.serialization import component
from zoo.core.suggestions import nearest


@component
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' batch normalization as one fused kernel; replicas share their statistics.

    Values, gradients and moving averages equal those of Keras' layer, which runs several kernels.
    """

    def __init__(self, momentum: float = 0.9, epsilon: float = 1e-3, **kwargs):
        super().__init__(momentum=momentum, epsilon=epsilon, synchronized=True, **kwargs)

    def call(self, inputs, training=None, mask=None):
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        if len(inputs.shape) != 4 or mask is not None or (training and replicas > 1):
            return super().call(inputs, training=training, mask=mask)
        if not (training and self.trainable):
            return self._fused(inputs, self.moving_mean, self.moving_variance, False)[0]
        outputs, mean, variance = self._fused(inputs, [], [], True)
        # The kernel returns the unbiased variance; Keras averages the biased one.
        n = tf.cast(tf.size(inputs) / tf.shape(inputs)[-1], variance.dtype)
        self._move(self.moving_mean, mean)
        self._move(self.moving_variance, variance * (tf.maximum(n, 2.0) - 1.0) / tf.maximum(n, 2.0))
        return outputs

    def _fused(self, x, mean, variance, training):
        return tf.raw_ops.FusedBatchNormV3(
            x=x,
            scale=tf.cast(self.gamma, tf.float32),
            offset=tf.cast(self.beta, tf.float32),
            mean=tf.cast(mean, tf.float32),
            variance=tf.cast(variance, tf.float32),
            epsilon=self.epsilon,
            is_training=training,
        )[:3]

    def _move(self, average, value):
        average.assign(
            average * self.momentum + tf.cast(value, average.dtype) * (1 - self.momentum)
        )


# The number of groups must divide the channels, so it is their greatest common divisor with 8.
NORMALIZATIONS = {
    "batch": lambda channels, **common: BatchNormalization(**common),
    "group": lambda channels, **common: keras.layers.GroupNormalization(
        math.gcd(8, channels), **common
    ),
    None: lambda channels, dtype, gamma_initializer: keras.layers.Identity(dtype=dtype),
}


def normalization_layer(identifier, channels, dtype, gamma_initializer="ones"):
    """Create the normalization layer of an identifier: `"batch"`, `"group"` or None."""
    named = identifier is None or isinstance(identifier, str)
    if not named or identifier not in NORMALIZATIONS:
        raise ValueError(
            "normalization must be 'batch', 'group' or None, "
            f"got {identifier!r}{nearest(identifier, ['batch', 'group'])}"
        )
    return NORMALIZATIONS[identifier](channels, dtype=dtype, gamma_initializer=gamma_initializer)
