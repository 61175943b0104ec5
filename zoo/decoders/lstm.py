"""Recurrent decoder for time series of any length."""

import math

import keras
import numpy as np
import tensorflow as tf

from zoo import likelihoods
from zoo.core.identifiers import as_regularizer, resolve
from zoo.core.serialization import (
    as_tuple,
    component,
    ensure_built,
    is_integer,
    not_empty,
    positive_tuples,
)
from zoo.decoders.base import Decoder
from zoo.layers.positions import sinusoids
from zoo.layers.recurrent import recurrent_stack

MIN_PERIOD, MAX_PERIOD = 4, 1000  # in steps


def step_encoding(length, width):
    """Sines and cosines of the step with periods of 4 to 1000 steps, `[length, width]` float32.

    As in Vaswani et al., Attention is all you need, 2017, they need no maximum length.
    """
    periods = np.geomspace(MIN_PERIOD, MAX_PERIOD, (width + 1) // 2)
    return sinusoids(length, (2 * math.pi / periods).astype("float32"))[:, :width]


@component
class LSTMDecoder(Decoder):
    """Code `[B, D]` -> recurrent layers that receive it at every step -> p(x|z) over series.

    With `positions` they also receive an encoding of the step, so that their state does not have
    to count steps in periodic series.

    Args:
        event_shape: `(T,)` or `(T, C)`; a `VAE` sets it from the first batch. T is the length of
            generated series unless a call passes another one.
        units: size of each layer's state, first to last.
        cell: "lstm" or "gru".
        positions: width of the step's encoding (`step_encoding`); 0 for none.
        likelihood: an identifier ("series_normal", "series_per_step_normal", "series_student_t") or
            a `Series` likelihood.
        kernel_regularizer: regularizer of the layers' input weights and of the last layer.
    """

    variable_axes = (0,)

    def __init__(
        self,
        event_shape=None,
        *,
        units=(64,),
        cell="lstm",
        positions=0,
        likelihood="series_normal",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.event_shape = None if event_shape is None else as_tuple(event_shape)
        (self.units,), self.cell = positive_tuples(units=units), cell
        not_empty(units=self.units)
        if not (is_integer(positions) and positions >= 0):
            raise ValueError(f"positions must be an integer of at least 0, got {positions!r}")
        self.positions = int(positions)
        self.kernel_regularizer = as_regularizer(kernel_regularizer)
        self.likelihood = resolve(likelihood, likelihoods.IDENTIFIERS, "likelihood", required=True)
        self.body = recurrent_stack(cell, self.units, self.kernel_regularizer, self.dtype_policy)

    def build(self, input_shape):
        width = input_shape[-1] + self.positions
        for layer, units in zip(self.body, self.units, strict=True):
            ensure_built(layer, (None, None, width))
            width = units
        channels = self.event_shape[1] if len(self.event_shape) == 2 else 1
        self.last = keras.layers.Dense(
            self.likelihood.params_size(channels),
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="raw",
        )
        ensure_built(self.last, (None, None, width))
        ensure_built(self.likelihood, (None, None, self.likelihood.params_size(channels)))

    def call(self, code, event_shape=None, training=None):
        steps = (self.event_shape if event_shape is None else event_shape)[0]
        h = tf.expand_dims(code, 1)
        if self.positions:
            h = self._with_step_encoding(h, steps)
        for layer in self.body:
            h = layer(h, length=steps, training=training)
        series = self.likelihood(self.last(h))
        return series if len(self.event_shape) == 2 else series.without_channels()

    def _with_step_encoding(self, code, steps):
        """The code `[B, 1, D]` with the encoding of each step, `[B, steps, D + positions]`."""
        encoding = tf.cast(step_encoding(steps, self.positions), code.dtype)
        batch = tf.shape(code)[0]
        return tf.concat([tf.repeat(code, steps, 1), tf.repeat(encoding[None], batch, 0)], -1)
