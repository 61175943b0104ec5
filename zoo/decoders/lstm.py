"""Decoder to time series of any length."""

import keras
import tensorflow as tf

from zoo import likelihoods
from zoo.component import as_tuple, component, ensure_built, not_empty, positive
from zoo.identifiers import resolve
from zoo.recurrent import recurrent_stack


@component
class LSTMDecoder(keras.Model):
    """Code `[B, D]` -> recurrent layers that see it at every step -> p(x|z) over series.

    Args:
        event_shape: `(T,)` or `(T, C)`; a `VAE` fills it in when it sees the first batch. T is how
            long series are where nobody says otherwise.
        units: size of each layer's state, first to last.
        cell: "lstm" or "gru".
        likelihood: an identifier ("series_normal", "series_per_step_normal", "series_student_t") or
            a `Series` likelihood.
        kernel_regularizer: of the layers' input weights and of the last layer.
    """

    variable_axes = (0,)

    def __init__(
        self,
        event_shape=None,
        *,
        units=(64,),
        cell="lstm",
        likelihood="series_normal",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.event_shape = None if event_shape is None else as_tuple(event_shape)
        (self.units,), self.cell = positive(units=as_tuple(units)), cell
        not_empty(units=self.units)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.likelihood = resolve(likelihood, likelihoods.IDENTIFIERS, "likelihood", required=True)
        self.body = recurrent_stack(cell, self.units, self.kernel_regularizer, self.dtype_policy)

    def build(self, input_shape):
        width = input_shape[-1]
        for layer, units in zip(self.body, self.units, strict=True):
            ensure_built(layer, (None, None, width))
            width = units
        channels = self.event_shape[1] if len(self.event_shape) == 2 else 1
        self.last = keras.layers.Dense(
            self.likelihood.outputs(channels),
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="raw",
        )
        ensure_built(self.last, (None, None, width))
        ensure_built(self.likelihood, (None, None, self.likelihood.outputs(channels)))

    def call(self, code, event_shape=None, training=None):
        steps = (self.event_shape if event_shape is None else event_shape)[0]
        h = tf.expand_dims(code, 1)
        for layer in self.body:
            h = layer(h, length=steps, training=training)
        series = self.likelihood(self.last(h))
        return series if len(self.event_shape) == 2 else series.without_channels()
