"""Encoders of ladder VAEs: a deterministic bottom-up pass that computes features of each level."""

import math
from collections.abc import Callable

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import MAX_LAYERS, is_integer, layer_counts, not_empty, positive
from zoo.core.identifiers import as_regularizer
from zoo.core.serialization import component, ensure_built
from zoo.encoders.conv import check_image_shape, residual_block, stem_layers
from zoo.latents.posteriors import NormalPosterior
from zoo.layers.convolution import check_stages
from zoo.layers.dense import ResidualDense


class _LadderEncoder(keras.Model):
    """Base class of ladder encoders.

    A subclass implements `bottom_up(x, training)`, which returns the features of each level from
    the top down, and sets `feature_shapes`, their shapes, when it is built. `posterior(top)`
    returns q(z_L|x).
    """

    def _set_up(self, latent_dim, lower_levels, kernel_regularizer):
        (self.latent_dim,) = positive(latent_dim=latent_dim)
        if not is_integer(lower_levels) or not 0 <= lower_levels <= MAX_LAYERS:
            raise ValueError(
                f"lower_levels must be an integer from 0 to {MAX_LAYERS}, got {lower_levels!r}"
            )
        self.lower_levels = int(lower_levels)
        self.kernel_regularizer = as_regularizer(kernel_regularizer)
        self.flatten = keras.layers.Flatten("channels_last", dtype=self.dtype_policy)
        self.head = NormalPosterior(
            self.latent_dim, kernel_regularizer=self.kernel_regularizer, dtype=self.dtype_policy
        )

    def posterior(self, top: tf.Tensor) -> tfp.distributions.Normal:
        """q(z_L|x) of the top level from its features, batch `[B, latent_dim]`."""
        return self.head(self.flatten(top))

    def call(self, x: tf.Tensor, training: bool | None = None) -> tfp.distributions.Normal:
        """q(z_L|x) of the top level, batch `[B, latent_dim]`."""
        return self.posterior(self.bottom_up(x, training)[0])


@component
class DenseLadderEncoder(_LadderEncoder):
    """Dense ladder encoder for any event shape: flatten, dense layer, residual dense layers.

    Args:
        latent_dim: dimensions of the top level.
        lower_levels: number of levels below the top.
        hidden: width of every layer.
        depth: residual layers of each level.
        activation: as in `keras.layers.Activation`.
        kernel_regularizer: as in `keras.layers.Dense`, for every layer.
    """

    def __init__(
        self,
        latent_dim: int = 16,
        *,
        lower_levels: int = 1,
        hidden: int = 256,
        depth: int = 1,
        activation: str | Callable = "relu",
        kernel_regularizer: keras.regularizers.Regularizer | str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._set_up(latent_dim, lower_levels, kernel_regularizer)
        (self.hidden,), (self.depth,) = positive(hidden=hidden), layer_counts(depth=depth)
        self.activation = activation
        common = dict(kernel_regularizer=self.kernel_regularizer, dtype=self.dtype_policy)
        self.first = keras.layers.Dense(self.hidden, activation=activation, **common)
        self.body = [
            ResidualDense(self.hidden, activation=activation, **common)
            for _ in range(self.depth * (self.lower_levels + 1))
        ]

    def build(self, input_shape):
        ensure_built(self.flatten, input_shape)
        ensure_built(self.first, (None, math.prod(input_shape[1:])))
        for layer in self.body:
            ensure_built(layer, (None, self.hidden))
        ensure_built(self.head, (None, self.hidden))
        self.feature_shapes = [(self.hidden,)] * (self.lower_levels + 1)

    def bottom_up(self, x: tf.Tensor, training: bool | None = None) -> list[tf.Tensor]:
        """Features of each level from the top down, `[B, hidden]` each."""
        x = self.first(self.flatten(x))
        features = []
        for layer_count, layer in enumerate(self.body, 1):
            x = layer(x, training=training)
            if layer_count % self.depth == 0:
                features.append(x)
        return features[::-1]


@component
class ConvLadderEncoder(_LadderEncoder):
    """Convolutional ladder encoder of images `[B, H, W, C]`, 8x8 or larger.

    The first layer is a stem, followed by stages of residual blocks. The first level below the top
    gets the feature map of the last stage, the next level that of the stage before it, and so on.
    If there are more levels than stages, they are distributed evenly over the stages, and a stage
    has `blocks` residual blocks for each of its levels.

    Args:
        latent_dim: dimensions of the top level, a vector.
        lower_levels: number of levels below the top.
        widths: channels of the stem and of each stage; each stage halves the image.
        blocks: residual blocks for each level of a stage, or in a stage without levels.
        stem_strides: 1 or 2; with 2 the stem halves the image.
        normalization, activation, kernel_regularizer: as in `ConvEncoder`.
    """

    def __init__(
        self,
        latent_dim: int = 16,
        *,
        lower_levels: int = 1,
        widths: tuple[int, ...] = (32, 64, 128),
        blocks: int = 1,
        stem_strides: int = 1,
        normalization: str | None = "batch",
        activation: str | Callable = "relu",
        kernel_regularizer: keras.regularizers.Regularizer | str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._set_up(latent_dim, lower_levels, kernel_regularizer)
        self.widths, self.blocks, self.stem_strides = check_stages(widths, blocks, stem_strides)
        not_empty(widths=self.widths[1:])
        self.normalization, self.activation = normalization, activation
        self.stem, self.stem_norm, self.stem_activation = stem_layers(self)
        # A flat list, because Keras does not save layers in nested lists. Each group of `blocks`
        # blocks computes the features of one level; a stage without levels has one group, too.
        self.body = []
        for stage, width in enumerate(self.widths[1:], 1):
            levels = stages_of_levels(self.lower_levels, len(self.widths) - 1).count(stage)
            blocks = max(1, levels) * self.blocks
            self.body += [residual_block(self, width, strides=1 if i else 2) for i in range(blocks)]

    def build(self, input_shape):
        check_image_shape(input_shape[1:])
        shape = tuple(input_shape)
        for layer in (self.stem, self.stem_norm, self.stem_activation):
            ensure_built(layer, shape)
            shape = layer.compute_output_shape(shape)
        block_shapes = []
        for block in self.body:
            ensure_built(block, shape)
            shape = block.compute_output_shape(shape)
            block_shapes.append(tuple(shape[1:]))
        ensure_built(self.head, (None, math.prod(shape[1:])))
        self.feature_shapes = self._of_levels(block_shapes)

    def bottom_up(self, x: tf.Tensor, training: bool | None = None) -> list[tf.Tensor]:
        """Features of each level from the top down, `[B, h, w, C]` each."""
        x = self.stem_activation(self.stem_norm(self.stem(x), training=training))
        block_outputs = []
        for block in self.body:
            x = block(x, training=training)
            block_outputs.append(x)
        return self._of_levels(block_outputs)

    def _of_levels(self, block_outputs):
        """Select the block outputs (or their shapes) that are the features of the levels."""
        group_outputs = block_outputs[self.blocks - 1 :: self.blocks]
        return [block_outputs[-1], *group_outputs[::-1][: self.lower_levels]]


def stages_of_levels(lower_levels, stages):
    """Assign a stage, numbered from 1, to each lower level, from the top level down.

    >>> stages_of_levels(1, 3), stages_of_levels(3, 3), stages_of_levels(4, 2)
    ([3], [3, 2, 1], [2, 2, 1, 1])
    """
    return [stages - level * stages // max(lower_levels, stages) for level in range(lower_levels)]
