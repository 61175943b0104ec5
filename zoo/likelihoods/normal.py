"""Normal likelihoods of real values: with a fixed, a shared or a per-element scale."""

import math

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import increasing, is_float32
from zoo.core.distributions import as_event, bounded_scale, raw_of
from zoo.core.serialization import component
from zoo.core.validation import check_bounds
from zoo.likelihoods.base import Likelihood, constant

tfd = tfp.distributions


@component
class Normal(Likelihood):
    """p(x|z) = Normal(raw, scale) with a fixed scale, in the units of x."""

    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        if not is_float32(scale) or scale <= 0:
            raise ValueError(f"scale must be a positive number, got {scale!r}")
        self.scale = scale

    def call(self, raw):
        return as_event(tfd.Normal(raw, tf.fill(tf.shape(raw), self.scale)))


@component
class SharedScaleNormal(Likelihood):
    """Normal(raw, s) with one learned scale s for all elements of x.

        s = floor + softplus(scale_rate raw_scale)

    Adam moves each weight by about its learning rate in a step. A scale_rate above 1 lets s follow
    the errors of the decoder: as long as s is larger than they are, what it hides is not worth its
    KL, and z stays unused. Rybkin et al., Simple and effective VAE training with calibrated
    decoders, 2021, compute s from the errors instead.

    Args:
        initial_scale: s at the start of training, in the units of x.
        floor, ceiling: bounds of s. Without a floor the density of an element that is
            reconstructed perfectly grows without bound.
        scale_rate: factor of the weight that s is computed from; Adam changes s faster by it.
    """

    absent_arguments = {"scale_rate": 1.0}

    def __init__(self, initial_scale=1.0, floor=1e-3, ceiling=1e3, scale_rate=10.0, **kwargs):
        super().__init__(**kwargs)
        if not increasing(0, floor, initial_scale, ceiling):
            raise ValueError(
                "initial_scale must lie between floor and ceiling, which are positive, got "
                f"floor={floor}, initial_scale={initial_scale}, ceiling={ceiling}"
            )
        if not increasing(0, scale_rate, math.inf):
            raise ValueError(f"scale_rate must be a positive number, got {scale_rate!r}")
        self.initial_scale, self.floor, self.ceiling = initial_scale, floor, ceiling
        self.scale_rate = scale_rate

    def build(self, input_shape):
        del input_shape
        start = constant(raw_of(self.initial_scale, self.floor) / self.scale_rate)
        self.raw_scale = self.add_weight(shape=(), initializer=start, name="raw_scale")

    def call(self, raw):
        raw_scale = tf.convert_to_tensor(self.raw_scale) * self.scale_rate
        scale = bounded_scale(raw_scale, self.floor, self.ceiling)
        return as_event(tfd.Normal(raw, tf.fill(tf.shape(raw), scale)))


@component
class PerElementNormal(Likelihood):
    """Normal(loc, scale) with both from the decoder, for each element of x.

    Args:
        floor, ceiling: bounds of the scale, in the units of x.
    """

    def __init__(self, floor=1e-2, ceiling=1e3, **kwargs):
        super().__init__(**kwargs)
        check_bounds(floor, ceiling)
        self.floor, self.ceiling = floor, ceiling

    def params_size(self, channels):
        return 2 * channels

    def call(self, raw):
        loc, raw_scale = tf.split(raw, 2, axis=-1)
        return as_event(tfd.Normal(loc, bounded_scale(raw_scale, self.floor, self.ceiling)))
