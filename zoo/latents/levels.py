"""Levels: the lower stochastic layers of a ladder, as blocks of its top-down pass."""

import math

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import layer_counts, positive
from zoo.core.distributions import bounded_scale, raw_of
from zoo.core.identifiers import as_regularizer
from zoo.core.serialization import component, ensure_built
from zoo.layers.convolution import ResidualBlock, UpsampleResidualBlock
from zoo.layers.dense import ResidualDense

tfd = tfp.distributions

FLOOR, CEILING = 1e-3, 100.0
RAW_ONE = raw_of(1.0, FLOOR)  # the raw number whose scale is 1

# Factor of Glorot's initial weights. At the start z is noise of scale 1 in all dimensions of a
# level, which would hide the levels above it for hundreds of steps. Child, Very deep VAEs,
# 2021, scales these weights by the number of blocks.
PROJECTION_SCALE = 0.1


class Level(keras.layers.Layer):
    """Top-down block of one level: p(z|state), q(z|state, features), and the state after z.

    The state summarizes the levels above; the features come from the encoder's bottom-up pass. The
    posterior is parameterized relative to the prior (a residual Normal): loc_q = loc_p + scale_p d
    and scale_q = scale_p r, so that KL = sum (d^2 + r^2 - 1 - 2 log r) / 2 for any prior.
    Vahdat and Kautz, NVAE: a deep hierarchical variational autoencoder, 2020 (there d is not
    scaled).

    A subclass creates the layers: `make_upsampling(state, features)`, `make_head(outputs, width,
    name)`, `make_projection(width, initializer)`, `make_residual_blocks(width)`; its
    `compute_event_shape(features)` returns the shape of z. `state` and `features` are shapes with
    the batch first, `width` is the number of channels of the state.
    """

    def build(self, input_shape):
        """Make the layers; `input_shape` is (shape of the state, shape of the features)."""
        state, features = (tuple(shape) for shape in input_shape)
        self.upsampling = self.make_upsampling(state, features)
        state = _build_chain(self.upsampling, state)
        self.event_shape = self.compute_event_shape(features)
        self.latent_dim, self.state_shape = math.prod(self.event_shape), state[1:]
        width, outputs = state[-1], 2 * self.event_shape[-1]
        self.prior_head = self.make_head(outputs, width, "prior")
        self.posterior_head = self.make_head(outputs, width, "posterior")
        self.projection = self.make_projection(width, _small_weights())
        self.residual_blocks = self.make_residual_blocks(width)
        _build_chain(self.prior_head, state)
        _build_chain(self.posterior_head, (*state[:-1], state[-1] + features[-1]))
        ensure_built(self.projection, (None, *self.event_shape))
        _build_chain(self.residual_blocks, state)

    def upsample(self, state, training=None):
        """The state at the resolution of this level's features."""
        return _apply_chain(self.upsampling, state, training)

    def prior(self, state):
        """p(z|state): a `tfd.Normal`, batch `[B, D]`."""
        loc, raw = self._apply_head(self.prior_head, state)
        return tfd.Normal(loc, bounded_scale(raw + RAW_ONE, FLOOR, CEILING))

    def posterior(self, state, features, prior):
        """q(z|state, features): a `tfd.Normal`, batch `[B, D]`."""
        inputs = tf.concat([state, tf.cast(features, state.dtype)], -1)
        shift, raw = self._apply_head(self.posterior_head, inputs)
        ratio = bounded_scale(raw + RAW_ONE, FLOOR, CEILING)
        return tfd.Normal(prior.loc + prior.scale * shift, prior.scale * ratio)

    def merge(self, state, z, training=None):
        """The state after z `[B, D]`: z is projected, added and passed through residual blocks."""
        z = tf.cast(tf.reshape(z, [-1, *self.event_shape]), state.dtype)
        return _apply_chain(self.residual_blocks, state + self.projection(z), training)

    def _apply_head(self, head, x):
        """Location and raw scale from a head, float32 `[B, D]` each."""
        for layer in head:
            x = layer(x)
        halves = tf.split(tf.cast(x, tf.float32), 2, -1)
        return [tf.reshape(half, [-1, self.latent_dim]) for half in halves]


@component
class DenseLevel(Level):
    """Level whose z and features are vectors.

    Args:
        units: D, dimensions of z.
        depth: number of residual dense layers after z.
        activation: as in `keras.layers.Dense`.
        kernel_regularizer: as in `keras.layers.Dense`, for every layer.
    """

    def __init__(
        self,
        units: int,
        *,
        depth: int = 1,
        activation="relu",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        (self.units,), (self.depth,) = positive(units=units), layer_counts(depth=depth)
        self.activation = activation
        self.kernel_regularizer = as_regularizer(kernel_regularizer)

    def make_upsampling(self, state, features):
        del state, features
        return []

    def compute_event_shape(self, features):
        del features
        return (self.units,)

    def make_head(self, outputs, width, name):
        return [
            self._dense(width, f"{name}_hidden", activation=self.activation),
            self._dense(outputs, name),
        ]

    def make_projection(self, width, initializer):
        return self._dense(width, "projection", kernel_initializer=initializer)

    def make_residual_blocks(self, width):
        return [
            ResidualDense(
                width,
                activation=self.activation,
                kernel_regularizer=self.kernel_regularizer,
                dtype=self.dtype_policy,
            )
            for _ in range(self.depth)
        ]

    def _dense(self, units, name, **options):
        return keras.layers.Dense(
            units,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name=name,
            **options,
        )


@component
class ConvLevel(Level):
    """Level whose z is a feature map of the height and width of its features.

    Args:
        channels: channels of z; D is height * width * channels.
        blocks: number of residual blocks after z.
        normalization, activation, kernel_regularizer: as in `zoo.layers.ResidualBlock`.
    """

    def __init__(
        self,
        channels: int,
        *,
        blocks: int = 1,
        normalization="batch",
        activation="relu",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        (self.channels,), (self.blocks,) = positive(channels=channels), layer_counts(blocks=blocks)
        self.normalization, self.activation = normalization, activation
        self.kernel_regularizer = as_regularizer(kernel_regularizer)

    def make_upsampling(self, state, features):
        if state[1:3] == features[1:3]:
            return []
        return [UpsampleResidualBlock(features[-1], features[1:3], **self._block_options())]

    def compute_event_shape(self, features):
        return (*features[1:3], self.channels)

    def make_head(self, outputs, width, name):
        return [
            self._convolution(width, 3, f"{name}_hidden", activation=self.activation),
            self._convolution(outputs, 1, name),
        ]

    def make_projection(self, width, initializer):
        return self._convolution(width, 1, "projection", kernel_initializer=initializer)

    def make_residual_blocks(self, width):
        return [ResidualBlock(width, **self._block_options()) for _ in range(self.blocks)]

    def _block_options(self):
        return dict(
            normalization=self.normalization,
            activation=self.activation,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
        )

    def _convolution(self, filters, size, name, **options):
        return keras.layers.Conv2D(
            filters,
            size,
            padding="same",
            data_format="channels_last",
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name=name,
            **options,
        )


def _small_weights():
    return keras.initializers.VarianceScaling(PROJECTION_SCALE**2, "fan_avg", "uniform")


def _build_chain(layers, shape):
    """Build a chain of layers for inputs of `shape`; return its output shape."""
    for layer in layers:
        ensure_built(layer, shape)
        shape = layer.compute_output_shape(shape)
    return shape


def _apply_chain(layers, x, training):
    for layer in layers:
        x = layer(x, training=training)
    return x
