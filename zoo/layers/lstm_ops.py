"""LSTM over whole sequences: plain operations, and a compiled version with a custom gradient.

    z_t = x_t kernel + bias + h_(t-1) recurrent
    i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o); g = tanh(z_g)
    c_t = f c_(t-1) + i g; h_t = o tanh(c_t); h_0 = c_0 = 0

Both versions map x `[B, T, F]` (or `[B, 1, F]`, repeated at each of `length` steps), kernel
`[F, 4U]`, recurrent `[U, 4U]` and bias `[4U]` to all h, `[B, T, U]`. The gates are in the order i,
f, g, o.
"""

import numpy as np
import tensorflow as tf

from zoo.layers.batch_split import map_in_halves


def plain(x, kernel, recurrent, bias, length):
    """LSTM as a loop of plain operations, which can be exported and differentiated."""
    gates, recurrent = _gates(x, kernel, recurrent, bias)
    batch, units = tf.shape(x)[0], recurrent.shape[0]
    zeros = tf.zeros([batch, units], recurrent.dtype)

    def step(t, h, c, hs):
        h, c, _ = _cell(_at(gates, t) + h @ recurrent, c)
        # TFLite does not support a TensorArray with a variable batch size.
        return t + 1, h, c, tf.tensor_scatter_nd_update(hs, [[t]], h[None])

    hs = tf.zeros([length, batch, units], recurrent.dtype)
    return tf.transpose(_loop(length, step, (zeros, zeros, hs))[-1], [1, 0, 2])


def step(x, kernel, recurrent, bias, h, c):
    """Compute the next h and c from x `[B, F]`, one step of the sequences."""
    gates, recurrent = _gates(x[:, None], kernel, recurrent, bias)
    h, c, _ = _cell(gates[0] + h @ recurrent, c)
    return h, c


def compiled(x, kernel, recurrent, bias, length, allow_split=True):
    """LSTM compiled by XLA, with a custom gradient, for the halves of the batch in parallel.

    The matrix products of a step are too small for two cores, so each core computes half of the
    batch, unless `allow_split` is False. The loop of the gradient carries only the state: factors
    that do not depend on it are computed before the loop, and the gradients of the weights after
    it, by one matrix product.
    """
    length = tf.convert_to_tensor(length)

    def states(half):
        return _states(half, kernel, recurrent, bias, length)

    return map_in_halves(states, x, when=allow_split)


def _gates(x, kernel, recurrent, bias):
    """Contribution of the input to all z, time first, and the recurrent weights.

    Both are halved for the sigmoid gates, because sigmoid(z) = (1 + tanh(z / 2)) / 2.
    """
    half = _half(recurrent.shape[0], recurrent.dtype)
    x = tf.transpose(x, [1, 0, 2])
    return tf.tensordot(x, kernel * half, 1) + bias * half, recurrent * half


def _half(units, dtype):
    return tf.constant(np.repeat([0.5, 0.5, 1.0, 0.5], units), dtype)


def _cell(z, c):
    """Compute h, c and the four activations with a single tanh, from z halved as in `_gates`."""
    half = _half(c.shape[1], c.dtype)
    a = tf.tanh(z) * half + (1.0 - half)
    i, f, g, o = tf.split(a, 4, -1)
    c = f * c + i * g
    return o * tf.tanh(c), c, a


def _at(gates, t):
    return gates[0 if gates.shape[0] == 1 else t]


@tf.custom_gradient
def _states(x, kernel, recurrent, bias, length):
    """All h, `[B, T, U]`."""
    hs, cs, activations = _forward(x, kernel, recurrent, bias, length)

    def gradient(upstream):
        dz, *weights, bias = _backward(x, recurrent, cs, activations, upstream)
        if x.shape[1] == 1:
            dz = tf.reduce_sum(dz, 0, keepdims=True)
        # Outside of the XLA program, so that TensorFlow skips it if d_x is not needed.
        d_x = tf.transpose(tf.tensordot(dz, tf.transpose(kernel), 1), [1, 0, 2])
        return d_x, *weights, bias[0], None

    return hs, gradient


@tf.function(jit_compile=True, autograph=False)
def _forward(x, kernel, recurrent, bias, length):
    """All h, `[B, T, U]`; all c, `[T, B, U]`, and activations, `[T, B, 4U]`."""
    gates, recurrent = _gates(x, kernel, recurrent, bias)
    units, dtype = recurrent.shape[0], recurrent.dtype

    def step(t, h, c, cs, activations):
        h, c, a = _cell(_at(gates, t) + h @ recurrent, c)
        return t + 1, h, c, cs.write(t, c), activations.write(t, a)

    zeros = tf.zeros([tf.shape(x)[0], units], dtype)
    arrays = [_array(dtype, length, [x.shape[0], n * units]) for n in (1, 4)]
    *_, cs, activations = _loop(length, step, (zeros, zeros, *arrays))
    cs, activations = cs.stack(), activations.stack()
    return tf.transpose(_hidden(cs, activations), [1, 0, 2]), cs, activations


@tf.function(jit_compile=True, autograph=False)
def _backward(x, recurrent, cs, activations, upstream):
    """Gradients of z, `[T, B, 4U]`, and of kernel, recurrent and bias."""
    length, units = tf.shape(cs)[0], recurrent.shape[0]
    upstream = tf.transpose(upstream, [1, 0, 2])
    i, f, g, o = tf.split(activations, 4, -1)
    tanh_c = tf.tanh(cs)
    previous_cs = tf.concat([tf.zeros_like(cs[:1]), cs[:-1]], 0)
    # dz = (dc, dc, dc, dh) * slopes; a sigmoid's slope is a (1 - a), a tanh's 1 - a^2.
    slopes = tf.concat(
        [
            g * i * (1.0 - i),
            previous_cs * f * (1.0 - f),
            i * (1.0 - g * g),
            tanh_c * o * (1.0 - o),
        ],
        -1,
    )
    d_c_of_h = o * (1.0 - tanh_c * tanh_c)
    transposed = tf.transpose(recurrent)

    def step(s, dh, dc, dzs):
        t = length - 1 - s
        dh += upstream[t]
        dc += dh * d_c_of_h[t]
        dz = tf.concat([dc, dc, dc, dh], -1) * slopes[t]
        return s + 1, dz @ transposed, dc * f[t], dzs.write(t, dz)

    zeros = tf.zeros_like(cs[0])
    array = _array(cs.dtype, length, [cs.shape[1], 4 * units])
    dz = _loop(length, step, (zeros, zeros, array))[-1].stack()
    # The gradients of all weights are one product, because z = (x, h, 1) (kernel; recurrent; bias).
    h = tf.concat([tf.zeros_like(cs[:1]), _hidden(cs, activations)[:-1]], 0)
    x = tf.broadcast_to(tf.transpose(x, [1, 0, 2]), [length, tf.shape(h)[1], x.shape[2]])
    rows = tf.concat([x, h, tf.ones_like(h[..., :1])], -1)
    flat = tf.reshape(rows, [-1, rows.shape[-1]]), tf.reshape(dz, [-1, 4 * units])
    weights = tf.matmul(*flat, transpose_a=True)
    return dz, *tf.split(weights, [x.shape[-1], units, 1], 0)


def _hidden(cs, activations):
    return activations[..., -cs.shape[-1] :] * tf.tanh(cs)


def _array(dtype, length, shape):
    return tf.TensorArray(dtype, length, element_shape=shape)


def _loop(length, step, state):
    return tf.while_loop(
        lambda t, *_: t < length,
        step,
        (tf.constant(0), *state),
        parallel_iterations=1,
        maximum_iterations=length,
    )
