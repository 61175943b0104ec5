"""Discretized logistic likelihood of 8-bit images."""

import tensorflow as tf

from zoo.core.discrete_distributions import DiscretizedLogistic
from zoo.core.distributions import as_event, bounded_scale
from zoo.core.serialization import component, is_integer
from zoo.likelihoods.base import Likelihood
from zoo.likelihoods.preprocessing import UnitInterval


@component
class DiscretizedLogisticLikelihood(Likelihood):
    """8-bit images: a logistic density integrated over the 256 grey levels k / 255.

    The decoder returns a location (any real number) and a scale for each element. log_prob is that
    of a discrete value, so `zoo.bits_per_dimension` converts it to a code length. Salimans et al.,
    PixelCNN++, 2017.
    """

    def __init__(self, levels=256, **kwargs):
        super().__init__(**kwargs)
        if not is_integer(levels) or levels < 2:
            raise ValueError(f"levels must be an integer of at least 2, got {levels!r}")
        self.levels = int(levels)

    def params_size(self, channels):
        return 2 * channels

    def call(self, raw):
        loc, raw_scale = tf.split(raw, 2, axis=-1)
        # The outermost bins extend to infinity, so a location outside of [0, 1] makes black or
        # white certain; a location inside would need a scale of a fraction of a bin. The floor is
        # a twentieth of a bin.
        scale = bounded_scale(raw_scale - 2.0, 0.05 / (self.levels - 1), 100.0)
        return as_event(DiscretizedLogistic(0.5 + 0.5 * loc, scale, self.levels))

    def preprocessor(self):
        return UnitInterval(self, f"{self.levels} grey levels k / {self.levels - 1}")
