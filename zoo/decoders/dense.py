"""Decoder of dense layers for any event shape."""

import math

import keras

from zoo import likelihoods
from zoo.core.argument_values import as_tuple, positive_tuples
from zoo.core.identifiers import as_regularizer, resolve
from zoo.core.serialization import component, ensure_built
from zoo.decoders.base import Decoder
from zoo.layers.dense import dense_stack


@component
class DenseDecoder(Decoder):
    """Code `[B, D]` -> dense layers -> p(x|z) with any event shape.

    Args:
        event_shape: shape of x without the batch; a `VAE` sets it from the first batch.
        hidden: width of each hidden layer, first to last.
        activation: as in `keras.layers.Dense`.
        likelihood: an identifier or a `Likelihood`.
        kernel_regularizer: as in `keras.layers.Dense`, for every layer.
    """

    def __init__(
        self,
        event_shape=None,
        *,
        hidden=(256, 512),
        activation="relu",
        likelihood="bernoulli",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.event_shape = None if event_shape is None else as_tuple(event_shape)
        (self.hidden,) = positive_tuples(hidden=hidden)
        self.activation = activation
        self.kernel_regularizer = as_regularizer(kernel_regularizer)
        self.likelihood = resolve(likelihood, likelihoods.IDENTIFIERS, "likelihood", required=True)
        self.body = dense_stack(self.hidden, activation, self.kernel_regularizer, self.dtype_policy)

    def build(self, input_shape):
        shape = input_shape
        for layer in self.body:
            ensure_built(layer, shape)
            shape = layer.compute_output_shape(shape)
        *outer, channels = self.event_shape
        self.raw_shape = (*outer, self.likelihood.params_size(channels))
        self.last = keras.layers.Dense(
            math.prod(self.raw_shape),
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="raw",
        )
        ensure_built(self.last, self._features_shape(input_shape, shape))
        ensure_built(self.likelihood, (None, *self.raw_shape))

    def call(self, code, training=None):
        del training
        hidden = code
        for layer in self.body:
            hidden = layer(hidden)
        raw = self.last(self._features(code, hidden))
        return self.likelihood(keras.ops.reshape(raw, (-1, *self.raw_shape)))

    def _features(self, code, hidden):
        """Input of the last layer, of the code and the last hidden layer."""
        return hidden

    def _features_shape(self, code_shape, hidden_shape):
        return hidden_shape


@component
class SkipDenseDecoder(DenseDecoder):
    """Dense decoder whose last layer also receives the code itself, so that it has a linear part.

    Linear relations of few training examples are then learned without the hidden layers, which
    would memorise them.
    """

    def _features(self, code, hidden):
        return keras.ops.concatenate([code, hidden], axis=-1)

    def _features_shape(self, code_shape, hidden_shape):
        return (*hidden_shape[:-1], code_shape[-1] + hidden_shape[-1])
