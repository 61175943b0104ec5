"""Pooling of a sequence of states over its valid positions."""

import keras
import tensorflow as tf

from zoo.core.serialization import component, ensure_built
from zoo.layers.attention import MASK_VALUE
from zoo.layers.packing import PackedBatch


@component
class MeanPooling(keras.layers.Layer):
    """Mean over the valid positions; zeros for a sequence without valid positions."""

    def build(self, input_shape):
        del input_shape

    def call(self, h: tf.Tensor, packed: PackedBatch) -> tf.Tensor:
        """Pool the rows `[M, width]` of a packed batch: `[B, width]`."""
        count = tf.reduce_sum(tf.cast(packed.mask, h.dtype), -1, keepdims=True)
        return tf.reduce_sum(packed.unpack(h), 1) / tf.maximum(count, 1)


@component
class AttentionPooling(keras.layers.Layer):
    """Attention pooling: sum_t w_t h_t, w the softmax of a learned score over valid positions.

    The result is zero for a sequence without valid positions. Yang et al., Hierarchical attention
    networks for document classification, 2016.
    """

    def build(self, input_shape):
        self.score = keras.layers.Dense(1, use_bias=False, dtype=self.dtype_policy, name="score")
        ensure_built(self.score, input_shape)

    def call(self, h: tf.Tensor, packed: PackedBatch) -> tf.Tensor:
        """Pool the rows `[M, width]` of a packed batch: `[B, width]`."""
        score = tf.cast(packed.unpack(self.score(h))[..., 0], tf.float32)
        score = tf.where(packed.mask, score, MASK_VALUE)
        weights = tf.where(packed.mask, tf.nn.softmax(score), 0.0)
        return tf.reduce_sum(tf.cast(weights, h.dtype)[..., None] * packed.unpack(h), 1)


POOLINGS = {"mean": MeanPooling, "attention": AttentionPooling}
