"""Recurrent encoder of time series."""

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import not_empty, not_negative, positive, positive_tuples
from zoo.core.identifiers import as_regularizer
from zoo.core.regression import ridge
from zoo.core.serialization import component, ensure_built
from zoo.core.validation import check_flags
from zoo.latents.posteriors import NormalPosterior, check_posterior
from zoo.layers import sequence_masks
from zoo.layers.recurrent import recurrent_stack
from zoo.layers.step_basis import BasisProjection

STEPS = 2**17  # of all series together that `fit_linear` reads at a time, to bound memory


@component
class LSTMEncoder(keras.Model):
    """Recurrent encoder of series `[B, T, C]`, in which NaN marks missing values and padding.

    The input of the first layer consists of the values (zero where missing) and a missing-value
    indicator for each value. The posterior head gets the state after the last step of each series
    and, in the backward direction, the state after its first step, so padding does not change the
    result. With `basis` it also gets moments of all steps (`zoo.layers.BasisProjection`):

        m_k = 1/n sum_(t < n) phi_k(t) (h_t + W i_t)

    i_t is the input of step t, h_t the state of the last layer and phi_k a sine or cosine of the
    step. The head is thus at least as general as a linear map of the smoothed series.
    Hochreiter and Schmidhuber, 1997; Schuster and Paliwal, bidirectional networks, 1997.

    Args:
        latent_dim: D, the number of latent dimensions.
        units: size of each layer's state, first to last.
        bidirectional: whether each layer also runs backward in time.
        cell: "lstm" or "gru".
        basis: number of sines and cosines of the step in the moments; 0 for the last state alone.
        posterior: a head, features -> q(z|x); `NormalPosterior(latent_dim)` by default.
        kernel_regularizer: regularizer of the recurrent layers' input weights.
    """

    absent_arguments = {"basis": 0}

    def __init__(
        self,
        latent_dim: int = 16,
        *,
        units: int | tuple[int, ...] = (64,),
        bidirectional: bool = False,
        cell: str = "lstm",
        basis: int = 48,
        posterior: keras.layers.Layer | None = None,
        kernel_regularizer: keras.regularizers.Regularizer | str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        (latent_dim,), (units,) = positive(latent_dim=latent_dim), positive_tuples(units=units)
        not_empty(units=units)
        self.latent_dim, self.units = latent_dim, units
        self.bidirectional, self.cell = bidirectional, cell
        (self.basis,) = not_negative(basis=basis)
        self.kernel_regularizer = as_regularizer(kernel_regularizer)
        check_posterior(posterior)
        check_flags(bidirectional=bidirectional)
        self.posterior = posterior or NormalPosterior(
            latent_dim, kernel_regularizer=self.kernel_regularizer, dtype=self.dtype_policy
        )
        stack = (cell, self.units, self.kernel_regularizer, self.dtype_policy)
        self.forward_layers = recurrent_stack(*stack)
        self.backward_layers = recurrent_stack(*stack) if bidirectional else []

    def build(self, input_shape):
        if len(input_shape) != 3:
            raise ValueError(
                f"x must be series [N, T, C], got examples of shape {tuple(input_shape[1:])}: "
                "reshape each example to [T, C]"
            )
        width = 2 * input_shape[-1]
        for i, units in enumerate(self.units):
            for layers in (self.forward_layers, self.backward_layers):
                if layers:
                    ensure_built(layers[i], (None, None, width))
            width = units * (2 if self.bidirectional else 1)
        if self.basis:
            self._build_moments(width, input_shape)
        ensure_built(self.posterior, (None, width * (2 + self.basis if self.basis else 1)))

    def _build_moments(self, width, input_shape):
        self.input_projection = keras.layers.Dense(
            width,
            use_bias=False,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="input_projection",
        )
        ensure_built(self.input_projection, (None, None, 2 * input_shape[-1]))
        self.projection = BasisProjection(self.basis, dtype=self.dtype_policy, name="projection")
        ensure_built(self.projection, (None, None, width))

    def call(self, x: tf.Tensor, training: bool | None = None) -> tfp.distributions.Normal:
        """q(z|x), batch `[B, latent_dim]`."""
        last, steps, n = self._read(x, training)
        if not self.basis:
            return self.posterior(last)
        return self.posterior(tf.concat([last, self.projection(steps, n=n)], -1))

    def _read(self, x, training=None):
        """The last states `[B, F]`, what the moments are of `[B, T, U]`, and the lengths `[B]`."""
        observed = sequence_masks.observed(x)
        n = sequence_masks.lengths(observed)
        values = tf.where(observed, x, tf.zeros_like(x))
        inputs = tf.concat([values, tf.cast(~observed, x.dtype)], -1)
        states, last = self._states(inputs, n, training)
        return last, states + self.input_projection(inputs) if self.basis else states, n

    def fit_linear(self, x: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Set the head for the first K dimensions: means that are linear in the moments.

        The means are a ridge regression on those directions of the moments into which the values of
        x are projected. The other dimensions keep their random weights, without which they could
        not learn.

        Args:
            x: standardised series `[N, T, C]`; NaN is missing.
            mean: wanted means `[N, K]`.
            scale: wanted scales `[K]`, the same for all x.

        Returns:
            The means that q(z|x) has then, `[N, K]`.
        """
        kernel = np.asarray(self.input_projection.kernel, "float64")[: x.shape[-1]]
        directions = np.linalg.svd(kernel, full_matrices=False)[2]
        rows = max(1, STEPS // x.shape[1])
        moments = [
            self._moments_along(tf.constant(x[i : i + rows], tf.float32), directions)
            for i in range(0, len(x), rows)
        ]
        moments = np.concatenate(moments).astype("float64")
        weights, bias = ridge(moments, mean)
        fitted = moments @ weights + bias
        weights = weights.reshape(self.basis + 1, len(directions), mean.shape[1])
        weights = (directions.T @ weights).reshape(-1, mean.shape[1])
        unused = self.posterior.dense.kernel.shape[0] - len(weights)  # of the last states
        weights = np.concatenate([np.zeros((unused, mean.shape[1])), weights])
        self.posterior.assign_linear(weights, bias, scale)
        return fitted

    def _moments_along(self, x, directions):
        _, steps, n = self._read(x)
        return self.projection(steps @ tf.constant(directions.T, steps.dtype), n=n).numpy()

    def _states(self, h, n, training):
        """States of the last layer `[B, T, U]`, and those after the last step of each direction."""
        if not self.bidirectional:
            for layer in self.forward_layers:
                h = layer(h, training=training)
            return h, sequence_masks.last(h, n)
        for forward, backward in zip(self.forward_layers, self.backward_layers, strict=True):
            a = forward(h, training=training)
            b = backward(sequence_masks.reverse(h, n), training=training)
            h = tf.concat([a, sequence_masks.reverse(b, n)], -1)
        return h, tf.concat([sequence_masks.last(a, n), sequence_masks.last(b, n)], -1)
