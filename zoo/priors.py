"""p(z): what z is expected to be before x is seen."""

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.component import component, positive

tfd = tfp.distributions


@component
class StandardNormal(keras.layers.Layer):
    """p(z) = Normal(0, 1) in each of `latent_dim` dimensions.

    Call: `prior.distribution()` -> a `tfd.Distribution` with event `[D]`.
    """

    def __init__(self, latent_dim, **kwargs):
        super().__init__(**kwargs)
        (self.latent_dim,) = positive(latent_dim=latent_dim)

    def distribution(self):
        """p(z), event `[D]`."""
        zeros = tf.zeros([self.latent_dim])
        return tfd.Independent(tfd.Normal(zeros, tf.ones_like(zeros)), 1)
