"""Scores of single features, and what makes an example anomalous."""

# ruff: noqa: N803  (X is scikit-learn's name for the data)

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from zoo.anomaly import feature_scores as features
from zoo.anomaly import frames
from zoo.core import arrays, streams
from zoo.likelihoods.text.inputs import is_text
from zoo.model import VAE
from zoo.tables.frames import pandas
from zoo.tables.reading import ReadsColumns


class ExplainsScores(ReadsColumns):
    """Part of `AnomalyDetector`: the data that it is called with, and scores of its features."""

    def feature_scores(self, X: Any) -> Any:
        """E_q[log p(x_i|z)] of each feature, `[N, *event]` nats; higher is more normal.

        Of a data frame: a frame with a score for each column. See `zoo.anomaly.feature_scores`;
        raises `TypeError` if the likelihood does not factorise.
        """
        check_is_fitted(self)
        if self.columns_ is None:
            return features.feature_scores(self.vae_, self._check_data(X))
        return pandas().concat([self._frame_feature_scores(frame) for frame in self._frames(X)])

    def explain(self, X: Any) -> Any:
        """Nats by which each column of a data frame makes a row more anomalous: a frame `[N]`.

        ELBO(x without column i) - ELBO(x), an estimate of -log p(x_i | the other columns), less its
        median over rows of `fit`. The largest ones are the reasons; `zoo.plots.explanation` draws
        them. A value that fit never had counts as in `score_samples`. Takes one pass through the
        model for each column.

        Raises:
            TypeError: X of `fit` was not a data frame.
        """
        check_is_fitted(self)
        if self.columns_ is None:
            raise TypeError(
                "X of fit must be a data frame for explain, got other data: compare "
                "feature_scores(X) with those of normal data"
            )
        return pandas().concat([self._reasons(frame) for frame in self._frames(X)])

    def _frame_feature_scores(self, frame):
        rows, unseen = self._encoded(frame)
        scores = frames.by_name(self.columns_, features.feature_scores(self.vae_, rows))
        return unseen + scores.set_axis(unseen.index)

    def _reasons(self, frame):
        rows, unseen = self._encoded(frame)
        surprises = frames.surprises(self.vae_, self.columns_, rows).set_axis(unseen.index)
        return surprises - self._typical - unseen

    def _encoded(self, frame):
        """Encoded rows of a frame, and scores of values that fit never had, by column."""
        rows = self.columns_.encode(frame, dtype="float32")
        return rows, frames.unseen_scores(self.columns_, frame, rows, self._row_count)

    def _check_data(self, x, reset=False):
        """x checked by scikit-learn if it is a table; other data unchanged."""
        if not is_table(x):
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


def is_table(x):
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
