"""Arrays, layers and gradients that the tests of sequence layers share."""

import keras
import numpy as np
import tensorflow as tf

WIDTH, HEADS, HIDDEN = 8, 2, 12
MASK = np.array([[1, 1, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0]], bool)
GAPS = np.array([[0, 1, 0], [1, 0, 1]], bool)


def numbers(*shape, seed=0):
    """Standard normal numbers, float32."""
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def perturbed(layer, seed=0):
    """The layer with noise on all weights, so that zeros and ones cannot hide an error."""
    rng = np.random.default_rng(seed)
    for weight in layer.trainable_variables:
        weight.assign_add(0.3 * rng.standard_normal(weight.shape))
    return layer


def built(layer, *shape):
    """The layer, built for inputs of this shape, with perturbed weights."""
    layer.build(shape)
    return perturbed(layer)


def gradients(function, x, variables):
    """Values, and gradients of a weighted sum of them with respect to x and the variables."""
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
        total = tf.reduce_sum(y * numbers(*y.shape, seed=9))
    slopes = tape.gradient(total, [x, *(v.value for v in variables)])
    return [np.asarray(y), *map(np.asarray, slopes)]


def plain_block(block, h, mask):
    """Formula of a transformer block over a padded batch `[B, T, W]`, with Keras' attention."""
    norms = [keras.layers.LayerNormalization(epsilon=1e-6) for _ in range(2)]
    for norm, ours in zip(norms, block.norms, strict=True):
        norm.build(h.shape)
        norm.set_weights(ours.get_weights())
    attention = keras.layers.MultiHeadAttention(HEADS, WIDTH // HEADS)
    attention.build(h.shape, h.shape)
    kernel, bias = block.qkv.get_weights()
    weights = []
    for w, b in zip(np.split(kernel, 3, -1), np.split(bias, 3), strict=True):
        weights += [w.reshape(WIDTH, HEADS, -1), b.reshape(HEADS, -1)]
    kernel, bias = block.out.get_weights()
    attention.set_weights([*weights, kernel.reshape(HEADS, -1, WIDTH), bias])

    normed = norms[0](h)
    h += attention(normed, normed, attention_mask=mask)
    (up, up_bias), (down, down_bias) = block.up.get_weights(), block.down.get_weights()
    x = norms[1](h) @ up + up_bias
    gelu = x * 0.5 * (1 + tf.math.erf(x / 2**0.5))
    return h + gelu @ down + down_bias
