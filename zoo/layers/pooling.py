"""From a sequence of states to one: over the positions that are there."""

import keras
import tensorflow as tf

from zoo.core.serialization import component, ensure_built


@component
class MeanPooling(keras.layers.Layer):
    """The mean over positions; zeros where there is none."""

    def build(self, input_shape):
        del input_shape

    def call(self, h, rows):
        """PackedBatch `[M, width]` -> `[B, width]`."""
        count = tf.reduce_sum(tf.cast(rows.seen, h.dtype), -1, keepdims=True)
        return tf.reduce_sum(rows.put(h), 1) / tf.maximum(count, 1)


@component
class AttentionPooling(keras.layers.Layer):
    """sum_t w_t h_t, w = softmax over positions of a learned score of h_t; zeros where none is.

    Yang et al., Hierarchical attention networks for document classification, 2016.
    """

    def build(self, input_shape):
        self.score = keras.layers.Dense(1, use_bias=False, dtype=self.dtype_policy, name="score")
        ensure_built(self.score, input_shape)

    def call(self, h, rows):
        """PackedBatch `[M, width]` -> `[B, width]`."""
        score = tf.cast(rows.put(self.score(h))[..., 0], tf.float32)
        score = tf.where(rows.seen, score, -1e9)
        weights = tf.where(rows.seen, tf.nn.softmax(score), 0.0)
        return tf.reduce_sum(tf.cast(weights, h.dtype)[..., None] * rows.put(h), 1)


POOLINGS = {"mean": MeanPooling, "attention": AttentionPooling}
