"""Fast convolutional and normalization layers equal the plain ones."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import assert_same, values
from zoo.layers import convolution, normalization


def images(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).standard_normal(shape), tf.float32)


def gradients(layer, x, **kwargs):
    """Values, and gradients to input and weights, of a weighted sum of the outputs."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, **kwargs)
        total = tf.reduce_sum(tf.cast(y, tf.float32) * images(*y.shape, seed=9))
    slopes = tape.gradient(total, [x, *(v.value for v in layer.trainable_variables)])
    return [np.asarray(y), *map(np.asarray, slopes)]


# BatchNormalization


def normalizations(shape, **options):
    """BatchNormalization of zoo and of Keras with equal weights and moving averages."""
    pair = (
        normalization.BatchNormalization(**options),
        keras.layers.BatchNormalization(momentum=0.9),
    )
    rng = np.random.default_rng(1)
    weights = [rng.uniform(0.5, 1.5, shape[-1]) for _ in range(4)]
    for layer in pair:
        layer.build(shape)
        layer.set_weights(weights)
    return pair


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(8, 5, 6, 3), (2, 1, 1, 4), (1, 1, 1, 2)])
def test_fused_batch_normalization_equals_keras(shape, training):
    fused, plain = normalizations(shape)
    x = images(*shape) * 2.0 + 1.0

    got, expected = (gradients(layer, x, training=training) for layer in (fused, plain))

    assert_same(got, expected, rtol=1e-3, atol=1e-4)
    assert_same(values(fused.variables), values(plain.variables), rtol=1e-4, atol=1e-5)


def test_moving_averages_equal_those_of_keras_over_steps():
    fused, plain = normalizations((4, 3, 3, 2))

    for i in range(10):
        for layer in (fused, plain):
            layer(images(4, 3, 3, 2, seed=i), training=True)

    assert_same(values(fused.variables), values(plain.variables), rtol=1e-4, atol=1e-5)


def test_frozen_batch_normalization_keeps_its_statistics():
    fused, plain = normalizations((4, 3, 3, 2))
    fused.trainable = plain.trainable = False
    before = values(fused.variables)
    x = images(4, 3, 3, 2)

    np.testing.assert_allclose(fused(x, training=True), plain(x, training=True), atol=1e-4)

    assert_same(values(fused.variables), before)


def test_batch_normalization_in_bfloat16_keeps_statistics_in_float32():
    layer = normalization.BatchNormalization(dtype="mixed_bfloat16")

    y = layer(tf.cast(images(4, 3, 3, 2), tf.bfloat16), training=True)

    assert y.dtype == tf.bfloat16
    assert layer.moving_mean.dtype == "float32"


def test_batch_normalization_of_vectors_equals_keras():
    fused, plain = normalizations((6, 3))
    x = images(6, 3)

    np.testing.assert_allclose(fused(x, training=True), plain(x, training=True), atol=1e-5)


# UpsampleConv2D


class PlainUpsampleConv2D(keras.layers.Layer):
    """Double each pixel, convolve, crop."""

    def __init__(self, filters, size):
        super().__init__()
        self.conv, self.size = keras.layers.Conv2D(filters, 3, padding="same"), size

    def build(self, input_shape):
        self.conv.build(input_shape)

    def call(self, x):
        doubled = tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2)
        return self.conv(doubled)[:, : self.size[0], : self.size[1]]


@pytest.mark.parametrize("size", [(8, 10), (7, 10), (8, 9), (7, 9), (2, 2), (1, 1), (1, 2)])
def test_upsampling_convolution_equals_the_plain_one(size):
    shape = (2, -(-size[0] // 2), -(-size[1] // 2), 3)
    fast, plain = convolution.UpsampleConv2D(4, size), PlainUpsampleConv2D(4, size)
    for layer in (fast, plain):
        layer.build(shape)
    weights = [images(3, 3, 3, 4).numpy(), images(4, seed=1).numpy()]
    fast.set_weights(weights)
    plain.conv.set_weights(weights)

    got, expected = (gradients(layer, images(*shape, seed=2)) for layer in (fast, plain))

    assert got[0].shape == (2, *size, 4)
    assert_same(got, expected, rtol=1e-4, atol=1e-4)


def test_upsampling_convolution_regularizes_its_plain_kernel():
    layer = convolution.UpsampleConv2D(2, (4, 4), kernel_regularizer=keras.regularizers.L2(0.1))
    layer.build((None, 2, 2, 3))

    expected = 0.1 * (layer.kernel.numpy() ** 2).sum()

    np.testing.assert_allclose(layer.losses[0], expected, rtol=1e-5)


def test_skip_before_upsampling_equals_skip_after():
    x, conv = images(2, 3, 4, 5), keras.layers.Conv2D(2, 1)

    before = convolution.upsample(conv(x), (5, 7))
    after = conv(convolution.upsample(x, (5, 7)))

    np.testing.assert_allclose(before, after, atol=1e-5)


# Blocks


@pytest.mark.parametrize(("strides", "expected"), [(1, (2, 9, 7, 4)), (2, (2, 5, 4, 4))])
@pytest.mark.parametrize("channels", [3, 4])
def test_residual_block_has_the_shape_of_compute_output_shape(strides, expected, channels):
    block = convolution.ResidualBlock(4, strides=strides)

    assert block(images(2, 9, 7, channels)).shape == expected
    assert tuple(block.compute_output_shape((2, 9, 7, channels))) == expected


@pytest.mark.parametrize("size", [(8, 8), (9, 7)])
def test_skip_connection_that_halves_an_image_is_a_strided_convolution_of_one_pixel(size):
    block, x = convolution.ResidualBlock(4, strides=2), images(3, *size, 3)
    block.build(x.shape)

    assert block.skip.strides == (1, 1)  # the gradient of others is wrong in memory on CPUs
    expected = tf.nn.conv2d(x, block.skip.kernel, 2, "SAME")
    np.testing.assert_allclose(block.skip(block.skip_inputs(x)), expected, atol=1e-6)


def test_residual_block_is_the_identity_where_its_convolutions_are_zero():
    block = convolution.ResidualBlock(3, normalization=None)
    x = tf.abs(images(2, 4, 4, 3))
    block.build(x.shape)
    block.set_weights([np.zeros_like(w) for w in block.get_weights()])

    np.testing.assert_allclose(block(x), x)


def test_upsampling_residual_block_has_the_cropped_size():
    block = convolution.UpsampleResidualBlock(4, (9, 7))

    assert block(images(2, 5, 4, 3)).shape == (2, 9, 7, 4)


@pytest.mark.parametrize("channels", [1, 3, 8, 12])
def test_group_normalization_works_for_any_number_of_channels(channels):
    layer = normalization.normalization_layer("group", channels, "float32")

    assert layer(images(2, 3, 3, channels)).shape == (2, 3, 3, channels)


def test_unknown_normalization_suggests_the_nearest():
    with pytest.raises(
        ValueError,
        match="got 'bach'; did you mean 'batch'",
    ):
        normalization.normalization_layer("bach", 3, "float32")
