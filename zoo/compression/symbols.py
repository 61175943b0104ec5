"""Alphabets: the discrete values to which a likelihood gives probabilities."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from zoo.likelihoods import (
    Bernoulli,
    Categorical,
    DiscretizedLogisticLikelihood,
    DiscretizedLogisticMixture,
    Likelihood,
)


@dataclasses.dataclass(frozen=True)
class Alphabet:
    """The values k / divisor of symbols k = 0 .. count - 1 that each element of x may have.

    Attributes:
        count: number of symbols, K.
        divisor: divisor of the symbols.
        probabilities: a function that takes the distribution of single elements, batch shape
            `[B, *event]`, and returns the probabilities of all symbols, `[B, *event, K]`.
        channelwise: True if a channel, of the last axis, depends on those before it. They are then
            coded one after the other: `probabilities` takes the distribution and x of the channels
            before one, `[B, ..., c]`, and returns those of its symbols, `[B, ..., K]`.
    """

    count: int
    divisor: int
    probabilities: Callable[..., tf.Tensor]
    channelwise: bool = False

    def symbols(self, x: np.ndarray, argument: str = "x") -> np.ndarray:
        """The symbol k of each element of the array x, int32.

        Raises:
            ValueError: x holds a number that is not exactly one of the values.
        """
        k = np.rint(x.astype("float64") * self.divisor)
        k = np.clip(k, 0, self.count - 1).astype("int32")
        exact = self.values(k, x.dtype)
        wrong = (exact != x) | (np.signbit(exact) != np.signbit(x))  # -0.0 differs from 0.0
        if wrong.any():
            place = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise ValueError(
                f"{argument} must hold {self} only, got {x[place]!r} at index {place} "
                f"({wrong.sum()} of {x.size} values): compression does not round"
            )
        return k

    def values(self, k: np.ndarray, dtype: str | np.dtype = "float32") -> np.ndarray:
        """The values of symbols k, rounded to `dtype`."""
        return (k / self.divisor).astype(dtype)

    def __str__(self) -> str:
        if self.divisor == 1:
            return "0 and 1" if self.count == 2 else f"integers 0 .. {self.count - 1}"
        return f"values k / {self.divisor}, k = 0 .. {self.count - 1}"


@functools.singledispatch
def alphabet(likelihood: Likelihood) -> Alphabet:
    """The `Alphabet` of a likelihood; register a function for your own likelihood class.

    Raises:
        ValueError: the likelihood is not discrete, or no order is known in which its elements
            depend on each other.
    """
    raise ValueError(
        "likelihood must be one of discrete values for compression (Bernoulli, BinarizedBernoulli, "
        "DiscretizedLogisticLikelihood, DiscretizedLogisticMixture, Categorical or a class "
        f"registered with zoo.compression.alphabet), got {type(likelihood).__name__}"
    )


@alphabet.register
def _(likelihood: Bernoulli):
    return Alphabet(2, 1, lambda elements: tf.stack([elements.prob(v) for v in (0.0, 1.0)], -1))


@alphabet.register
def _(likelihood: DiscretizedLogisticLikelihood):
    return _grey_levels(likelihood, lambda elements: elements.probabilities())


@alphabet.register
def _(likelihood: DiscretizedLogisticMixture):
    return _grey_levels(likelihood, lambda pixels, x: pixels.channel_probabilities(x), True)


@alphabet.register
def _(likelihood: Categorical):
    return Alphabet(likelihood.classes, 1, lambda elements: elements.probs_parameter())


def _grey_levels(likelihood, probabilities, channelwise=False):
    """The `Alphabet` of values k / (levels - 1)."""
    return Alphabet(likelihood.levels, likelihood.levels - 1, probabilities, channelwise)


def elements(distribution):
    """The distribution of single elements of x, without the wrappers of a likelihood's result."""
    while hasattr(distribution, "distribution"):
        distribution = distribution.distribution
    return distribution
