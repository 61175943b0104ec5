"""What latents share: how x becomes a random z, and z what a decoder eats."""

import keras

from zoo.core.distributions import joint_normal
from zoo.core.samplers import MeanSampler


class Latents(keras.layers.Layer):
    """What latents share. A subclass has `latent_dim`, `code_shape`, `infer` and `generate`.

    `latent_dim` is D, the dimensions of z, of all stochastic layers side by side; `code_shape` the
    shape of what the decoder eats, without the batch.
    """

    adapted = True  # False where `adapt` must see data first

    def adapt(self, features):
        """Learn from an iterable of batches of what the encoder sees, before training."""
        del features

    def check(self, x, argument="x"):
        """Raise `ValueError` where nothing can be inferred from the array x."""
        del x, argument

    def check_labels(self, y, argument="y"):
        """Raise `ValueError` where y, an array of labels, is nothing to train with."""
        del y, argument

    def posterior(self, x, training=None):
        """q(z|x) or the Normal that stands for it: a `tfd.Normal` with batch `[B, D]`.

        Of what is not Normal, the mean and variance; of a ladder's lower levels, what they are when
        those above are at their means.
        """
        return joint_normal(self.infer(x, MeanSampler(), training)[1])

    def code(self, z, training=None):
        """What the decoder eats, of z `[B, D]`: z itself."""
        del training
        return z
