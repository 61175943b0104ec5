"""Encoder of dense layers for any event shape."""

from collections.abc import Callable

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import positive, positive_tuples
from zoo.core.identifiers import as_regularizer
from zoo.core.serialization import component, ensure_built
from zoo.latents.posteriors import NormalPosterior, check_posterior
from zoo.layers.dense import dense_stack


@component
class DenseEncoder(keras.Model):
    """Dense encoder for any event shape: flatten, dense layers, posterior head.

    Args:
        latent_dim: D, the number of latent dimensions.
        hidden: width of each hidden layer, first to last.
        activation: as in `keras.layers.Dense`.
        posterior: a head, features -> q(z|x); `NormalPosterior(latent_dim)` by default.
        kernel_regularizer: as in `keras.layers.Dense`, for every layer.
    """

    def __init__(
        self,
        latent_dim: int = 16,
        *,
        hidden: int | tuple[int, ...] = (512, 256),
        activation: str | Callable = "relu",
        posterior: keras.layers.Layer | None = None,
        kernel_regularizer: keras.regularizers.Regularizer | str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        (latent_dim,), (hidden,) = positive(latent_dim=latent_dim), positive_tuples(hidden=hidden)
        self.latent_dim, self.hidden, self.activation = latent_dim, hidden, activation
        self.kernel_regularizer = as_regularizer(kernel_regularizer)
        check_posterior(posterior)
        self.posterior = posterior or NormalPosterior(
            latent_dim, kernel_regularizer=self.kernel_regularizer, dtype=self.dtype_policy
        )
        self.flatten = keras.layers.Flatten("channels_last", dtype=self.dtype_policy)
        self.body = dense_stack(self.hidden, activation, self.kernel_regularizer, self.dtype_policy)

    def build(self, input_shape):
        ensure_built(self.flatten, input_shape)
        flat_shape = shape = self.flatten.compute_output_shape(input_shape)
        for layer in self.body:
            ensure_built(layer, shape)
            shape = layer.compute_output_shape(shape)
        ensure_built(self.posterior, self._features_shape(flat_shape, shape))

    def call(self, x: tf.Tensor, training: bool | None = None) -> tfp.distributions.Normal:
        """q(z|x), batch `[B, latent_dim]`."""
        del training
        x = hidden = self.flatten(x)
        for layer in self.body:
            hidden = layer(hidden)
        return self.posterior(self._features(x, hidden))

    def _features(self, x, hidden):
        """Input of the posterior head, of the flat x and the last hidden layer."""
        return hidden

    def _features_shape(self, x_shape, hidden_shape):
        return hidden_shape


@component
class SkipDenseEncoder(DenseEncoder):
    """Dense encoder whose posterior head also receives x itself, so that it has a linear part.

    The linear part extrapolates: an x far from the training data gets a code far from theirs,
    whereas bounded activations saturate.
    """

    def _features(self, x, hidden):
        return keras.ops.concatenate([x, hidden], axis=-1)

    def _features_shape(self, x_shape, hidden_shape):
        return (*hidden_shape[:-1], x_shape[-1] + hidden_shape[-1])
