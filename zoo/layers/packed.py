"""Dropout and layer normalization for packed and other batches."""

import keras
import tensorflow as tf

from zoo.core.argument_values import fraction
from zoo.core.random import SeedStream, uniform
from zoo.core.serialization import component
from zoo.layers import fused_ops


@component
class Dropout(keras.layers.Layer):
    """Dropout: in training each value becomes 0 with probability `rate`, else x / (1 - rate).

    Like `keras.layers.Dropout`, but the state of the seed is saved with the weights, so that
    resumed training drops the same units as uninterrupted training. Srivastava et al., 2014.

    Args:
        rate: a fraction in [0, 1).
    """

    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
        fraction(rate=rate)
        self.rate = rate
        self._seeds = SeedStream()
        self.seed_state = self._seeds.state

    def build(self, input_shape):
        del input_shape

    def call(self, x, packed=None, training=None):
        """Apply dropout to x, or to the rows of a `PackedBatch` with one mask for each example."""
        if not training or not self.rate:
            return x
        return tf.where(self.keep_mask(x, packed), x / (1 - self.rate), tf.zeros_like(x))

    def keep_mask(self, x, packed=None):
        """Draw a mask in the shape of x, True with probability 1 - rate.

        With a `PackedBatch` all positions of an example have the same mask: Gal and Ghahramani, A
        theoretically grounded application of dropout in recurrent neural networks, 2016.
        """
        seed = self._seeds.next()
        if packed is None:
            return uniform(tf.shape(x), seed) >= self.rate
        shape = tf.concat([tf.shape(packed.mask)[:1], x.shape[1:]], 0)
        return tf.gather(uniform(shape, seed) >= self.rate, packed.example)


@component
class LayerNormalization(keras.layers.Layer):
    """`keras.layers.LayerNormalization(epsilon=1e-6)` over the last axis, faster in training."""

    def build(self, input_shape):
        width = input_shape[-1:]
        self.gamma = self.add_weight(shape=width, initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=width, initializer="zeros", name="beta")

    def call(self, x, training=None):
        weights = (tf.cast(tf.convert_to_tensor(w), x.dtype) for w in (self.gamma, self.beta))
        return fused_ops.layer_norm(x, *weights, training=training)
