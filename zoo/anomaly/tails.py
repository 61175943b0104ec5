"""Score from tail probabilities of each feature: of its value, and of its surprise given z."""

import dataclasses

import numpy as np
import tensorflow as tf

from zoo.anomaly.feature_scores import feature_scores
from zoo.anomaly.reference import NeedsReference
from zoo.core import inputs, streams, validation
from zoo.inference.batching import first
from zoo.likelihoods import Categorical, Tabular
from zoo.model import VAE


@dataclasses.dataclass(frozen=True)
class TailScore(NeedsReference):
    """Sum over features of two log tail probabilities, at most 0; higher is more normal.

    sum_i log P(value as extreme as x_i) + log P(surprise as large as that of x_i)

    Both probabilities are fractions of the reference examples of `fit`: the two-sided tail of the
    values x_i, and the upper tail of the surprises -E_q[log p(x_i|z)]. An outlier in one column
    therefore counts by its rarity rather than by its squared distance, and all columns have the
    same weight. Multiplying the probabilities of features is Fisher's method (Statistical methods
    for research workers, 1932); the values' probabilities alone give a score like ECOD (Li et al.,
    2022). Categorical features have no order, so only their surprises count. Missing values do not
    count.

    Args:
        samples, seed: as in `feature_scores`.
        reference: maximum number of reference examples; the first ones are used.
    """

    samples: int = 16
    seed: int = 0
    reference: int = 10_000

    def fit(
        self, vae: VAE, x: np.ndarray | tf.data.Dataset, batch_size: int = 256
    ) -> "FittedTailScore":
        """Return the score with x as its reference; `AnomalyDetector.fit` calls this method.

        Raises:
            TypeError: the likelihood does not factorise over features.
            ValueError: examples differ in shape.
        """
        validation.check_counts(samples=self.samples, reference=self.reference)
        both = self._values_and_surprises(vae, first(x, self.reference), batch_size)
        return FittedTailScore(self, *(np.sort(features, 0) for features in both))

    def _values_and_surprises(self, vae, x, batch_size):
        """Values and surprises, `[N, features]` each; NaN if missing or not ordered."""
        options = {"samples": self.samples, "seed": self.seed, "batch_size": batch_size}
        surprises = -feature_scores(vae, x, **options)
        values = np.asarray(inputs.prepare(vae, x, "x"), "float64").reshape(len(surprises), -1)
        surprises = np.asarray(surprises, "float64").reshape(values.shape)
        missing = np.isnan(values)
        return (
            np.where(is_ordered(vae.decoder.likelihood), values, np.nan),
            np.where(missing, np.nan, surprises),
        )


@dataclasses.dataclass(frozen=True, eq=False)
class FittedTailScore:
    """A `TailScore` with its reference, `[reference, features]`, each column sorted."""

    score: TailScore
    values: np.ndarray
    surprises: np.ndarray

    def __call__(self, vae: VAE, x: np.ndarray | tf.data.Dataset, batch_size: int = 256):
        if streams.is_stream(x):
            streams.require_end(x)
            batches = (np.asarray(streams.x_of(e)) for e in streams.elements(x))
            return np.concatenate([self._score(vae, batch, batch_size) for batch in batches])
        return self._score(vae, x, batch_size)

    def _score(self, vae, x, batch_size):
        values, surprises = self.score._values_and_surprises(vae, x, batch_size)
        if values.shape[1] != self.values.shape[1]:
            raise ValueError(
                f"x must have {self.values.shape[1]} features, as the data of fit, got "
                f"{values.shape[1]}"
            )
        upper, lower = tail_probabilities(values, self.values)
        two_sided = np.minimum(1.0, 2 * np.minimum(upper, lower))
        surprise_tail, _ = tail_probabilities(surprises, self.surprises)
        return np.sum(np.log(two_sided) + np.log(surprise_tail), 1).astype("float32")


def tail_probabilities(x, reference):
    """Empirical upper and lower tail probability of each value, `[N, features]` each.

    (1 + count) / (1 + size), which is never 0, where count is the number of reference values >= x
    for the upper tail and <= x for the lower. 1 if x is NaN. NaN in the reference is ignored.

    Args:
        x: `[N, features]`.
        reference: `[R, features]`, each column in ascending order, NaN last.
    """
    upper, lower = np.ones(x.shape), np.ones(x.shape)
    for i, (column, sorted_values) in enumerate(zip(x.T, reference.T, strict=True)):
        sorted_values = sorted_values[: np.count_nonzero(~np.isnan(sorted_values))]
        size, observed = len(sorted_values), ~np.isnan(column)
        below = np.searchsorted(sorted_values, column[observed], "left")
        up_to = np.searchsorted(sorted_values, column[observed], "right")
        upper[observed, i] = (1 + size - below) / (1 + size)
        lower[observed, i] = (1 + up_to) / (1 + size)
    return upper, lower


def is_ordered(likelihood):
    """Mask of the features whose values are ordered: `[features]`, or one bool for all."""
    if isinstance(likelihood, Tabular):
        return np.array([not classes for classes in likelihood.categories])
    return not isinstance(likelihood, Categorical)
