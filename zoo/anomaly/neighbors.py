"""Score from the distances to near rows, in the table and among the codes, and the ELBO."""

import dataclasses

import numpy as np
import tensorflow as tf

from zoo.anomaly.nearest import Nearest
from zoo.anomaly.reference import NeedsReference
from zoo.anomaly.tails import is_ordered, tail_probabilities
from zoo.core import inputs, nested, streams, validation
from zoo.core.argument_values import fraction
from zoo.core.forward import forward_pass
from zoo.core.samplers import MeanSampler
from zoo.inference import batching
from zoo.model import VAE

MANY = 20  # neighbors by whose distance suspect examples are found: more than a few like anomalies


@dataclasses.dataclass(frozen=True)
class NeighborScore(NeedsReference):
    """Sum of the log tail probabilities of several measures, at most 0; higher is more normal.

    sum_m log P(m(reference) >= m(x)), where the measures m of an example are

    - -ELBO;
    - -sum_i log P(value as extreme as x_i), which is large for a value that is rare in its column;
    - the mean distance to the nearest examples, by standardised columns, for each number in `rows`;
    - the mean distance to the nearest codes, the means of q(z|x), for each number in `codes`.

    The probabilities are fractions of the reference examples of `fit`, as in `TailScore`. A
    distance does not count the example itself, nor reference examples that are suspect: the
    fraction `suspect` of them with the least sum for the first two measures and the distance to 20
    neighbors. Anomalies among the training examples are thus no neighbors of others like them.
    Distances to neighbors: Ramaswamy et al., Efficient algorithms for mining outliers from large
    data sets, 2000.

    Args:
        rows: numbers of nearest examples.
        codes: numbers of nearest codes.
        suspect: fraction of the reference examples, in [0, 1), that are no neighbors; 0 if all of
            them are known to be normal.
        reference: maximum number of reference examples: a random choice from an array, the first
            ones of a dataset.
        samples: as in `ELBOScore`.
        seed: seed of the noise, and of the choice of the reference.
    """

    rows: tuple[int, ...] = (3,)
    codes: tuple[int, ...] = (20,)
    suspect: float = 0.1
    reference: int = 5000
    samples: int = 16
    seed: int = 0

    def fit(
        self, vae: VAE, x: np.ndarray | tf.data.Dataset, batch_size: int = 256
    ) -> "FittedNeighborScore":
        """Return the score with examples of x as its reference; `AnomalyDetector.fit` calls this.

        Raises:
            TypeError: x is not an array of numbers, such as texts or several modalities.
            ValueError: an option is invalid.
        """
        self._check()
        passes = self.passes(vae, self._reference(x), batch_size)
        negative_elbo, values, rows, codes = passes
        columns = np.sort(values, 0)
        first = np.stack([negative_elbo, column_rarity(values, columns)], 1)
        signs = np.c_[first, Nearest(rows, (MANY,)).distances(rows)]
        suspicion = -log_tails(signs, np.sort(signs, 0)).sum(1)
        trusted = suspicion <= np.quantile(suspicion, 1 - self.suspect)
        near = Nearest(rows[trusted], self.rows), Nearest(codes[trusted], self.codes)
        fitted = FittedNeighborScore(self, columns, near)
        return dataclasses.replace(fitted, measures=np.sort(fitted.measure(*passes), 0))

    def passes(self, vae, x, batch_size):
        """-ELBO `[N]`; values `[N, features]`, NaN if missing or not ordered; rows; codes."""
        x = inputs.prepare(vae, x)
        if not isinstance(x, np.ndarray) or x.dtype.kind not in "biuf" or vae.decoder.own_length:
            raise TypeError(
                "x must be an array of numbers for NeighborScore: choose another score, such as "
                "'elbo'"
            )
        elbo = vae.elbo(x, samples=self.samples, seed=self.seed, batch_size=batch_size)
        rows, codes = batching.map_batches(
            vae, "rows and codes", lambda batch, _: _rows_and_codes(vae, batch), x, batch_size
        )
        values = np.asarray(x, "float64").reshape(len(x), -1)
        values = np.where(is_ordered(vae.decoder.likelihood), values, np.nan)
        return -np.asarray(elbo, "float64"), values, rows, codes

    def _check(self):
        validation.check_counts(reference=self.reference, samples=self.samples)
        fraction(suspect=self.suspect)
        for name in ("rows", "codes"):
            counts = getattr(self, name)
            if not isinstance(counts, (tuple, list)):
                raise TypeError(f"{name} must be a tuple of numbers of neighbors, got {counts!r}")
            for count in counts:
                validation.check_counts(**{name: count})

    def _reference(self, x):
        """At most `reference` examples of x, in memory."""
        if streams.is_stream(x):
            return batching.first(x, self.reference)
        order = np.random.default_rng(self.seed).permutation(nested.row_count(x))
        return nested.take_rows(x, np.sort(order[: self.reference]))


@dataclasses.dataclass(frozen=True, eq=False)
class FittedNeighborScore:
    """A `NeighborScore` with its reference.

    Attributes:
        score: the `NeighborScore`.
        columns: values of the reference, `[reference, features]`, each column sorted.
        near: `Nearest` among the rows, and among the codes.
        measures: the measures of the reference, `[reference, measures]`, each sorted.
    """

    score: NeighborScore
    columns: np.ndarray
    near: tuple[Nearest, Nearest]
    measures: np.ndarray | None = None

    def __call__(self, vae: VAE, x: np.ndarray | tf.data.Dataset, batch_size: int = 256):
        if streams.is_stream(x):
            streams.require_end(x)
            batches = (np.asarray(streams.x_of(e)) for e in streams.elements(x))
            return np.concatenate([self._score(vae, batch, batch_size) for batch in batches])
        return self._score(vae, x, batch_size)

    def measure(self, negative_elbo, values, rows, codes):
        """The measures of the results of `NeighborScore.passes`, `[N, measures]`."""
        rarity = column_rarity(values, self.columns)
        distances = [near.distances(x) for near, x in zip(self.near, (rows, codes), strict=True)]
        return np.c_[negative_elbo, rarity, *distances]

    def _score(self, vae, x, batch_size):
        passes = self.score.passes(vae, x, batch_size)
        if passes[1].shape[1] != self.columns.shape[1]:
            raise ValueError(
                f"x must have {self.columns.shape[1]} features, as the data of fit, got "
                f"{passes[1].shape[1]}"
            )
        return log_tails(self.measure(*passes), self.measures).sum(1).astype("float32")


def column_rarity(values, columns):
    """-sum_i log P(value as extreme as x_i), `[N]`; columns: the reference, each column sorted."""
    upper, lower = tail_probabilities(values, columns)
    return -np.log(np.minimum(1.0, 2 * np.minimum(upper, lower))).sum(1)


def log_tails(measures, reference):
    """log P(m(reference) >= m) of each measure, `[N, measures]`; reference: sorted columns."""
    return np.log(tail_probabilities(measures, reference)[0])


def _rows_and_codes(vae, batch):
    """Inputs of the encoder, and means of q(z|x) of all levels, `[B, ...]` flattened."""
    draws = forward_pass(vae, batch, MeanSampler()).draws
    parts = vae.preprocessor.encoder_inputs(batch), tf.concat([draw.z for draw in draws], 1)
    return tuple(tf.reshape(tf.cast(part, tf.float32), [tf.shape(part)[0], -1]) for part in parts)
