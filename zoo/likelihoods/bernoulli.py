"""Likelihoods of values in [0, 1]."""

import numbers

import tensorflow as tf

from zoo.component import component, is_integer
from zoo.distributions import DiscretizedLogistic, FusedBernoulli, as_event, bounded_scale
from zoo.likelihoods.base import Likelihood, check_unit_interval
from zoo.sampling import uniform


@component
class Bernoulli(Likelihood):
    """p(x|z) = sigmoid(raw)^x * (1 - sigmoid(raw))^(1 - x) for each element of x in [0, 1].

    For a grey x this is the mean log-probability over its binarisations.
    """

    def call(self, raw):
        return as_event(FusedBernoulli(logits=raw, dtype=tf.float32))

    def check(self, x, argument="x"):
        check_unit_interval(x, argument, "a Bernoulli likelihood")


@component
class BinarizedBernoulli(Bernoulli):
    """Bernoulli with dynamic binarisation: x in [0, 1] is a probability of 1.

    Each time that training sees x a fresh binary image is drawn, both to encode and to explain;
    `evaluate` uses one fixed draw. The model's other methods take x as it is given: for numbers
    that compare with the literature give them a binarised test set (`zoo.binarize`).
    """

    def target(self, x, next_seed):
        return binarize(x, next_seed())


@component
class DiscretizedLogisticLikelihood(Likelihood):
    """8-bit images: a logistic density integrated over the 256 grey levels k / 255.

    The decoder gives a location, anywhere, and a scale for each element. log_prob is that of a
    discrete value, so `zoo.bits_per_dimension` of it is real bits. Salimans et al., PixelCNN++,
    2017.
    """

    def __init__(self, levels=256, **kwargs):
        super().__init__(**kwargs)
        if not is_integer(levels) or levels < 2:
            raise ValueError(f"levels must be an integer of at least 2, got {levels!r}")
        self.levels = int(levels)

    def outputs(self, channels):
        return 2 * channels

    def call(self, raw):
        loc, raw_scale = tf.split(raw, 2, axis=-1)
        # Black and white reach to infinity: a location outside [0, 1] makes them certain, where one
        # inside would need a scale of a fraction of a bin. The floor is a twentieth of a bin.
        scale = bounded_scale(raw_scale - 2.0, 0.05 / (self.levels - 1), 100.0)
        return as_event(DiscretizedLogistic(0.5 + 0.5 * loc, scale, self.levels))

    def check(self, x, argument="x"):
        check_unit_interval(x, argument, f"{self.levels} grey levels k / {self.levels - 1}")


def binarize(x, seed=0):
    """A binary image for each grey one: 1 with probability x. float32, the shape of x.

    Args:
        x: values in [0, 1].
        seed: an integer or an int32 `[2]`; the same seed gives the same draw.
    """
    if isinstance(seed, numbers.Integral):
        seed = [int(seed), 0]  # NumPy's integers would make it int64
    x = tf.cast(x, tf.float32)
    return tf.cast(uniform(tf.shape(x), seed) < x, tf.float32)
