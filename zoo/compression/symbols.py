"""What a likelihood gives probabilities to, where that can be counted: the alphabet of a coder."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from zoo.likelihoods import Bernoulli, Categorical, DiscretizedLogisticLikelihood


@dataclasses.dataclass(frozen=True)
class Alphabet:
    """The values k / divisor, k = 0 .. count - 1, that each element of x may have.

    Attributes:
        count: K.
        divisor: what k is divided by.
        probabilities: a distribution over one element, batch `[B, *event]` -> `[B, *event, K]`.
    """

    count: int
    divisor: int
    probabilities: Callable

    def numbers(self, x, argument="x"):
        """k of each element of the array x, int32.

        Raises:
            ValueError: x holds something that is none of the values, to the last bit.
        """
        k = np.rint(x.astype("float64") * self.divisor)
        k = np.clip(k, 0, self.count - 1).astype("int32")
        known = self.values(k, x.dtype)
        wrong = (known != x) | (np.signbit(known) != np.signbit(x))  # -0.0 is another number
        if wrong.any():
            place = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise ValueError(
                f"{argument} must hold {self} only, got {x[place]!r} at index {place} "
                f"({wrong.sum()} of {x.size} values): what had to be rounded would be lost"
            )
        return k

    def values(self, k, dtype="float32"):
        """What the numbers k stand for, as they are best written in `dtype`."""
        return (k / self.divisor).astype(dtype)

    def __str__(self):
        if self.divisor == 1:
            return "0 and 1" if self.count == 2 else f"whole numbers 0 .. {self.count - 1}"
        return f"values k / {self.divisor}, k = 0 .. {self.count - 1}"


@functools.singledispatch
def alphabet(likelihood):
    """The `Alphabet` of a likelihood; register a function for a class of your own.

    Raises:
        ValueError: its values cannot be counted, or depend on each other.
    """
    raise ValueError(
        "only a likelihood of discrete values can be coded without loss: Bernoulli, "
        "BinarizedBernoulli, DiscretizedLogisticLikelihood or Categorical, got "
        f"{type(likelihood).__name__}"
    )


@alphabet.register
def _(likelihood: Bernoulli):
    return Alphabet(2, 1, _by_value(2, 1))


@alphabet.register
def _(likelihood: DiscretizedLogisticLikelihood):
    steps = likelihood.levels - 1
    return Alphabet(likelihood.levels, steps, _by_value(likelihood.levels, steps))


@alphabet.register
def _(likelihood: Categorical):
    return Alphabet(likelihood.classes, 1, lambda elements: elements.probs_parameter())


def _by_value(count, divisor):
    """Probabilities of one value after the other."""

    def probabilities(elements):
        rank = len(elements.batch_shape)
        values = tf.reshape(tf.range(count, dtype=tf.float32) / divisor, [count] + [1] * rank)
        return tf.transpose(elements.prob(values), [*range(1, rank + 1), 0])

    return probabilities


def elements(distribution):
    """p(x|z) of each element of x, of what a likelihood gives."""
    while hasattr(distribution, "distribution"):
        distribution = distribution.distribution
    return distribution
