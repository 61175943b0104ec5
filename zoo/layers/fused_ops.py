"""Element-wise work as XLA programs of its own within a plain graph.

A graph runs each operation by itself, over memory; its products are the processor's best. XLA makes
one pass of a whole formula. So in training what is between two products is compiled alone, forward
and backward, and keeps nothing but its inputs. Elsewhere it stays plain: a program is compiled for
each size that it meets.

A program here may run twice at once, for two halves of a batch, so it holds no reduction: XLA hands
these to YNNPACK, whose code for them it makes at the first run, and two first runs at once bring
the process down (seen with TensorFlow 2.21). A sum is a product with ones instead, and as fast.
"""

import tensorflow as tf

from zoo.core import execution

PROGRAM = dict(jit_compile=True, autograph=False, reduce_retracing=False)


def fused_op(function):
    """`function` of tensors -> the same with `training`; one output, same values and gradients."""

    def gradient(inputs, upstream):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            output = function(*inputs)
        return tape.gradient(output, inputs, output_gradients=upstream)

    forward, backward = tf.function(function, **PROGRAM), tf.function(gradient, **PROGRAM)

    @tf.custom_gradient
    def compiled(*inputs):
        return forward(*inputs), lambda upstream: backward(inputs, upstream)

    def call(*inputs, training=False):
        return (compiled if training and execution.is_plain_graph() else function)(*inputs)

    return call


@fused_op
def gelu(x):
    """x P(N(0, 1) <= x): Hendrycks and Gimpel, 2016."""
    return tf.nn.gelu(x)


def layer_norm(x, scale, offset, training=False):
    """(x - mean) / sqrt(variance + 1e-6) over the last axis, in float32; then scale and offset.

    Ba et al., Layer normalization, 2016. x is `[M, C]`.
    """
    if training and execution.is_plain_graph():
        return _layer_norm(x, scale, offset)
    return _normed(x)[0] * scale + offset


@tf.custom_gradient
def _layer_norm(x, scale, offset):
    def gradient(upstream):
        d_x, of_scale = _backward(x, scale, upstream)
        return d_x, _sums(of_scale), _sums(upstream)

    return _forward(x, scale, offset), gradient


@tf.function(**PROGRAM)
def _forward(x, scale, offset):
    return _normed(x)[0] * scale + offset


@tf.function(**PROGRAM)
def _backward(x, scale, upstream):
    """d_x, and what each row adds to d_scale.

    d_x = (d_n - mean d_n - n mean(d_n n)) / deviation, n the normed x, d_n = upstream scale.
    """
    normed, inverse = _normed(x)
    d_n, n = (tf.cast(a, tf.float32) for a in (upstream * scale, normed))
    d_x = tf.cast((d_n - _mean(d_n) - n * _mean(d_n * n)) * inverse, x.dtype)
    return d_x, upstream * normed


def _normed(x):
    """x without its mean and at variance 1, in x's dtype, and 1 / deviation."""
    wide = tf.cast(x, tf.float32)
    centred = wide - _mean(wide)
    inverse = tf.math.rsqrt(_mean(tf.square(centred)) + 1e-6)
    return tf.cast(centred * inverse, x.dtype), inverse


def _sums(x):
    """Of columns. Not in a program: XLA multiplies a formula far more slowly than an array."""
    return tf.matmul(tf.ones([1, tf.shape(x)[0]], x.dtype), x)[0]


def _mean(x):
    """Over the last axis, `[M, 1]`."""
    return tf.matmul(x, tf.fill([x.shape[-1], 1], 1.0 / x.shape[-1]))
