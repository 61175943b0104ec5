"""Recurrent decoder for time series of any length."""

import keras
import numpy as np
import tensorflow as tf

from zoo import likelihoods
from zoo.core.argument_values import as_tuple, not_empty, not_negative, positive_tuples
from zoo.core.identifiers import as_regularizer, resolve
from zoo.core.regression import ridge_solution
from zoo.core.serialization import component, ensure_built
from zoo.decoders.base import Decoder
from zoo.layers.positions import step_encoding
from zoo.layers.recurrent import recurrent_stack
from zoo.layers.step_basis import BasisExpansion, step_basis

SERIES_UNITS = 32


@component
class LSTMDecoder(Decoder):
    """Code `[B, D]` -> recurrent layers that receive it at every step -> p(x|z) over series.

    With `positions` they also receive an encoding of the step, so that their state does not have
    to count steps in periodic series. With `basis` a part that is linear in the code is added:

        raw_t = dense(h_t) + sum_k phi_k(t) A_k z

    phi are functions of the step (`zoo.layers.step_basis`). Each number of the code then reaches
    each step without passing through the states of the steps before.

    Parameters that a likelihood has once for a series, such as the scale of its noise, come from
    two dense layers of their own. No gradient passes from them to the code: they use what the code
    tells of the values, and the code does not learn the noise before it has learned the values.

    Args:
        event_shape: `(T,)` or `(T, C)`; a `VAE` sets it from the first batch. T is the length of
            generated series unless a call passes another one.
        units: size of each layer's state, first to last.
        cell: "lstm" or "gru".
        positions: width of the step's encoding (`step_encoding`) among the inputs of the recurrent
            layers; 0 for none.
        basis: number of sines and cosines of the step in the linear part; 0 for no such part.
        likelihood: an identifier ("series_normal", "series_vector_autoregressive",
            "series_scaled_vector_autoregressive", "series_autoregressive",
            "series_per_step_normal", "series_student_t") or a `Series` likelihood.
        kernel_regularizer: regularizer of the layers' input weights and of the last layer.
    """

    variable_axes = (0,)
    absent_arguments = {"basis": 0}

    def __init__(
        self,
        event_shape=None,
        *,
        units=(64,),
        cell="lstm",
        positions=0,
        basis=48,
        likelihood="series_normal",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.event_shape = None if event_shape is None else as_tuple(event_shape)
        (self.units,), self.cell = positive_tuples(units=units), cell
        not_empty(units=self.units)
        self.positions, self.basis = not_negative(positions=positions, basis=basis)
        self.kernel_regularizer = as_regularizer(kernel_regularizer)
        self.likelihood = resolve(likelihood, likelihoods.IDENTIFIERS, "likelihood", required=True)
        self.body = recurrent_stack(cell, self.units, self.kernel_regularizer, self.dtype_policy)

    def build(self, input_shape):
        width = input_shape[-1] + self.positions
        for layer, units in zip(self.body, self.units, strict=True):
            ensure_built(layer, (None, None, width))
            width = units
        channels = self.event_shape[1] if len(self.event_shape) == 2 else 1
        total = self.likelihood.params_size(channels)
        of_series = self.likelihood.params_per_series * channels
        size = total - of_series
        self.last = keras.layers.Dense(
            size,
            # The linear part learns first, undisturbed by states that do not yet mean anything.
            kernel_initializer="zeros" if self.basis else "glorot_uniform",
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="raw",
        )
        ensure_built(self.last, (None, None, width))
        if self.basis:
            self.expansion = BasisExpansion(
                self.basis,
                size,
                kernel_regularizer=self.kernel_regularizer,
                dtype=self.dtype_policy,
                name="expansion",
            )
            ensure_built(self.expansion, input_shape)
        if of_series:
            self._build_series_layers(of_series, input_shape)
        ensure_built(self.likelihood, (None, None, total))

    def _build_series_layers(self, size, input_shape):
        shared = {"kernel_regularizer": self.kernel_regularizer, "dtype": self.dtype_policy}
        self.series_hidden = keras.layers.Dense(
            SERIES_UNITS, "tanh", name="series_hidden", **shared
        )
        self.series_last = keras.layers.Dense(
            size, kernel_initializer="zeros", name="series_raw", **shared
        )
        ensure_built(self.series_hidden, input_shape)
        ensure_built(self.series_last, (None, SERIES_UNITS))

    def fit_linear(self, loadings: np.ndarray, offset: np.ndarray, raw: np.ndarray) -> None:
        """Set the linear part, so that the means of standardised values are offset + W z.

        Args:
            loadings: W, `[D, T, C]`, in the span of the functions of the step.
            offset: means of the channels `[C]`.
            raw: constant raw numbers for the other parameters of each step, `[C]` for each.
        """
        dimensions, steps, channels = loadings.shape
        basis = np.asarray(step_basis(steps, self.basis), "float64")
        rows = np.moveaxis(loadings, 1, 0).reshape(steps, -1)
        weights = ridge_solution(basis, rows).reshape(self.basis + 1, dimensions, channels)
        kernel = np.zeros((dimensions, self.basis + 1, channels + len(raw)))
        kernel[:, :, :channels] = np.moveaxis(weights, 1, 0)
        self.expansion.coefficients.kernel.assign(kernel.reshape(dimensions, -1))
        self.last.bias.assign(np.concatenate([offset, raw]))

    def call(self, code, event_shape=None, training=None):
        steps = (self.event_shape if event_shape is None else event_shape)[0]
        h = tf.expand_dims(code, 1)
        if self.positions:
            h = self._with_step_encoding(h, steps)
        for layer in self.body:
            h = layer(h, length=steps, training=training)
        raw = self.last(h)
        if self.basis:
            raw += self.expansion(code, length=steps)
        if self.likelihood.params_per_series:
            of_series = self.series_last(self.series_hidden(tf.stop_gradient(code)))
            raw = tf.concat([raw, tf.repeat(tf.expand_dims(of_series, 1), steps, 1)], -1)
        series = self.likelihood(raw)
        return series if len(self.event_shape) == 2 else series.without_channels()

    def _with_step_encoding(self, code, steps):
        """The code `[B, 1, D]` with the encoding of each step, `[B, steps, D + positions]`."""
        encoding = tf.cast(step_encoding(steps, self.positions), code.dtype)
        batch = tf.shape(code)[0]
        return tf.concat([tf.repeat(code, steps, 1), tf.repeat(encoding[None], batch, 0)], -1)
