"""Base of the estimators of tables: columns, a trained VAE, and one file for both."""

import json
import os
from typing import Any

import keras
import numpy as np

from zoo.core import validation
from zoo.core.estimators import seeded, unchanged_on_error
from zoo.core.serialization import is_real
from zoo.tables.columns import Columns
from zoo.tables.frames import as_frame, require_columns
from zoo.tables.model import train

try:
    from sklearn.base import BaseEstimator
    from sklearn.utils.validation import check_is_fitted
except ModuleNotFoundError as error:
    raise ImportError(
        f"estimators of tables need {error.name}: pip install 'zoo-vae[recipes]'"
    ) from error


class TableEstimator(BaseEstimator):
    """Base class of the estimators of tables.

    A subclass has the arguments `latent_dim`, `hidden`, `beta`, `kinds`, `epochs`, `batch_size`,
    `random_state` and `verbose`. `_finish` completes the training; what it sets beside the columns
    and the VAE is saved by `_state` and `_set_state`.
    """

    _model_missing = True  # missing values are values of their own
    _patience = 400  # optimizer steps without a better ELBO of held-out rows, if epochs=None

    def _fit(self, X):  # noqa: N803  (scikit-learn's name)
        """Read the columns of X and train the VAE."""
        self._check_arguments()
        with unchanged_on_error(self):
            frame = as_frame(X)
            if len(frame) < 2:
                raise ValueError(f"X must have at least 2 rows, got n_samples={len(frame)}")
            columns = Columns.of(frame, self.kinds, self._model_missing)
            if not columns.encoded:
                raise ValueError(
                    "X must have a column that varies, got none: "
                    + "; ".join(f"{p.name!r}: {p.why}" for p in columns.parts[:8])
                )
            columns.warn()
            self.columns_ = columns
            self.n_features_in_ = frame.shape[1]
            self.feature_names_in_ = np.array(frame.columns, object)
            rows = columns.encode(frame)
            with seeded(self.random_state):
                noise = self._input_noise(columns.classes)
                self.vae_ = train(rows, columns.classes, self, noise, self._patience)
                self._finish(rows)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.string = tags.input_tags.categorical = True
        return tags

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

    def _check_arguments(self):
        """Raise for an invalid argument, before anything is read."""
        validation.check_optional_counts(epochs=self.epochs)
        validation.check_counts(batch_size=self.batch_size, latent_dim=self.latent_dim)
        if not is_real(self.beta) or self.beta < 0:
            raise ValueError(f"beta must be a number of at least 0, got {self.beta!r}")

    def _input_noise(self, classes):
        """Corruption of the encoder's input in training, or None."""
        return

    def _finish(self, rows):
        """Complete the training on encoded rows."""

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
        arguments["hidden"] = tuple(arguments["hidden"])
        estimator = cls(**arguments)
        estimator.vae_, estimator.columns_ = vae, Columns.from_json(document["columns"])
        estimator.feature_names_in_ = np.array(document["names"], object)
        estimator.n_features_in_ = len(document["names"])
        estimator._set_state(document["state"])
        return estimator
