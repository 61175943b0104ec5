"""Fused ops: element-wise formulas that XLA compiles one by one within a graph without XLA.

A graph without XLA has the fastest matrix products, but it runs element-wise operations one after
the other, each with a pass over memory. XLA computes a whole formula in one pass. In training, each
formula between matrix products is therefore an XLA program of its own, forward and backward, and
only its inputs are stored for the gradient. Outside of training the formulas are plain operations,
because XLA would compile a program for each shape.

The two halves of a batch may run a program at the same time, so no program contains a reduction:
XLA generates YNNPACK code for reductions at the first run, and two concurrent first runs crash the
process (observed with TensorFlow 2.21). Sums are computed as products with ones instead, which are
as fast.
"""

import tensorflow as tf

from zoo.core import execution

XLA_PROGRAM = dict(jit_compile=True, autograph=False, reduce_retracing=False)


def fused_op(function):
    """Wrap a function of tensors with one output, so that XLA compiles it by itself in training.

    The wrapped function takes a further argument, `training`. Values and gradients are unchanged.
    """

    def gradient(inputs, upstream):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            output = function(*inputs)
        return tape.gradient(output, inputs, output_gradients=upstream)

    forward, backward = tf.function(function, **XLA_PROGRAM), tf.function(gradient, **XLA_PROGRAM)

    @tf.custom_gradient
    def compiled(*inputs):
        return forward(*inputs), lambda upstream: backward(inputs, upstream)

    def call(*inputs, training=False):
        return (compiled if _is_fused(training) else function)(*inputs)

    return call


def _is_fused(training):
    return training and not execution.xla_may_compile()


@fused_op
def gelu(x):
    """GELU, x P(N(0, 1) <= x): Hendrycks and Gimpel, 2016."""
    return tf.nn.gelu(x)


def layer_norm(x, scale, offset, training=False):
    """Layer normalization (x - mean) / sqrt(variance + 1e-6) over the last axis, in float32.

    Ba et al., Layer normalization, 2016. x is `[M, C]`; `scale` and `offset` are `[C]`.
    """
    if _is_fused(training):
        return _layer_norm(x, scale, offset)
    return _normalize(x)[0] * scale + offset


@tf.custom_gradient
def _layer_norm(x, scale, offset):
    def gradient(upstream):
        d_x, d_scale_of_rows = _backward(x, scale, upstream)
        return d_x, _column_sums(d_scale_of_rows), _column_sums(upstream)

    return _forward(x, scale, offset), gradient


@tf.function(**XLA_PROGRAM)
def _forward(x, scale, offset):
    return _normalize(x)[0] * scale + offset


@tf.function(**XLA_PROGRAM)
def _backward(x, scale, upstream):
    """Compute d_x, and the contribution of each row to d_scale.

    d_x = (d_n - mean d_n - n mean(d_n n)) / std, n the normalized x, d_n = upstream scale.
    """
    normalized, inverse_std = _normalize(x)
    d_n, n = (tf.cast(a, tf.float32) for a in (upstream * scale, normalized))
    d_x = tf.cast((d_n - _mean(d_n) - n * _mean(d_n * n)) * inverse_std, x.dtype)
    return d_x, upstream * normalized


def _normalize(x):
    """(x - mean) / std in x's dtype, and 1 / std."""
    x32 = tf.cast(x, tf.float32)
    centred = x32 - _mean(x32)
    inverse_std = tf.math.rsqrt(_mean(tf.square(centred)) + 1e-6)
    return tf.cast(centred * inverse_std, x.dtype), inverse_std


def _column_sums(x):
    """Sums of columns, as a product with ones.

    It is computed outside of the XLA program, in which matrix products of computed values are far
    slower.
    """
    return tf.matmul(tf.ones([1, tf.shape(x)[0]], x.dtype), x)[0]


def _mean(x):
    """Mean over the last axis, `[M, 1]`."""
    return tf.matmul(x, tf.fill([x.shape[-1], 1], 1.0 / x.shape[-1]))
