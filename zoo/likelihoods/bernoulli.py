"""Likelihoods of values in [0, 1]."""

import numbers
from collections.abc import Sequence

import tensorflow as tf

from zoo.core.arrays import as_array
from zoo.core.discrete_distributions import FusedBernoulli
from zoo.core.distributions import as_event
from zoo.core.random import uniform
from zoo.core.serialization import component
from zoo.core.validation import as_seed, check_unit_interval
from zoo.likelihoods.base import Likelihood
from zoo.likelihoods.preprocessing import UnitInterval


@component
class Bernoulli(Likelihood):
    """p(x|z) = sigmoid(raw)^x * (1 - sigmoid(raw))^(1 - x) for each element of x in [0, 1].

    For a grey x this is the mean log-probability over its binarisations.
    """

    def call(self, raw):
        return as_event(FusedBernoulli(logits=raw, dtype=tf.float32))

    def preprocessor(self):
        return UnitInterval(self, "a Bernoulli likelihood")


@component
class BinarizedBernoulli(Bernoulli):
    """Bernoulli with dynamic binarisation: a value in [0, 1] is the probability of a 1.

    Training draws a new binary image each time it uses x, as the encoder's input and as the target;
    `evaluate` uses one fixed draw. The other methods of the model use x as it is: for numbers that
    are comparable with the literature, pass them a binarised test set (`zoo.binarize`).
    """

    def target(self, x, next_seed):
        return _draw(x, next_seed())


def binarize(x, seed: int | Sequence[int] | tf.Tensor = 0) -> tf.Tensor:
    """A binary image for each grey one: 1 with probability x. float32, the shape of x.

    Args:
        x: values in [0, 1].
        seed: an integer or an int32 `[2]`; the same seed gives the same draw.

    Raises:
        ValueError: x is not in [0, 1].
    """
    if not tf.is_symbolic_tensor(x):
        x = as_array(x)
        if x.dtype.kind not in "biuf":
            raise TypeError(f"x must hold numbers, got an array of dtype {x.dtype}")
        if x.size:
            check_unit_interval(x, "x", "probabilities")
    if isinstance(seed, numbers.Integral):
        seed = [as_seed(seed), 0]  # a Python integer: NumPy's would give an int64 tensor
    elif not tf.is_symbolic_tensor(seed):
        pair = as_array(seed, "seed")
        if pair.dtype.kind not in "iu" or pair.shape != (2,):
            raise ValueError(f"seed must be an integer or an int32 array of two, got {seed!r}")
    return _draw(x, seed)


def _draw(x, seed):
    x = tf.cast(x, tf.float32)
    return tf.cast(uniform(tf.shape(x), seed) < x, tf.float32)
