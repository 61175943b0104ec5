"""Base class of latents: x -> random z -> decoder input."""

from collections.abc import Iterable

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import joint_normal
from zoo.core.samplers import MeanSampler
from zoo.priors import StandardNormal

tfd = tfp.distributions


class Latents(keras.layers.Layer):
    """Base class of latents. A subclass has `latent_dim`, `code_shape`, `infer` and `generate`.

    `latent_dim` is D, the dimensions of z, all stochastic layers concatenated; `code_shape` is the
    shape of the decoder input, without the batch.
    """

    adapted = True  # False until `adapt` was called, if data are needed before training

    @property
    def layers(self) -> list[keras.layers.Layer]:
        """The layers that this one consists of, which `summary(expand_nested=True)` lists."""
        return list(self._flatten_layers(include_self=False, recursive=False))

    def __dir__(self):
        # Keras saves the attributes that dir() lists; these layers have attributes of their own.
        return [name for name in super().__dir__() if name != "layers"]

    def adapt(self, encoder_inputs: Iterable) -> None:
        """Initialize from an iterable of batches of encoder inputs, before training."""
        del encoder_inputs

    def with_prior(self, prior):
        """Latents with the same encoder and another prior."""
        del prior
        raise ValueError(f"model must have one stochastic layer, got {type(self).__name__}")

    def check(self, x: np.ndarray | dict, argument: str = "x") -> None:
        """Raise `ValueError` if no posterior can be inferred from x."""
        del x, argument

    def check_labels(self, y: np.ndarray, argument: str = "y") -> None:
        """Raise `ValueError` if labels y cannot be used in training."""
        del y, argument

    def posterior(self, x: tf.Tensor | dict, training: bool | None = None) -> tfd.Normal:
        """q(z|x), or its Normal approximation: a `tfd.Normal` with batch `[B, D]`.

        A posterior that is not Normal is represented by its mean and variance. The lower levels of
        a ladder are conditioned on the means of the levels above.
        """
        return joint_normal(self.infer(x, MeanSampler(), training)[1])

    def code(self, z: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Decoder input for z `[B, D]`: z itself."""
        del training
        return z


def prior_or_default(prior, encoder):
    """`prior`, or the standard Normal for None.

    Raises:
        ValueError: the prior has another `latent_dim` than the encoder.
    """
    if not hasattr(encoder, "latent_dim"):
        raise TypeError(f"encoder must have a latent_dim, got {type(encoder).__name__}")
    prior = StandardNormal(encoder.latent_dim) if prior is None else prior
    if not hasattr(prior, "latent_dim"):
        raise TypeError(f"prior must be a Prior of zoo.priors, got {type(prior).__name__}")
    if prior.latent_dim != encoder.latent_dim:
        raise ValueError(
            f"prior must have latent_dim={encoder.latent_dim} as the encoder has, got "
            f"latent_dim={prior.latent_dim}"
        )
    return prior
