"""What priors share, and the standard Normal."""

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.serialization import component, positive

tfd = tfp.distributions


class Prior(keras.layers.Layer):
    """What priors share: `prior.distribution()` -> a `tfd.Distribution` with event `[D]`.

    Args:
        latent_dim: D.
    """

    adapted = True  # False where `adapt` must see data first

    def __init__(self, latent_dim, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        (self.latent_dim,) = positive(latent_dim=latent_dim)

    def add_weight(self, *args, **kwargs):
        # `distribution` runs in what calls it, whose policy may be half precision.
        return super().add_weight(*args, **{"autocast": False, **kwargs})

    def build(self, input_shape=None):
        """`input_shape` is that of what the encoder sees, batch first."""
        del input_shape

    def adapt(self, features):
        """Learn from an iterable of batches of what the encoder sees, before training."""
        del features

    def check_labels(self, y, argument="y"):
        """Raise `ValueError` where y, an array of labels, is nothing to train with."""
        del y, argument

    def distribution(self, encoder=None):
        """p(z), event `[D]`; `encoder` is x -> q(z|x), for priors that are made of posteriors."""
        raise NotImplementedError


@component
class StandardNormal(Prior):
    """p(z) = Normal(0, 1) in each of `latent_dim` dimensions.

    Call: `prior.distribution()` -> a `tfd.Distribution` with event `[D]`.
    """

    def distribution(self, encoder=None):
        """p(z), event `[D]`."""
        del encoder
        zeros = tf.zeros([self.latent_dim])
        return tfd.Independent(tfd.Normal(zeros, tf.ones_like(zeros)), 1)
