"""How far out each feature lies, by itself and given the code, among examples seen before."""

import dataclasses

import numpy as np
import tensorflow as tf

from zoo.anomaly.feature_scores import feature_scores
from zoo.core import inputs, validation
from zoo.inference.batching import first
from zoo.likelihoods import Categorical, Tabular


@dataclasses.dataclass(frozen=True)
class Tails:
    """sum_i log P(x_i as far out) + log P(x_i as surprising given z), at most 0.

    Both are shares of the examples that `fit` saw: of values x_i, in both directions, and of
    surprises -E_q[log p(x_i|z)], upwards. An outlier in one column then counts by how rare it is
    and not by its square, and all columns count alike. Probabilities of features are multiplied as
    Fisher did (Statistical methods for research workers, 1932); those of values alone are near to
    Li et al., ECOD, 2022. Classes have no direction: of them surprises count alone. A missing value
    counts nothing.

    Args:
        samples, seed: of the surprises, see `feature_scores`.
        reference: how many examples of `fit` to keep, its first.
    """

    samples: int = 16
    seed: int = 0
    reference: int = 10_000

    def fit(self, vae, x, batch_size=256):
        """A score that compares with x; `AnomalyDetector.fit` calls it.

        Raises:
            TypeError: the likelihood does not factorise over features.
            ValueError: examples differ in shape.
        """
        validation.count(samples=self.samples, reference=self.reference)
        looks = self._looks(vae, first(x, self.reference), batch_size)
        return FittedTails(self, *(np.sort(look, 0) for look in looks))

    def __call__(self, vae, x, batch_size=256):
        raise TypeError(
            "Tails compares with examples seen before: give it to AnomalyDetector, or call "
            "Tails().fit(vae, x)"
        )

    def _looks(self, vae, x, batch_size):
        """Values and surprises, `[N, features]` each; NaN where there is none."""
        options = {"samples": self.samples, "seed": self.seed, "batch_size": batch_size}
        surprise = -feature_scores(vae, x, **options)
        values = np.asarray(inputs.array(vae, x, "x"), "float64").reshape(len(surprise), -1)
        surprise = np.asarray(surprise, "float64").reshape(values.shape)
        missing = np.isnan(values)
        return (
            np.where(_ordered(vae.decoder.likelihood), values, np.nan),
            np.where(missing, np.nan, surprise),
        )


@dataclasses.dataclass(frozen=True, eq=False)
class FittedTails:
    """`Tails` with what to compare with, sorted feature by feature: `[reference, features]`."""

    tails: Tails
    values: np.ndarray
    surprises: np.ndarray

    def __call__(self, vae, x, batch_size=256):
        if isinstance(x, tf.data.Dataset):
            parts = [self._of(vae, np.asarray(inputs.inputs(part)), batch_size) for part in x]
            return np.concatenate(parts)
        return self._of(vae, x, batch_size)

    def _of(self, vae, x, batch_size):
        values, surprises = self.tails._looks(vae, x, batch_size)
        if values.shape[1] != self.values.shape[1]:
            raise ValueError(
                f"x must have the {self.values.shape[1]} features of the data of fit, got "
                f"{values.shape[1]}"
            )
        upper, lower = shares(values, self.values)
        both_ways = np.minimum(1.0, 2 * np.minimum(upper, lower))
        surprising, _ = shares(surprises, self.surprises)
        return np.sum(np.log(both_ways) + np.log(surprising), 1).astype("float32")


def shares(x, reference):
    """Share of the reference that is at least, and at most, as large as x: `[N, features]` each.

    (1 + how many) / (1 + all), never 0; 1 where x is NaN, and NaN in the reference is left out.

    Args:
        x: `[N, features]`.
        reference: `[R, features]`, each column in ascending order, NaN last.
    """
    upper, lower = np.ones(x.shape), np.ones(x.shape)
    for i, (column, known) in enumerate(zip(x.T, reference.T, strict=True)):
        known = known[: np.count_nonzero(~np.isnan(known))]
        there = ~np.isnan(column)
        below = np.searchsorted(known, column[there], "left")
        upto = np.searchsorted(known, column[there], "right")
        upper[there, i] = (1 + len(known) - below) / (1 + len(known))
        lower[there, i] = (1 + upto) / (1 + len(known))
    return upper, lower


def _ordered(likelihood):
    """Which features have a direction: `[features]`, or one for all."""
    if isinstance(likelihood, Tabular):
        return np.array([not classes for classes in likelihood.categories])
    return not isinstance(likelihood, Categorical)
