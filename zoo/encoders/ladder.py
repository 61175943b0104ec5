"""Encoders of ladders: what they see on the way up is left for the rungs on the way down."""

import math

import keras

from zoo.core.serialization import as_tuple, component, ensure_built, not_empty, one_of, positive
from zoo.encoders.conv import check_image_shape
from zoo.latents.posteriors import NormalPosterior
from zoo.layers.convolution import ResidualBlock
from zoo.layers.dense import ResidualDense
from zoo.layers.normalization import normalization_layer


class _LadderEncoder(keras.Model):
    """What the two share. A subclass has `bottom_up`, and sets `feature_shapes` when built.

    `bottom_up(x, training)` gives the features of each level, from the top down;
    `posterior(top)` is q(z_L|x).
    """

    def _set_up(self, latent_dim, lower_levels, kernel_regularizer):
        (self.latent_dim,) = positive(latent_dim=latent_dim)
        (self.lower_levels,) = positive(lower_levels=lower_levels) if lower_levels else (0,)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.flatten = keras.layers.Flatten(dtype=self.dtype_policy)
        self.head = NormalPosterior(
            self.latent_dim, kernel_regularizer=self.kernel_regularizer, dtype=self.dtype_policy
        )

    def posterior(self, top):
        """q(z_L|x): a `tfd.Normal`, batch `[B, latent_dim]`."""
        return self.head(self.flatten(top))

    def call(self, x, training=None):
        return self.posterior(self.bottom_up(x, training)[0])


@component
class DenseLadderEncoder(_LadderEncoder):
    """x of any event shape -> flatten -> dense -> residual dense layers, some for each level.

    Args:
        latent_dim: dimensions of the top level.
        rungs: levels below the top.
        hidden: width of every layer.
        depth: residual layers of each level.
        activation: as in `keras.layers.Activation`.
        kernel_regularizer: as in `keras.layers.Dense`, for every layer.
    """

    def __init__(
        self,
        latent_dim=16,
        *,
        lower_levels=1,
        hidden=256,
        depth=1,
        activation="relu",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._set_up(latent_dim, lower_levels, kernel_regularizer)
        self.hidden, self.depth = positive(hidden=hidden, depth=depth)
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

    def bottom_up(self, x, training=None):
        """Features of the top and of each rung, from the top down, `[B, hidden]` each."""
        x = self.first(self.flatten(x))
        found = []
        for number, layer in enumerate(self.body, 1):
            x = layer(x, training=training)
            if number % self.depth == 0:
                found.append(x)
        return found[::-1]


@component
class ConvLadderEncoder(_LadderEncoder):
    """Images `[B, H, W, C]`, 8x8 or larger -> a stem, stages of residual blocks, features.

    The first rung below the top sees the last stage's map, the next ones those of the stages before
    it, one each; where there are more rungs than stages, they share them evenly, and a stage has
    `blocks` residual blocks for each.

    Args:
        latent_dim: dimensions of the top level, a vector.
        rungs: levels below the top.
        widths: channels of the stem and of each stage; each stage halves the image.
        blocks: residual blocks for each rung, or in a stage without.
        stem_strides: 2 makes the stem halve the image.
        normalization, activation, kernel_regularizer: as in `ConvEncoder`.
    """

    def __init__(
        self,
        latent_dim=16,
        *,
        lower_levels=1,
        widths=(32, 64, 128),
        blocks=1,
        stem_strides=1,
        normalization="batch",
        activation="relu",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._set_up(latent_dim, lower_levels, kernel_regularizer)
        (self.widths,) = positive(widths=as_tuple(widths))
        not_empty(widths=self.widths[1:])
        self.blocks, self.stem_strides = positive(blocks=blocks, stem_strides=stem_strides)
        one_of((1, 2), stem_strides=self.stem_strides)
        self.normalization, self.activation = normalization, activation
        self.stem = keras.layers.Conv2D(
            self.widths[0],
            3,
            strides=self.stem_strides,
            padding="same",
            use_bias=normalization is None,
            kernel_initializer="he_normal",
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
        )
        self.stem_norm = normalization_layer(normalization, self.widths[0], self.dtype_policy)
        self.stem_activation = keras.layers.Activation(activation, dtype=self.dtype_policy)
        # One list, because Keras saves no layers in lists of lists: `blocks` after each other make
        # a group, after which a rung takes its features, if any does.
        self.body = []
        for stage, width in enumerate(self.widths[1:], 1):
            taken = stages_of_levels(self.lower_levels, len(self.widths) - 1).count(stage)
            blocks = max(1, taken) * self.blocks
            self.body += [self._block(width, strides=1 if i else 2) for i in range(blocks)]

    def _block(self, width, strides):
        return ResidualBlock(
            width,
            strides=strides,
            normalization=self.normalization,
            activation=self.activation,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
        )

    def build(self, input_shape):
        check_image_shape(input_shape[1:])
        shape = tuple(input_shape)
        for layer in (self.stem, self.stem_norm, self.stem_activation):
            ensure_built(layer, shape)
            shape = layer.compute_output_shape(shape)
        shapes = []
        for block in self.body:
            ensure_built(block, shape)
            shape = block.compute_output_shape(shape)
            shapes.append(tuple(shape[1:]))
        ensure_built(self.head, (None, math.prod(shape[1:])))
        self.feature_shapes = self._taken(shapes)

    def bottom_up(self, x, training=None):
        """Features of the top and of each rung, from the top down, `[B, h, w, C]` each."""
        x = self.stem_activation(self.stem_norm(self.stem(x), training=training))
        found = []
        for block in self.body:
            x = block(x, training=training)
            found.append(x)
        return self._taken(found)

    def _taken(self, found):
        """What the top and the rungs take, of what there is after each block."""
        groups = found[self.blocks - 1 :: self.blocks]
        return [found[-1], *groups[::-1][: self.lower_levels]]


def stages_of_levels(lower_levels, stages):
    """Which stage, from 1, each rung takes its features from; rungs from the top down.

    >>> stages_of_levels(1, 3), stages_of_levels(3, 3), stages_of_levels(4, 2)
    ([3], [3, 2, 1], [2, 2, 1, 1])
    """
    return [stages - level * stages // max(lower_levels, stages) for level in range(lower_levels)]
