"""Part of an estimator that reads frames by the columns of fit, and writes both to one file."""

import json
import os
from typing import Any

import keras
import numpy as np

from zoo.core import validation
from zoo.tables import serving
from zoo.tables.batches import BATCH_ROWS, in_batches
from zoo.tables.columns import Columns
from zoo.tables.frames import as_frame, require_columns
from zoo.tables.kinds import SEQUENCE

try:
    from sklearn.utils.validation import check_is_fitted
except ModuleNotFoundError as error:
    raise ImportError(
        f"estimators of tables need {error.name}: pip install 'zoo-vae[recipes]'"
    ) from error


class ReadsColumns:
    """Base class of estimators with the attributes `columns_` and `vae_`, and the argument `kinds`.

    What `fit` sets beside these is saved by `_state` and `_set_state`; `_signatures` has the
    functions of `export`.
    """

    def _read(self, X, model_missing, standardized=False):  # noqa: N803
        """Set the columns to those of X; return encoded rows, and `ParquetBatches` or None.

        The rows are those of X, or a sample of them where X comes in batches.
        """
        batches = in_batches(X)
        frame, sequences = (as_frame(X), ()) if batches is None else batches.sample()
        if len(frame) < 2:
            raise ValueError(f"X must have at least 2 rows, got n_samples={len(frame)}")
        columns = Columns.of(frame, self.kinds, model_missing, standardized)
        columns = columns.without([n for n in sequences if n not in (self.kinds or {})], SEQUENCE)
        if not columns.encoded:
            raise ValueError(
                "X must have a column that varies, got none: "
                + "; ".join(f"{p.name!r}: {p.why}" for p in columns.parts[:8])
            )
        columns.warn()
        self.columns_ = columns
        self.n_features_in_ = frame.shape[1]
        self.feature_names_in_ = np.array(frame.columns, object)
        return columns.encode(frame, dtype="float32"), batches

    def _frames(self, X):  # noqa: N803
        """Frames of X in turn, of at most `BATCH_ROWS` rows, with the columns of fit."""
        batches = in_batches(X)
        if batches is None:
            whole = self._frame(X)
            starts = range(0, len(whole), BATCH_ROWS)
            frames, count = (whole.iloc[i : i + BATCH_ROWS] for i in starts), len(starts)
        else:
            frames, count = map(self._frame, batches), len(batches)
        bar = keras.utils.Progbar(count, verbose=bool(self.verbose) and count > 1)
        for frame in frames:
            yield frame
            bar.add(1)

    def _frame(self, X):  # noqa: N803
        """X as a frame with the columns of fit, in their order."""
        check_is_fitted(self)
        frame = as_frame(X)
        if frame.shape[1] != self.n_features_in_ and not hasattr(X, "columns"):
            raise ValueError(
                f"X has {frame.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input"
            )
        return require_columns(frame, self.feature_names_in_)

    def _state(self):
        """Results of `_finish`, as JSON can hold them."""
        return {}

    def _set_state(self, state):
        """Set the results that `_state` returned."""

    def save(self, path: str | os.PathLike) -> None:
        """Write one `.keras` file: weights, columns and arguments, without pickle.

        Raises:
            TypeError: an argument cannot be written as JSON, such as a generator of random numbers.
        """
        check_is_fitted(self)
        arguments = self.get_params()
        try:
            description = json.dumps(
                {
                    "estimator": type(self).__name__,
                    "arguments": arguments,
                    "columns": self.columns_.to_json(),
                    "names": self.feature_names_in_.tolist(),
                    "state": self._state(),
                }
            )
        except TypeError as error:
            raise TypeError(
                f"the arguments of {type(self).__name__} must be numbers and texts, got "
                f"{arguments}: {error}"
            ) from error
        self.vae_.decoder.likelihood.description = description
        self.vae_.save(path)

    def export(self, path: str | os.PathLike) -> None:
        """Write a SavedModel that takes and returns raw columns by their names.

        It loads with TensorFlow alone; `zoo.tables.serving_inputs` has the form of its inputs, and
        the asset `columns.json` the columns.

        Args:
            path: the folder to write.

        Raises:
            ValueError: a column has values that a SavedModel cannot take.
        """
        check_is_fitted(self)
        served_columns = self._served_columns()
        serving.write(path, served_columns, self._signatures(served_columns))

    def _served_columns(self):
        """`ServedColumns` of `export`."""
        return serving.ServedColumns(self.columns_)

    @classmethod
    def load(cls, path: str | os.PathLike) -> Any:
        """The estimator that `save` wrote.

        Raises:
            ValueError: the file is not one of this estimator.
        """
        validation.check_path(path=path)
        vae = keras.models.load_model(path)
        likelihood = getattr(getattr(vae, "decoder", None), "likelihood", None)
        description = getattr(likelihood, "description", None)
        document = json.loads(description) if description else {}
        if document.get("estimator") != cls.__name__:
            raise ValueError(
                f"path must be a file of {cls.__name__}.save, got one of "
                f"{document.get('estimator', type(vae).__name__)}: {os.fspath(path)!r}"
            )
        arguments = document["arguments"]
        if "hidden" in arguments:
            arguments["hidden"] = tuple(arguments["hidden"])
        estimator = cls(**arguments)
        estimator.vae_, estimator.columns_ = vae, Columns.from_json(document["columns"])
        estimator.feature_names_in_ = np.array(document["names"], object)
        estimator.n_features_in_ = len(document["names"])
        estimator._set_state(document["state"])
        return estimator
