"""Outlier detector with scikit-learn's interface, based on a VAE."""

# ruff: noqa: N803, N806  (X is scikit-learn's name for the data)

import math
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import tensorflow as tf

from zoo.anomaly import frames
from zoo.anomaly.default_model import table_vae
from zoo.anomaly.explanations import ExplainsScores
from zoo.anomaly.files import WritesFiles
from zoo.anomaly.scores import FittableScore, as_score
from zoo.core import inputs, nested, streams, validation
from zoo.core.argument_values import is_real
from zoo.core.estimators import unchanged_on_error
from zoo.inference import batching
from zoo.model import VAE
from zoo.tables.batches import encoded_dataset
from zoo.variants import fitting

try:
    from sklearn.base import BaseEstimator, OutlierMixin
    from sklearn.utils.validation import check_is_fitted
except ModuleNotFoundError as error:
    raise ImportError(
        f"zoo.AnomalyDetector needs {error.name}: pip install 'zoo-vae[recipes]'"
    ) from error

SCORE_BATCH_SIZE = 256
LOWEST_SCORE = float(np.finfo("float32").min)  # finite, as scikit-learn's metrics require


class AnomalyDetector(OutlierMixin, ExplainsScores, WritesFiles, BaseEstimator):
    """Outlier detector with scikit-learn's interface that scores examples with a VAE.

    Args:
        vae: a trained `VAE`, for which `fit` only sets the threshold; or a model for `fit` to
            train: the name of a variant, a function of the training data that returns a `VAE`, or
            None for tables: `zoo.anomaly.table_vae` for arrays of numbers, a model of the encoded
            columns for data frames.
        score: "elbo", "reconstruction", "kl", "reconstruction_probability", "likelihood_regret",
            "tails" or "neighbors"; a score object of `zoo.anomaly`, or a function
            (vae, x, batch_size) -> `[N]`, higher for more normal examples. None is "neighbors" for
            arrays of numbers if `vae` is None, "elbo" otherwise.
        contamination: fraction of the data of `fit` that counts as anomalies, in [0, 0.5]. The
            threshold is this quantile of their scores; 0 sets it to their lowest score.
        epochs: passes over the data; None trains for about 1,000 steps, but at least 5 epochs.
        batch_size: examples in a training step; ignored for a dataset, which is already batched.
        kinds: column -> "number", "category" or "drop", instead of what its values suggest; for
            data frames.
        random_state: an integer makes the initial weights, the noise and the order of the data
            reproducible.
        verbose: as in `keras.Model.fit`.

    Attributes:
        vae_: the `VAE`; `vae_.save("m.keras")` saves it without pickle.
        score_: the score in use; "tails" and "neighbors" are fitted to the data of `fit`.
        offset_: the threshold, in nats; `predict` returns -1 for examples with a lower score.
        decision_scores_, labels_: of the data of `fit`, as in PyOD: `-score_samples`, higher for
            more anomalous examples; and 1 for anomalies, 0 for others.
        columns_: the `zoo.tables.Columns` of a data frame, or None; `columns_.table()` says how
            each was read.
        n_features_in_: number of columns of a table, or of values in an example of other data of
            fixed shape.
        feature_names_in_: names of the columns of a data frame.

    Scores are higher for more normal examples, as in scikit-learn.

    X is a data frame (pandas, polars, pyarrow, a path of a CSV or Parquet file) with columns of any
    kind, an array `[N, columns]`, an array of any rank that the VAE accepts, a dict of modalities,
    or data larger than memory: a `tf.data.Dataset` of batches, `zoo.tables.ParquetBatches`. Columns
    of frames are read by `zoo.tables.Columns`: missing values are values of their own, identifiers
    and free texts are left out, with a warning. Otherwise scikit-learn validates tables, the VAE
    all data, and NaN is a missing value if the VAE's likelihood supports it.

    >>> x = np.random.default_rng(0).normal(size=(200, 3))
    >>> detector = AnomalyDetector(epochs=2, random_state=0).fit(x)
    >>> detector.predict([[0.0, 0.0, 0.0], [30.0, -30.0, 30.0]])
    array([ 1, -1])
    """

    def __init__(
        self,
        vae: VAE | str | Callable | None = None,
        *,
        score: str | Callable | None = None,
        contamination: float = 0.1,
        epochs: int | None = None,
        batch_size: int = 128,
        kinds: dict[str, str] | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int | str = 0,
    ):
        self.vae = vae
        self.score = score
        self.contamination = contamination
        self.epochs = epochs
        self.batch_size = batch_size
        self.kinds = kinds
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: np.ndarray | dict | tf.data.Dataset, y: np.ndarray | None = None) -> Self:
        """Train the VAE, unless it is already trained, and set the threshold; y is ignored.

        Raises:
            TypeError, ValueError: an argument or X is invalid: before any training, or at a later
                batch of a dataset. The detector is as it was before the call.
            FloatingPointError: the loss became NaN or infinite.
        """
        del y
        self._check_arguments()
        streams.require_end(X, "X")
        with unchanged_on_error(self):
            table, (X, batches) = X, self._training_data(X)
            self.vae_ = self.vae if isinstance(self.vae, VAE) else self._train(X, batches)
            self._set_feature_count()
            self.score_ = self._score()
            if isinstance(self.score_, FittableScore):
                self.score_ = self.score_.fit(self.vae_, X, SCORE_BATCH_SIZE)
            if batches is None:
                self._set_thresholds(self._scores(X))
            else:
                self._row_count = batches.row_count
                self._set_thresholds(self._frame_scores(table))
            if self.columns_ is not None:
                self._typical = frames.typical_surprises(self.vae_, self.columns_, X)
        return self

    def score_samples(self, X: np.ndarray | dict | tf.data.Dataset) -> np.ndarray:
        """Score of each example, `[N]` nats; higher is more normal.

        An example with values too large for the model to compute with, millions of standard
        deviations from the mean, has the score `LOWEST_SCORE`.
        """
        check_is_fitted(self)
        if self.columns_ is not None:
            return self._frame_scores(X)
        X = self._check_data(X)
        if not isinstance(X, tf.data.Dataset):
            return self._scores_of_any(X)
        streams.require_end(X, "X")
        parts = [self._scores_of_any(batching.x_in_memory(element)) for element in X]
        return np.concatenate(parts) if parts else self._scores(X)  # raises for an empty dataset

    def decision_function(self, X: np.ndarray | dict | tf.data.Dataset) -> np.ndarray:
        """Score minus the threshold, `score_samples(X) - offset_`, `[N]` nats."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: np.ndarray | dict | tf.data.Dataset) -> np.ndarray:
        """Predict labels, int `[N]`: 1 for normal examples, -1 for anomalies."""
        return np.where(self.decision_function(X) >= 0, 1, -1)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of normal examples and of anomalies, `[N, 2]`.

        That of an anomaly is max(0, erf(c (s - m) / (t - m))), where s is the score with PyOD's
        sign, m the median of `decision_scores_`, t the threshold, and erf(c) = 1/2: Gaussian
        scaling (Kriegel et al., Interpreting and unifying outlier scores, 2011), with 1/2 at the
        threshold. It is as good as `contamination`, which says how many anomalies to expect.
        """
        probability = frames.outlier_probability(
            -self.score_samples(X), self._center, -self.offset_
        )
        return np.stack([1 - probability, probability], 1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.vae is None
        tags.input_tags.three_d_array = self.vae is not None
        return tags

    def _training_data(self, x):
        """(x checked or encoded rows of a frame, `ParquetBatches` of which they are a sample)."""
        if self.vae is None and frames.is_frame(x):
            return self._read(x, model_missing=True, standardized=True)
        if self.kinds:
            raise ValueError(
                "kinds must be None unless vae=None and X is a data frame with names of columns, "
                f"got {self.kinds!r}"
            )
        self.columns_ = None
        return self._check_data(x, reset=True), None

    def _set_thresholds(self, scores):
        self.decision_scores_ = -scores
        self.offset_ = float(np.quantile(scores, self.contamination))
        self.labels_ = (scores < self.offset_).astype(int)
        self._center, self._row_count = float(np.median(self.decision_scores_)), len(scores)

    def _frame_scores(self, x):
        parts = []
        for frame in self._frames(x):
            rows, unseen = self._encoded(frame)
            parts.append(self._scores_of_any(rows) + unseen.to_numpy().sum(1))
        return np.concatenate(parts)

    def _scores_of_any(self, x):
        """Scores of an array, in which extreme examples are no error."""
        preprocessor = self.vae_.preprocessor
        inputs.require_examples(x, "X")
        array = inputs.numeric(preprocessor.to_array(x, "X"), "X")
        extreme = preprocessor.extreme_rows(array)
        if not extreme.any():
            return self._scores(x)
        scores = np.full(len(extreme), LOWEST_SCORE)
        if not extreme.all():
            scores[~extreme] = self._scores(nested.take_rows(array, np.flatnonzero(~extreme)))
        return scores

    def _scores(self, x):
        """Scores as float64, which scikit-learn requires."""
        return np.asarray(self.score_(self.vae_, x, SCORE_BATCH_SIZE), "float64")

    def _score(self):
        of_numbers = self.vae is None and self.columns_ is None
        default = "neighbors" if of_numbers else "elbo"
        return as_score(default if self.score is None else self.score)

    def _check_arguments(self):
        as_score("elbo" if self.score is None else self.score)
        validation.check_optional_counts(epochs=self.epochs)
        validation.check_counts(batch_size=self.batch_size)
        fraction = self.contamination
        if not is_real(fraction) or not 0 <= fraction <= 0.5:
            raise ValueError(f"contamination must be a fraction in [0, 0.5], got {fraction!r}")
        fitting.check_vae(self.vae)

    def _train(self, x, batches=None):
        """Build and train a new VAE."""
        if batches is not None:
            x = encoded_dataset(batches, self.columns_, self.batch_size)
        if self.columns_ is not None:
            return fitting.train(lambda rows: frames.frame_vae(self.columns_), x, self)
        return fitting.train(table_vae if self.vae is None else self.vae, x, self)

    def _set_feature_count(self):
        if self.columns_ is not None:
            return
        shape = self.vae_.decoder.free_event_shape
        if isinstance(shape, tuple) and None not in shape:
            self.n_features_in_ = math.prod(shape)
