"""Files of a detector of data frames: with weights and columns, and a SavedModel."""

import os

import numpy as np
from sklearn.utils.validation import check_is_fitted

from zoo.anomaly.score_files import score_from_plain, score_to_plain
from zoo.anomaly.signatures import detector_signatures
from zoo.tables.reading import ReadsColumns
from zoo.tables.serving import ServedColumns


class WritesFiles(ReadsColumns):
    """Part of `AnomalyDetector`: its files, of which only detectors of data frames need some."""

    def save(self, path: str | os.PathLike) -> None:
        """Write one `.keras` file of a detector of data frames, without pickle.

        `decision_scores_` and `labels_`, which grow with the data, are not in it. The reference of
        a fitted score, such as "tails", is.

        Raises:
            TypeError: X of `fit` was not a data frame (`vae_.save(path)` saves the model), or the
                score is an object or a function.
        """
        self._require_columns("save")
        super().save(path)

    def export(self, path: str | os.PathLike) -> None:
        """Write a SavedModel of a detector of data frames: `score` and `explain` of raw columns.

        `score` returns the score, the probability of an anomaly and the prediction of each row,
        `explain` the nats of each column. It loads with TensorFlow alone; see
        `zoo.tables.serving_inputs`.

        Args:
            path: the folder to write.

        Raises:
            TypeError: X of `fit` was not a data frame (`vae_.export(path)` exports the model), or
                the score takes more than one pass through the model.
            ValueError: a column has values that a SavedModel cannot take.
        """
        self._require_columns("export")
        super().export(path)

    def _served_columns(self):
        return ServedColumns(self.columns_, constants=True)

    def _signatures(self, served_columns):
        return detector_signatures(self, served_columns)

    def _state(self):
        return {
            "offset": self.offset_,
            "center": self._center,
            "row_count": self._row_count,
            "typical": self._typical.tolist(),
            "score": score_to_plain(self.score_),
        }

    def _set_state(self, state):
        self.score_ = score_from_plain(state["score"])
        self.offset_, self._center = state["offset"], state["center"]
        self._row_count, self._typical = state["row_count"], np.array(state["typical"])

    def _require_columns(self, method):
        check_is_fitted(self)
        if self.columns_ is None:
            raise TypeError(
                f"X of fit must be a data frame for {method}, got other data: use "
                f"vae_.{method}(path)"
            )
