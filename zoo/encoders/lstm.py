"""Encoder for time series: stacked recurrent layers, in one direction or both."""

import keras
import tensorflow as tf

from zoo.core.serialization import as_tuple, component, ensure_built, not_empty, positive
from zoo.latents.posteriors import NormalPosterior
from zoo.layers import sequence_masks
from zoo.layers.recurrent import recurrent_stack


@component
class LSTMEncoder(keras.Model):
    """Series `[B, T, C]`, NaN where nothing was observed -> `tfd.Normal`, batch `[B, latent_dim]`.

    Each value travels with a flag that says whether it was observed. What the layers know after
    each sequence's own last step (and, read backwards, after its first) goes to the posterior head,
    so padding never changes a result.
    Hochreiter and Schmidhuber, 1997; Schuster and Paliwal, bidirectional networks, 1997.

    Args:
        latent_dim: D, the number of latent dimensions.
        units: size of each layer's state, first to last.
        bidirectional: whether each layer reads the series backwards too.
        cell: "lstm" or "gru".
        posterior: a head, features -> q(z|x); `NormalPosterior(latent_dim)` by default.
        kernel_regularizer: of the layers' input weights.
    """

    def __init__(
        self,
        latent_dim=16,
        *,
        units=(64,),
        bidirectional=False,
        cell="lstm",
        posterior=None,
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        latent_dim, units = positive(latent_dim=latent_dim, units=as_tuple(units))
        not_empty(units=units)
        self.latent_dim, self.units = latent_dim, units
        self.bidirectional, self.cell = bidirectional, cell
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.posterior = posterior or NormalPosterior(
            latent_dim, kernel_regularizer=self.kernel_regularizer, dtype=self.dtype_policy
        )
        layers = (self.kernel_regularizer, self.dtype_policy)
        self.onwards = recurrent_stack(cell, self.units, *layers)
        self.backwards = recurrent_stack(cell, self.units, *layers) if bidirectional else []

    def build(self, input_shape):
        if len(input_shape) != 3:
            raise ValueError(
                f"x must be series [N, T, C], got examples of shape {tuple(input_shape[1:])}"
            )
        width = 2 * input_shape[-1]
        for level, units in enumerate(self.units):
            for layers in (self.onwards, self.backwards):
                if layers:
                    ensure_built(layers[level], (None, None, width))
            width = units * (2 if self.bidirectional else 1)
        ensure_built(self.posterior, (None, width))

    def call(self, x, training=None):
        seen = sequence_masks.observed(x)
        n = sequence_masks.lengths(seen)
        values = tf.where(seen, x, tf.zeros_like(x))
        h = tf.concat([values, tf.cast(~seen, x.dtype)], -1)
        if not self.bidirectional:
            for layer in self.onwards:
                h = layer(h, training=training)
            return self.posterior(sequence_masks.last(h, n))
        for onwards, backwards in zip(self.onwards, self.backwards, strict=True):
            a, b = (
                onwards(h, training=training),
                backwards(sequence_masks.reverse(h, n), training=training),
            )
            h = tf.concat([a, sequence_masks.reverse(b, n)], -1)
        return self.posterior(tf.concat([sequence_masks.last(a, n), sequence_masks.last(b, n)], -1))
