"""Outlier detector with scikit-learn's interface, based on a VAE."""

# ruff: noqa: N803, N806  (X is scikit-learn's name for the data)

import math
from collections.abc import Callable
from typing import Self

import numpy as np
import tensorflow as tf

from zoo.anomaly import feature_scores as features
from zoo.anomaly.default_model import table_vae
from zoo.anomaly.scores import FittableScore, as_score
from zoo.core import arrays, inputs, nested, streams, validation
from zoo.core.estimators import unchanged_on_error
from zoo.core.serialization import is_real
from zoo.inference import batching
from zoo.likelihoods.text.inputs import is_text
from zoo.model import VAE
from zoo.variants import fitting

try:
    from sklearn.base import BaseEstimator, OutlierMixin
    from sklearn.utils.validation import check_is_fitted, validate_data
except ModuleNotFoundError as error:
    raise ImportError(
        f"zoo.AnomalyDetector needs {error.name}: pip install 'zoo-vae[recipes]'"
    ) from error

SCORE_BATCH_SIZE = 256
LOWEST_SCORE = float(np.finfo("float32").min)  # finite, as scikit-learn's metrics require


class AnomalyDetector(OutlierMixin, BaseEstimator):
    """Outlier detector with scikit-learn's interface that scores examples with a VAE.

    Args:
        vae: a trained `VAE`, for which `fit` only sets the threshold; or a model for `fit` to
            train: the name of a variant, a function of the training data that returns a `VAE`, or
            None for `zoo.anomaly.table_vae`, a model of numeric tables.
        score: "elbo", "reconstruction", "kl", "reconstruction_probability", "likelihood_regret",
            "tails" or "neighbors"; a score object of `zoo.anomaly`, or a function
            (vae, x, batch_size) -> `[N]`, higher for more normal examples. None is "neighbors" if
            `vae` is None, "elbo" otherwise.
        contamination: fraction of the data of `fit` that counts as anomalies, in [0, 0.5]. The
            threshold is this quantile of their scores; 0 sets it to their lowest score.
        epochs: passes over the data; None trains for about 1,000 steps, but at least 5 epochs.
        batch_size: examples in a training step; ignored for a dataset, which is already batched.
        random_state: an integer makes the initial weights, the noise and the order of the data
            reproducible.
        verbose: as in `keras.Model.fit`.

    Attributes:
        vae_: the `VAE`; `vae_.save("m.keras")` saves it without pickle.
        score_: the score in use; "tails" and "neighbors" are fitted to the data of `fit`.
        offset_: the threshold, in nats; `predict` returns -1 for examples with a lower score.
        n_features_in_: number of columns of a table, or of values in an example of other data of
            fixed shape.

    Scores are higher for more normal examples, as in scikit-learn.

    X is a table `[N, columns]`, an array of any rank that the VAE accepts, a dict of modalities, or
    a `tf.data.Dataset` of batches, which may be larger than memory. scikit-learn validates tables;
    the VAE validates all data. NaN is a missing value if the VAE's likelihood supports it.

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
        random_state: int | np.random.RandomState | None = None,
        verbose: int | str = 0,
    ):
        self.vae = vae
        self.score = score
        self.contamination = contamination
        self.epochs = epochs
        self.batch_size = batch_size
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
            X = self._check_data(X, reset=True)
            self.vae_ = self.vae if isinstance(self.vae, VAE) else self._train(X)
            self._set_feature_count()
            self.score_ = self._score()
            if isinstance(self.score_, FittableScore):
                self.score_ = self.score_.fit(self.vae_, X, SCORE_BATCH_SIZE)
            self.offset_ = float(np.quantile(self._scores(X), self.contamination))
        return self

    def score_samples(self, X: np.ndarray | dict | tf.data.Dataset) -> np.ndarray:
        """Score of each example, `[N]` nats; higher is more normal.

        An example with values too large for the model to compute with, millions of standard
        deviations from the mean, has the score `LOWEST_SCORE`.
        """
        check_is_fitted(self)
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

    def feature_scores(self, X: np.ndarray | dict | tf.data.Dataset) -> np.ndarray:
        """E_q[log p(x_i|z)] of each feature, `[N, *event]` nats; higher is more normal.

        See `zoo.anomaly.feature_scores`; raises `TypeError` if the likelihood does not factorise.
        """
        check_is_fitted(self)
        return features.feature_scores(self.vae_, self._check_data(X))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.vae is None
        tags.input_tags.three_d_array = self.vae is not None
        return tags

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
        default = "neighbors" if self.vae is None else "elbo"
        return as_score(default if self.score is None else self.score)

    def _check_arguments(self):
        self._score()
        validation.check_optional_counts(epochs=self.epochs)
        validation.check_counts(batch_size=self.batch_size)
        fraction = self.contamination
        if not is_real(fraction) or not 0 <= fraction <= 0.5:
            raise ValueError(f"contamination must be a fraction in [0, 0.5], got {fraction!r}")
        fitting.check_vae(self.vae)

    def _check_data(self, x, reset=False):
        """x checked by scikit-learn if it is a table; other data unchanged."""
        if not _is_table(x):
            return x
        # scikit-learn would read the data below a mask.
        vae = self.vae if isinstance(self.vae, VAE) else getattr(self, "vae_", None)
        x = arrays.unmasked(x, "X", vae is None or vae.preprocessor.missing_allowed)
        return validate_data(
            self,
            x,
            reset=reset,
            dtype="numeric",  # token ids stay integers
            ensure_all_finite="allow-nan",  # the likelihood decides about NaN
            ensure_min_samples=2 if reset else 1,
        )

    def _train(self, x):
        """Build and train a new VAE."""
        return fitting.train(table_vae if self.vae is None else self.vae, x, self)

    def _set_feature_count(self):
        shape = self.vae_.decoder.free_event_shape
        if isinstance(shape, tuple) and None not in shape:
            self.n_features_in_ = math.prod(shape)


def _is_table(x):
    """True if scikit-learn can check x: at most two dimensions, and not texts."""
    if streams.is_stream(x):
        return False
    # A sparse matrix may be a dict; it counts as a table, so that scikit-learn rejects it.
    if hasattr(x, "shape"):
        is_object = isinstance(x, np.ndarray) and x.dtype == object  # may hold numbers
        return len(x.shape) <= 2 and not is_text(list(x.flat[:1]) if is_object else x)
    if isinstance(x, dict) or is_text(x):
        return False
    try:
        return np.asarray(x).ndim <= 2
    except ValueError:  # rows of different lengths
        return False
