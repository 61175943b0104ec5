"""Rungs: the lower stochastic layers of a ladder, between the state above and the state below."""

import math

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import bounded_scale, raw_of
from zoo.core.serialization import component, ensure_built, positive
from zoo.layers.convolution import ResidualBlock, UpsampleResidualBlock
from zoo.layers.dense import ResidualDense

tfd = tfp.distributions

FLOOR, CEILING = 1e-3, 100.0
ONE = raw_of(1.0, FLOOR)  # the raw number whose scale is 1


class Level(keras.layers.Layer):
    """p(z|state) and q(z|state, features) of one level, z `[B, D]`, and the state after it.

    The state is what the levels above have said, the features are what the encoder saw on the way
    up. The posterior is told relative to the prior: loc_q = loc_p + scale_p * d and
    scale_q = scale_p * r, so that KL = sum (d^2 + r^2 - 1 - 2 log r) / 2 wherever the prior moves.
    Vahdat and Kautz, NVAE: a deep hierarchical variational autoencoder, 2020 (there d is not
    scaled).

    A subclass makes the layers: `descent(state, features)`, `event(features)`,
    `head(outputs, width, name)`, `inlet(width)`, `body(width)`.
    """

    def build(self, input_shape):
        """`input_shape` is the pair of those of the state and of the features, batch first."""
        state, features = (tuple(shape) for shape in input_shape)
        self.way_down = self.descent(state, features)
        for layer in self.way_down:
            ensure_built(layer, state)
            state = layer.compute_output_shape(state)
        self.event_shape = self.event(features)
        self.latent_dim, self.state_shape = math.prod(self.event_shape), state[1:]
        width, outputs = state[-1], 2 * self.event_shape[-1]
        self.prior_head = self.head(outputs, width, "prior")
        self.posterior_head = self.head(outputs, width, "posterior")
        self.inject, self.after = self.inlet(width), self.body(width)
        both = (*state[:-1], state[-1] + features[-1])
        _build(self.prior_head, state)
        _build(self.posterior_head, both)
        ensure_built(self.inject, (None, *self.event_shape))
        _build(self.after, state)

    def descend(self, state, training=None):
        """The state, brought to the size of this rung's features."""
        return _through(self.way_down, state, training)

    def prior(self, state):
        """p(z|state): a `tfd.Normal`, batch `[B, D]`."""
        loc, raw = self._two(self.prior_head, state)
        return tfd.Normal(loc, bounded_scale(raw + ONE, FLOOR, CEILING))

    def posterior(self, state, features, prior):
        """q(z|state, features): a `tfd.Normal`, batch `[B, D]`."""
        both = tf.concat([state, tf.cast(features, state.dtype)], -1)
        shift, raw = self._two(self.posterior_head, both)
        ratio = bounded_scale(raw + ONE, FLOOR, CEILING)
        return tfd.Normal(prior.loc + prior.scale * shift, prior.scale * ratio)

    def merge(self, state, z, training=None):
        """The state after z `[B, D]` has been said."""
        z = tf.cast(tf.reshape(z, [-1, *self.event_shape]), state.dtype)
        return _through(self.after, state + self.inject(z), training)

    def _two(self, head, x):
        """A head's outputs in two halves, float32 `[B, D]` each."""
        for layer in head:
            x = layer(x)
        halves = tf.split(tf.cast(x, tf.float32), 2, -1)
        return [tf.reshape(half, [-1, self.latent_dim]) for half in halves]


@component
class DenseLevel(Level):
    """A level of vectors.

    Args:
        units: D, dimensions of z.
        depth: residual dense layers after z.
        activation: as in `keras.layers.Dense`.
        kernel_regularizer: as in `keras.layers.Dense`, for every layer.
    """

    def __init__(self, units, *, depth=1, activation="relu", kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        self.units, self.depth = positive(units=units, depth=depth)
        self.activation = activation
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def descent(self, state, features):
        del state, features
        return []

    def event(self, features):
        del features
        return (self.units,)

    def head(self, outputs, width, name):
        return [
            self._dense(width, f"{name}_hidden", activation=self.activation),
            self._dense(outputs, name),
        ]

    def inlet(self, width):
        return self._dense(width, "inlet")

    def body(self, width):
        return [
            ResidualDense(
                width,
                activation=self.activation,
                kernel_regularizer=self.kernel_regularizer,
                dtype=self.dtype_policy,
            )
            for _ in range(self.depth)
        ]

    def _dense(self, units, name, activation=None):
        return keras.layers.Dense(
            units,
            activation=activation,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name=name,
        )


@component
class ConvLevel(Level):
    """A level of maps: `channels` of them, of the size of its features.

    Args:
        channels: of z; D is height * width * channels.
        blocks: residual blocks after z.
        normalization, activation, kernel_regularizer: as in `zoo.layers.ResidualBlock`.
    """

    def __init__(
        self,
        channels,
        *,
        blocks=1,
        normalization="batch",
        activation="relu",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.channels, self.blocks = positive(channels=channels, blocks=blocks)
        self.normalization, self.activation = normalization, activation
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def descent(self, state, features):
        if state[1:3] == features[1:3]:
            return []
        return [UpsampleResidualBlock(features[-1], features[1:3], **self._common())]

    def event(self, features):
        return (*features[1:3], self.channels)

    def head(self, outputs, width, name):
        return [
            self._convolution(width, 3, f"{name}_hidden", activation=self.activation),
            self._convolution(outputs, 1, name),
        ]

    def inlet(self, width):
        return self._convolution(width, 1, "inlet")

    def body(self, width):
        return [ResidualBlock(width, **self._common()) for _ in range(self.blocks)]

    def _common(self):
        return dict(
            normalization=self.normalization,
            activation=self.activation,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
        )

    def _convolution(self, filters, size, name, activation=None):
        return keras.layers.Conv2D(
            filters,
            size,
            padding="same",
            activation=activation,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name=name,
        )


def _build(layers, shape):
    for layer in layers:
        ensure_built(layer, shape)
        shape = layer.compute_output_shape(shape)


def _through(blocks, x, training):
    for block in blocks:
        x = block(x, training=training)
    return x
