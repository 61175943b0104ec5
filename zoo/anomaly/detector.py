"""scikit-learn's outlier detector, with a VAE inside."""

# ruff: noqa: N803, N806  (X is scikit-learn's name for what detectors take)

import contextlib
import math
import random

import keras
import numpy as np
import tensorflow as tf

from zoo.anomaly import feature_scores as features
from zoo.anomaly import scores
from zoo.anomaly.default_model import table_vae
from zoo.catalogue import get
from zoo.core import inputs, nested, validation
from zoo.likelihoods.text.inputs import is_text
from zoo.model import VAE

try:
    from sklearn.base import BaseEstimator, OutlierMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import check_is_fitted, validate_data
except ModuleNotFoundError as error:
    raise ImportError(
        f"zoo.AnomalyDetector needs {error.name}: pip install 'zoo-vae[recipes]'"
    ) from error

STEPS = 1000  # of the optimizer, where nobody says how many epochs
MIN_EPOCHS = 5
BATCH_SIZE = 256  # of scores


class AnomalyDetector(OutlierMixin, BaseEstimator):
    """Finds anomalies by what a VAE makes of them: an outlier detector as scikit-learn has them.

    Args:
        vae: a trained `VAE`, and `fit` sets the threshold alone; or what makes one that `fit`
            trains: a variant's name, a function of the training data that returns a `VAE`, or None,
            `zoo.anomaly.table_vae`, for tables.
        score: "elbo", "reconstruction", "kl", "reconstruction_probability", "likelihood_regret" or
            "tails"; an object of `zoo.anomaly`, or a function (vae, x, batch_size) -> `[N]`,
            higher = normal.
        contamination: share of the data of `fit` that is taken for anomalies, in [0, 0.5]: the
            threshold is this quantile of their scores. 0 is their lowest score.
        epochs: passes over the data; None: as many as make about 1,000 steps, but at least 5.
        batch_size: examples in a step; a dataset has its own.
        random_state: an integer gives the same weights, noise and order each time.
        verbose: as in `keras.Model.fit`.

    Attributes:
        vae_: the `VAE`; `vae_.save("m.keras")` keeps it without pickle.
        score_: the score in use; "tails" knows the data of `fit`.
        offset_: the threshold, in nats: `predict` is -1 where `score_samples` is below.
        n_features_in_: columns of a table; of other data of fixed shape, values in an example.

    X is a table `[N, columns]`, an array of any rank that the VAE takes, a dict of modalities, or a
    `tf.data.Dataset` of batches, larger than memory or not. A table passes scikit-learn's checks,
    everything the VAE's own. NaN is a missing value where the VAE's likelihood says so.

    >>> x = np.random.default_rng(0).normal(size=(200, 3))
    >>> detector = AnomalyDetector(epochs=2, random_state=0).fit(x)
    >>> detector.predict([[0.0, 0.0, 0.0], [30.0, -30.0, 30.0]])
    array([ 1, -1])
    """

    def __init__(
        self,
        vae=None,
        *,
        score="elbo",
        contamination=0.1,
        epochs=None,
        batch_size=128,
        random_state=None,
        verbose=0,
    ):
        self.vae = vae
        self.score = score
        self.contamination = contamination
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X, y=None):
        """Train the VAE where it is not trained, and set the threshold; y is not looked at.

        Raises:
            TypeError, ValueError: an argument, or X, is not as expected; before any training.
            FloatingPointError: the loss became NaN or infinite.
        """
        del y
        self._check_arguments()
        X = self._read(X, reset=True)
        self.vae_ = self.vae if isinstance(self.vae, VAE) else self._trained(X)
        self._count_features()
        self.score_ = scores.resolve(self.score)
        if hasattr(self.score_, "fit"):
            self.score_ = self.score_.fit(self.vae_, X, BATCH_SIZE)
        self.offset_ = float(np.quantile(self._score(X), self.contamination))
        return self

    def score_samples(self, X):
        """The score, higher is more normal: `[N]` nats."""
        check_is_fitted(self)
        return self._score(self._read(X))

    def decision_function(self, X):
        """The score above the threshold, `score_samples(X) - offset_`: `[N]` nats."""
        return self.score_samples(X) - self.offset_

    def predict(self, X):
        """1 for normal examples, -1 for anomalies: int `[N]`."""
        return np.where(self.decision_function(X) >= 0, 1, -1)

    def feature_scores(self, X):
        """E_q[log p(x_i|z)] of each feature, `[N, *event]` nats, higher is more normal.

        See `zoo.anomaly.feature_scores`; a `TypeError` where the likelihood does not factorise.
        """
        check_is_fitted(self)
        return features.feature_scores(self.vae_, self._read(X))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.vae is None
        tags.input_tags.three_d_array = self.vae is not None
        return tags

    def _score(self, x):
        """The score of what was read, as scikit-learn wants it: float64."""
        return np.asarray(self.score_(self.vae_, x, BATCH_SIZE), "float64")

    def _check_arguments(self):
        scores.resolve(self.score)
        validation.count_or_none(epochs=self.epochs)
        validation.count(batch_size=self.batch_size)
        share = self.contamination
        if not isinstance(share, (int, float)) or not 0 <= share <= 0.5:
            raise ValueError(f"contamination must be a share in [0, 0.5], got {share!r}")
        if isinstance(self.vae, VAE):
            inputs.built(self.vae)
        elif not (self.vae is None or isinstance(self.vae, str) or callable(self.vae)):
            raise TypeError(
                "vae must be a VAE, the name of a variant, a function of X or None, got "
                f"{type(self.vae).__name__}"
            )

    def _read(self, x, reset=False):
        """x, checked by scikit-learn where it is a table; else as it is."""
        if not _is_table(x):
            return x
        return validate_data(
            self,
            x,
            reset=reset,
            dtype="numeric",  # word numbers stay integers
            ensure_all_finite="allow-nan",  # what a NaN means is the likelihood's affair
            ensure_min_samples=2 if reset else 1,
        )

    def _trained(self, x):
        """A new VAE, trained."""
        epochs = _epochs(x, self.batch_size) if self.epochs is None else self.epochs
        batch_size = None if inputs.is_stream(x) else self.batch_size
        with _seeded(self.random_state):
            vae = self._made(x)
            vae.fit(x, epochs=epochs, batch_size=batch_size, verbose=self.verbose)
        return vae

    def _made(self, x):
        if isinstance(self.vae, str):
            return get(self.vae)
        vae = (table_vae if self.vae is None else self.vae)(x)
        if not isinstance(vae, VAE):
            raise TypeError(f"vae(X) must return a zoo.VAE, got {type(vae).__name__}")
        return vae

    def _count_features(self):
        shape = self.vae_.decoder.free_event_shape
        if isinstance(shape, tuple) and None not in shape:
            self.n_features_in_ = math.prod(shape)


def _is_table(x):
    """Whether x is for scikit-learn to check: at most two dimensions, and no texts."""
    if inputs.is_stream(x):
        return False
    if hasattr(x, "shape"):  # also of what is sparse, which may be a dict: scikit-learn refuses it
        objects = isinstance(x, np.ndarray) and x.dtype == object  # numbers, perhaps
        return len(x.shape) <= 2 and not is_text(list(x.flat[:1]) if objects else x)
    if isinstance(x, dict) or is_text(x):
        return False
    try:
        return np.asarray(x).ndim <= 2
    except ValueError:  # rows of different lengths
        return False


def _epochs(x, batch_size):
    """Passes over x that make about STEPS steps."""
    if not inputs.is_stream(x):
        steps = math.ceil(nested.rows(x) / batch_size)
    else:
        steps = int(x.cardinality()) if isinstance(x, tf.data.Dataset) else -1
    if steps < 1:
        raise ValueError("epochs must be given where nobody knows how long X is, got None")
    return max(MIN_EPOCHS, math.ceil(STEPS / steps))


@contextlib.contextmanager
def _seeded(random_state):
    """Keras draws from random_state inside; Python's and NumPy's generators do not notice."""
    if random_state is None:
        yield
        return
    before = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(int(check_random_state(random_state).randint(2**31 - 1)))
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
