"""Learned Normal prior."""

from collections.abc import Callable

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import increasing
from zoo.core.distributions import bounded_scale, raw_of
from zoo.core.serialization import component
from zoo.priors.base import Prior

tfd = tfp.distributions


@component
class NormalPrior(Prior):
    """Learned Normal prior: p(z) = Normal(loc, scale) in each dimension, initially Normal(0, 1).

    At its optimum it has the mean and variance of the codes, so the KL does not penalize a mean
    other than 0 or a variance other than 1. The KL to it is exact. Hoffman and Johnson, ELBO
    surgery, 2016, discuss the gain of a prior that fits the codes.

    Args:
        latent_dim: D.
        floor, ceiling: the smallest and the largest scale.

    Raises:
        ValueError: floor and ceiling do not satisfy 0 < floor < 1 < ceiling.

    Call: `prior.distribution()` -> a `tfd.Distribution` with event `[D]`.
    """

    def __init__(self, latent_dim: int, *, floor: float = 1e-2, ceiling: float = 1e2, **kwargs):
        super().__init__(latent_dim, **kwargs)
        if not increasing(0, floor, 1, ceiling):
            raise ValueError(
                "floor and ceiling must satisfy 0 < floor < 1 < ceiling, got "
                f"floor={floor!r}, ceiling={ceiling!r}"
            )
        self.floor, self.ceiling = floor, ceiling

    def build(self, input_shape=None):
        del input_shape
        shape, init_raw = (self.latent_dim,), keras.initializers.Constant(raw_of(1.0, self.floor))
        self.loc = self.add_weight(shape=shape, initializer="zeros", name="loc")
        self.raw_scale = self.add_weight(shape=shape, initializer=init_raw, name="raw_scale")

    def distribution(self, encoder: Callable | None = None) -> tfd.Distribution:
        """p(z), event `[D]`."""
        del encoder
        loc, raw = map(tf.convert_to_tensor, (self.loc, self.raw_scale))
        return tfd.Independent(tfd.Normal(loc, bounded_scale(raw, self.floor, self.ceiling)), 1)
