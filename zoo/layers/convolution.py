"""Convolutional layers: upsampling convolution and residual blocks."""

from collections.abc import Callable

import keras
import tensorflow as tf

from zoo.core.argument_values import (
    as_tuple,
    layer_counts,
    not_empty,
    one_of,
    positive,
    positive_tuples,
)
from zoo.core.identifiers import as_regularizer, keras_object
from zoo.core.serialization import component, ensure_built
from zoo.layers.normalization import normalization_layer


def check_stages(widths, blocks, stem_strides):
    """Check the sizes of a residual network and return them as Python integers.

    Raises:
        ValueError: an argument is not made of positive integers, `widths` is empty, or
            `stem_strides` is neither 1 nor 2.
    """
    (widths,) = positive_tuples(widths=widths)
    not_empty(widths=widths)
    (blocks,), (stem_strides,) = layer_counts(blocks=blocks), positive(stem_strides=stem_strides)
    one_of((1, 2), stem_strides=stem_strides)
    return widths, blocks, stem_strides


@component
class UpsampleConv2D(keras.layers.Layer):
    """Nearest-neighbour upsampling by 2, then a 3x3 'same' convolution, cropped to `size`.

    Both are computed as one stride-2 transposed convolution with the 4x4 kernel A K A', where A is
    `KERNEL_MAP` and K the 3x3 kernel. This takes 16 multiplications for each block of 2x2 outputs
    instead of 36, and the upsampled map is not computed. The weights are those of K.

    Args:
        filters: output channels.
        size: (height, width) of the output; each is twice that of the input, or one less.
        use_bias, kernel_initializer, kernel_regularizer: as in `keras.layers.Conv2D`.
    """

    # Entry (t, k) is 1 if kernel row k contributes to the t-th of the four output rows that one
    # input row affects.
    KERNEL_MAP = ((0.0, 0.0, 1.0), (0.0, 1.0, 1.0), (1.0, 1.0, 0.0), (1.0, 0.0, 0.0))

    def __init__(
        self,
        filters: int,
        size: tuple[int, int],
        use_bias: bool = True,
        kernel_initializer: keras.initializers.Initializer | str = "glorot_uniform",
        kernel_regularizer: keras.regularizers.Regularizer | str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        (self.filters,), (self.size,) = positive(filters=filters), positive_tuples(size=size)
        if len(self.size) != 2:
            raise ValueError(f"size must be (height, width), got {size!r}")
        self.use_bias = use_bias
        self.kernel_initializer = keras_object(
            keras.initializers, kernel_initializer, "kernel_initializer"
        )
        self.kernel_regularizer = as_regularizer(kernel_regularizer)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=(3, 3, input_shape[-1], self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            name="kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.size, self.filters)

    def call(self, x):
        a = tf.constant(self.KERNEL_MAP, x.dtype)
        kernel = tf.einsum("ta,abio,ub->tuoi", a, tf.cast(self.kernel, x.dtype), a)
        shape = (tf.shape(x)[0], 2 * x.shape[1], 2 * x.shape[2], self.filters)
        y = tf.nn.conv2d_transpose(x, kernel, shape, strides=2, padding="SAME")
        if self.use_bias:
            y = tf.nn.bias_add(y, tf.cast(self.bias, y.dtype))
        return _crop(y, self.size)


def upsample(x, size):
    """Upsample `[B, H, W, C]` by 2 with nearest neighbours, and crop to `size`."""
    return _crop(tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2), size)


def _crop(x, size):
    return x if tuple(x.shape[1:3]) == tuple(size) else x[:, : size[0], : size[1]]


class _Block(keras.layers.Layer):
    """Base class of residual blocks: two convolutions plus a skip connection.

    A subclass sets `first`, the first convolution, and implements `projection(input_shape)`, which
    returns the layer of the skip connection or None, and `shortcut(skipped)`, which is applied to
    that layer's output.
    """

    def __init__(
        self,
        width: int,
        *,
        normalization: str | None = "batch",
        activation: str | Callable = "relu",
        kernel_regularizer: keras.regularizers.Regularizer | str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        (self.width,) = positive(width=width)
        self.normalization, self.activation = normalization, activation
        self.kernel_regularizer = as_regularizer(kernel_regularizer)
        # The residual branch starts at zero, so that a block starts as its skip connection and deep
        # stacks train faster. Goyal et al., 2017; Zhang et al., Fixup, 2019.
        self.norms = [
            normalization_layer(normalization, width, self.dtype_policy, scale)
            for scale in ("ones", "zeros")
        ]
        self.act = keras.layers.Activation(activation, dtype=self.dtype_policy)
        self.second = self.convolution(3, initializer="he_normal" if normalization else "zeros")
        self.skip, self.skip_norm = None, None

    def convolution(self, kernel_size, strides=1, initializer="he_normal"):
        return keras.layers.Conv2D(
            self.width,
            kernel_size,
            strides=strides,
            padding="same",
            data_format="channels_last",
            use_bias=self.normalization is None,
            kernel_initializer=initializer,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
        )

    def build(self, input_shape):
        ensure_built(self.first, input_shape)
        inner = self.first.compute_output_shape(input_shape)
        for layer in (*self.norms, self.second, self.act):
            ensure_built(layer, inner)
        self.skip = self.projection(input_shape)
        if self.skip is not None:
            self.skip_norm = normalization_layer(self.normalization, self.width, self.dtype_policy)
            ensure_built(self.skip, input_shape)
            ensure_built(self.skip_norm, self.skip.compute_output_shape(input_shape))

    def compute_output_shape(self, input_shape):
        return self.first.compute_output_shape(input_shape)

    def skip_inputs(self, x):
        """Inputs of the layer of the skip connection."""
        return x

    def call(self, x, training=None):
        y = self.act(self.norms[0](self.first(x), training=training))
        y = self.norms[1](self.second(y), training=training)
        if self.skip is not None:
            x = self.skip_norm(self.skip(self.skip_inputs(x)), training=training)
        return self.act(y + self.shortcut(x))


@component
class ResidualBlock(_Block):
    """Residual block of two 3x3 convolutions and a skip connection.

    With `strides=2` it halves the image, rounding up. The skip connection is the identity if input
    and output have the same shape, otherwise a 1x1 convolution. He et al., 2016.

    Args:
        width: output channels.
        strides: strides of the first convolution.
        normalization: `"batch"`, `"group"` or None, after each convolution.
        activation: as in `keras.layers.Activation`.
        kernel_regularizer: as in `keras.layers.Conv2D`, for all convolutions.
    """

    def __init__(self, width: int, *, strides: int = 1, **kwargs):
        super().__init__(width, **kwargs)
        (self.strides,) = positive(strides=strides)
        self.first = self.convolution(3, self.strides)

    def projection(self, input_shape):
        same = input_shape[-1] == self.width and self.strides == 1
        return None if same else self.convolution(1)

    def skip_inputs(self, x):
        # As strides of the 1x1 convolution would do, whose gradient by oneDNN writes beyond its
        # memory for few channels and an odd number of images (TensorFlow 2.21).
        return x if self.strides == 1 else x[:, :: self.strides, :: self.strides]

    def shortcut(self, skipped):
        return skipped


@component
class UpsampleResidualBlock(_Block):
    """Residual block that doubles the height and width of the image and crops it to `size`.

    Cropping reverses the encoder's rounding up of odd sizes.

    Args:
        width: output channels.
        size: (height, width) of the output, as in `UpsampleConv2D`.
        **kwargs: as in `ResidualBlock`.
    """

    def __init__(self, width: int, size: tuple[int, int], **kwargs):
        super().__init__(width, **kwargs)
        self.size = as_tuple(size)
        self.first = UpsampleConv2D(
            width,
            self.size,
            use_bias=self.normalization is None,
            kernel_initializer="he_normal",
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
        )

    def projection(self, input_shape):
        # A 1x1 convolution commutes with upsampling; before upsampling it costs a quarter.
        return None if input_shape[-1] == self.width else self.convolution(1)

    def shortcut(self, skipped):
        return upsample(skipped, self.size)
