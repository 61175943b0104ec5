"""Discretized logistic likelihoods of 8-bit images."""

import tensorflow as tf

from zoo.core.argument_values import is_integer
from zoo.core.discrete_distributions import DiscretizedLogistic
from zoo.core.distributions import as_event, bounded_scale
from zoo.core.serialization import component
from zoo.likelihoods.base import Likelihood
from zoo.likelihoods.logistic_mixture import PixelMixture
from zoo.likelihoods.preprocessing import UnitInterval

# The outermost bins extend to infinity, so a location outside of [0, 1] makes black or white
# certain; a location inside would need a scale of a fraction of a bin. The floor is a twentieth of
# a bin.
FLOOR, CEILING, INITIAL_RAW_SCALE = 0.05, 100.0, -2.0


class GreyLevels(Likelihood):
    """Base class of likelihoods of values k / (levels - 1).

    log_prob is that of a discrete value, so `zoo.bits_per_dimension` converts it to a code length.

    Args:
        levels: number of values that an element of x can take; 256 for 8-bit images.
    """

    def __init__(self, levels=256, **kwargs):
        super().__init__(**kwargs)
        if not is_integer(levels) or levels < 2:
            raise ValueError(f"levels must be an integer of at least 2, got {levels!r}")
        self.levels = int(levels)

    def preprocessor(self):
        return UnitInterval(self, f"{self.levels} grey levels k / {self.levels - 1}")

    def _scale(self, raw):
        return bounded_scale(raw + INITIAL_RAW_SCALE, FLOOR / (self.levels - 1), CEILING)


@component
class DiscretizedLogisticLikelihood(GreyLevels):
    """8-bit images: a logistic density integrated over the 256 grey levels k / 255.

    The decoder returns a location (any real number) and a scale for each element. Salimans et al.,
    PixelCNN++, 2017.

    Args:
        levels: number of values that an element of x can take; 256 for 8-bit images.
    """

    def params_size(self, channels):
        return 2 * channels

    def call(self, raw):
        loc, raw_scale = tf.split(raw, 2, axis=-1)
        scale = self._scale(raw_scale)
        return as_event(DiscretizedLogistic(0.5 + 0.5 * loc, scale, self.levels))


@component
class DiscretizedLogisticMixture(GreyLevels):
    """8-bit colour images: a mixture of discretized logistics, whose channels depend on each other.

    The channels of a pixel have the same component of the mixture, in which the location of each
    moves with the values of the channels before it. Colours that belong together cost far fewer
    bits than with independent channels. Salimans et al., PixelCNN++, 2017. `PixelMixture` has the
    formula.

    `zoo.impute` takes missing pixels, but not single channels of a pixel.

    Args:
        components: number of components of the mixture.
        levels: number of values that an element of x can take; 256 for 8-bit images.
    """

    def __init__(self, components=5, levels=256, **kwargs):
        super().__init__(levels, **kwargs)
        if not is_integer(components) or components < 1:
            raise ValueError(f"components must be a positive integer, got {components!r}")
        self.components = int(components)

    def params_size(self, channels):
        return self.components * (1 + 2 * channels + channels * (channels - 1) // 2)

    def call(self, raw):
        channels = self._channels(raw.shape[-1])
        shape = tf.concat([tf.shape(raw)[:-1], [self.components, -1]], 0)
        links = channels * (channels - 1) // 2
        parts = tf.split(tf.reshape(raw, shape), [1, channels, channels, links], -1)
        logits, loc, raw_scale, raw_links = parts
        return PixelMixture(
            logits=tf.squeeze(logits, -1),
            loc=0.5 + 0.5 * (loc + self._spread()),
            scale=self._scale(raw_scale),
            links=tf.tanh(raw_links),
            levels=self.levels,
        )

    def check_missing(self, missing):
        """Raise unless pixels are missing as a whole, bool `[N, *event]`."""
        some, all_channels = missing.any(-1), missing.all(-1)
        if (some & ~all_channels).any():
            raise ValueError(
                "missing must be True at all channels of a pixel or at none, because the channels "
                f"of {type(self).__name__} depend on each other, got pixels of which some channels "
                "are missing"
            )

    def _channels(self, size):
        """Number of channels for this many raw values of a pixel."""
        channels = 1
        while self.params_size(channels) < size:
            channels += 1
        return channels

    def _spread(self):
        """Locations of the components before training, `[K, 1]`: equal ones would stay equal."""
        return tf.reshape(tf.linspace(-1.0, 1.0, self.components), [-1, 1])
