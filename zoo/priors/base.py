"""Base class of priors, and the standard Normal."""

from collections.abc import Callable, Iterable

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import positive
from zoo.core.serialization import component

tfd = tfp.distributions


class Prior(keras.layers.Layer):
    """Base class of priors: `prior.distribution()` -> a `tfd.Distribution` with event `[D]`.

    Args:
        latent_dim: D.
    """

    adapted = True  # False until `adapt` was called, in a prior that needs data before training

    def __init__(self, latent_dim: int, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        (self.latent_dim,) = positive(latent_dim=latent_dim)

    def add_weight(self, *args, **kwargs):
        # Keras casts weights to the dtype policy of the layer that is called, and `distribution`
        # is called from layers whose policy may be half precision.
        return super().add_weight(*args, **{"autocast": False, **kwargs})

    def build(self, input_shape=None):
        """Create the weights; `input_shape` is the shape of encoder inputs, batch first."""
        del input_shape

    def adapt(self, encoder_inputs: Iterable) -> None:
        """Initialize from an iterable of batches of encoder inputs, before training."""
        del encoder_inputs

    def check_labels(self, y: np.ndarray, argument: str = "y") -> None:
        """Raise `ValueError` if labels y cannot be used in training with this prior."""
        del y, argument

    def distribution(self, encoder: Callable | None = None) -> tfd.Distribution:
        """p(z), event `[D]`; `encoder` is x -> q(z|x), for priors that are made of posteriors."""
        raise NotImplementedError


@component
class StandardNormal(Prior):
    """Standard Normal prior: p(z) = Normal(0, 1) in each of `latent_dim` dimensions.

    Call: `prior.distribution()` -> a `tfd.Distribution` with event `[D]`.
    """

    def distribution(self, encoder: Callable | None = None) -> tfd.Distribution:
        """p(z), event `[D]`."""
        del encoder
        zeros = tf.zeros([self.latent_dim])
        return tfd.Independent(tfd.Normal(zeros, tf.ones_like(zeros)), 1)
