"""Encoder for images: residual convolutions with skip connections."""

from collections.abc import Callable

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import positive
from zoo.core.identifiers import as_regularizer
from zoo.core.serialization import component, ensure_built
from zoo.latents.posteriors import NormalPosterior, check_posterior
from zoo.layers.convolution import ResidualBlock, check_stages
from zoo.layers.dense import dense_stack
from zoo.layers.normalization import normalization_layer

MIN_SIZE = 8


@component
class ConvEncoder(keras.Model):
    """Residual convolutional encoder of images `[B, H, W, C]`, 8x8 or larger.

    The first layer is a 3x3 stem. It is followed by one stage for each further width: a residual
    block that halves the image (rounding up) and `blocks - 1` blocks that preserve its size. The
    feature map is then flattened and passed through an optional dense layer and the posterior head.
    He et al., Deep residual learning, 2016.

    Args:
        latent_dim: D, the number of latent dimensions.
        widths: channels of the stem and of each stage.
        blocks: number of residual blocks in each stage; each has two 3x3 convolutions.
        stem_strides: 1 or 2; with 2 the stem halves the image, which saves three quarters of the
            computation.
        hidden: width of a dense layer before the posterior head; None for no such layer.
        normalization: `"batch"`, `"group"` or None, after each convolution.
        activation: as in `keras.layers.Activation`.
        posterior: a head, features -> q(z|x); `NormalPosterior(latent_dim)` by default.
        kernel_regularizer: as in `keras.layers.Conv2D`, for every layer.
    """

    def __init__(
        self,
        latent_dim: int = 32,
        *,
        widths: tuple[int, ...] = (32, 64, 128),
        blocks: int = 2,
        stem_strides: int = 1,
        hidden: int | None = None,
        normalization: str | None = "batch",
        activation: str | Callable = "relu",
        posterior: keras.layers.Layer | None = None,
        kernel_regularizer: keras.regularizers.Regularizer | str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        (self.latent_dim,) = positive(latent_dim=latent_dim)
        self.widths, self.blocks, self.stem_strides = check_stages(widths, blocks, stem_strides)
        (self.hidden,) = positive(hidden=hidden) if hidden is not None else (None,)
        self.normalization, self.activation = normalization, activation
        self.kernel_regularizer = as_regularizer(kernel_regularizer)
        check_posterior(posterior)
        self.posterior = posterior or NormalPosterior(
            self.latent_dim, kernel_regularizer=self.kernel_regularizer, dtype=self.dtype_policy
        )
        self.stem, self.stem_norm, self.stem_activation = stem_layers(self)
        self.stages = [
            residual_block(self, width, strides=2 if i == 0 else 1)
            for width in self.widths[1:]
            for i in range(self.blocks)
        ]
        self.flatten = keras.layers.Flatten("channels_last", dtype=self.dtype_policy)
        hidden = [self.hidden] if self.hidden else []
        self.top = dense_stack(hidden, activation, self.kernel_regularizer, self.dtype_policy)

    def build(self, input_shape):
        check_image_shape(input_shape[1:])
        shape = input_shape
        start = (self.stem, self.stem_norm, self.stem_activation)
        for layer in (*start, *self.stages, self.flatten, *self.top):
            ensure_built(layer, shape)
            shape = layer.compute_output_shape(shape)
        ensure_built(self.posterior, shape)

    def call(self, x: tf.Tensor, training: bool | None = None) -> tfp.distributions.Normal:
        """q(z|x), batch `[B, latent_dim]`."""
        x = self.stem_activation(self.stem_norm(self.stem(x), training=training))
        for block in self.stages:
            x = block(x, training=training)
        x = self.flatten(x)
        for layer in self.top:
            x = layer(x)
        return self.posterior(x)


def stem_layers(encoder):
    """The 3x3 convolution, normalization and activation that a convolutional encoder starts with.

    Args:
        encoder: an encoder with `widths`, `stem_strides` and the options of `residual_block`.
    """
    width, dtype = encoder.widths[0], encoder.dtype_policy
    convolution = keras.layers.Conv2D(
        width,
        3,
        strides=encoder.stem_strides,
        padding="same",
        data_format="channels_last",
        use_bias=encoder.normalization is None,
        kernel_initializer="he_normal",
        kernel_regularizer=encoder.kernel_regularizer,
        dtype=dtype,
    )
    norm = normalization_layer(encoder.normalization, width, dtype)
    return convolution, norm, keras.layers.Activation(encoder.activation, dtype=dtype)


def residual_block(encoder, width, strides):
    """A residual block with an encoder's normalization, activation, regularizer and dtype."""
    return ResidualBlock(
        width,
        strides=strides,
        normalization=encoder.normalization,
        activation=encoder.activation,
        kernel_regularizer=encoder.kernel_regularizer,
        dtype=encoder.dtype_policy,
    )


def check_image_shape(shape):
    """Raise `ValueError` unless shape is (height, width, channels), 8x8 or larger."""
    if len(shape) != 3:
        hint = "; for grey images pass x[..., None]" if len(shape) == 2 else ""
        raise ValueError(
            "x must be images [N, height, width, channels], "
            f"got examples of shape {tuple(shape)}{hint}"
        )
    if None in shape or min(shape[:2]) < MIN_SIZE:
        raise ValueError(
            f"x must be images of a fixed size of at least {MIN_SIZE}x{MIN_SIZE}, "
            f"got examples of shape {tuple(shape)}: resize or pad the images"
        )
