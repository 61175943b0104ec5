"""Element-wise work as XLA programs of its own within a plain graph.

A graph runs each operation by itself, over memory; its products are the processor's best. XLA makes
one pass of a whole formula. So in training what is between two products is compiled alone, forward
and backward, and keeps nothing but its inputs. Elsewhere it stays plain: a program is compiled for
each size that it meets.
"""

import tensorflow as tf

from zoo import tracing


def island(function):
    """`function` of tensors -> the same with `training`; one output, same values and gradients."""

    def gradient(inputs, upstream):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            output = function(*inputs)
        return tape.gradient(output, inputs, output_gradients=upstream)

    options = dict(jit_compile=True, autograph=False, reduce_retracing=False)
    forward, backward = tf.function(function, **options), tf.function(gradient, **options)

    @tf.custom_gradient
    def compiled(*inputs):
        return forward(*inputs), lambda upstream: backward(inputs, upstream)

    def call(*inputs, training=False):
        return (compiled if training and tracing.is_plain_graph() else function)(*inputs)

    return call


@island
def gelu(x):
    """x P(N(0, 1) <= x): Hendrycks and Gimpel, 2016."""
    return tf.nn.gelu(x)


@island
def layer_norm(x, scale, offset):
    """(x - mean) / sqrt(variance + 1e-6) over the last axis, in float32; then scale and offset.

    Ba et al., Layer normalization, 2016.
    """
    wide = tf.cast(x, tf.float32)
    centred = wide - tf.reduce_mean(wide, -1, keepdims=True)
    variance = tf.reduce_mean(tf.square(centred), -1, keepdims=True)
    normed = tf.cast(centred * tf.math.rsqrt(variance + 1e-6), x.dtype)
    return normed * scale + offset
