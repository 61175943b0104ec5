"""One Normal with a learned place and width as p(z)."""

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import bounded_scale, raw_of
from zoo.core.serialization import component
from zoo.priors.base import Prior

tfd = tfp.distributions


@component
class NormalPrior(Prior):
    """p(z) = Normal(loc, scale) in each dimension, both learned: starts as the standard Normal.

    The best one is the Normal of the codes' mean and variance, so the KL no longer holds codes at
    the origin and at width 1. The KL to it is exact. Hoffman and Johnson, ELBO surgery, 2016, say
    what a prior that fits the codes is worth.

    Args:
        latent_dim: D.
        floor, ceiling: the smallest and the largest scale.

    Raises:
        ValueError: not 0 < floor < 1 < ceiling.

    Call: `prior.distribution()` -> a `tfd.Distribution` with event `[D]`.
    """

    def __init__(self, latent_dim, *, floor=1e-2, ceiling=1e2, **kwargs):
        super().__init__(latent_dim, **kwargs)
        if not 0 < floor < 1 < ceiling:
            raise ValueError(
                f"0 < floor < 1 < ceiling is needed, got floor={floor!r}, ceiling={ceiling!r}"
            )
        self.floor, self.ceiling = floor, ceiling

    def build(self, input_shape=None):
        del input_shape
        shape, one = (self.latent_dim,), keras.initializers.Constant(raw_of(1.0, self.floor))
        self.loc = self.add_weight(shape=shape, initializer="zeros", name="loc")
        self.raw_scale = self.add_weight(shape=shape, initializer=one, name="raw_scale")

    def distribution(self, encoder=None):
        """p(z), event `[D]`."""
        del encoder
        loc, raw = map(tf.convert_to_tensor, (self.loc, self.raw_scale))
        return tfd.Independent(tfd.Normal(loc, bounded_scale(raw, self.floor, self.ceiling)), 1)
