"""Codes of tables, images, series or texts, as features for other estimators."""

# ruff: noqa: N803  (X is scikit-learn's name for the data)

import os
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from zoo.core import streams
from zoo.core.estimators import unchanged_on_error
from zoo.inference.batching import decode_means, first
from zoo.model import VAE
from zoo.tables import signatures
from zoo.tables.estimator import TableEstimator
from zoo.tables.reading import check_is_fitted
from zoo.variants import fitting

BATCH_SIZE = 256


class VAEEmbedder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, TableEstimator):
    """Transformer of rows, images, series or texts to codes, with scikit-learn's interface.

    The code of an example is the mean of q(z|x). By default X is a table with columns of any kind,
    read as by `TableSynthesizer`; with `vae` it is the data of that model.

    Args:
        vae: None for tables; the name of a variant or a function of the data that returns a `VAE`,
            for `fit` to train; or a trained `VAE`, which `fit` does not change.
        latent_dim: number of codes of a row of a table.
        hidden, beta, kinds: as in `TableSynthesizer`; for tables alone.
        epochs, batch_size, random_state, verbose: as in `TableSynthesizer`; with `vae`, epochs=None
            trains for about 1,000 steps.

    Attributes:
        vae_: the `VAE`.
        columns_: the `zoo.tables.Columns` of a table.

    >>> import pandas as pd
    >>> x = pd.DataFrame({"a": [1.5, 2.0, 4.0, 8.0] * 20, "b": ["x", "y", "y", None] * 20})
    >>> embedder = VAEEmbedder(latent_dim=2, epochs=2, random_state=0).set_output(
    ...     transform="pandas"
    ... )
    >>> embedder.fit_transform(x).columns.tolist()
    ['vaeembedder0', 'vaeembedder1']
    """

    _model_missing = False

    def __init__(
        self,
        vae: VAE | str | Callable | None = None,
        *,
        latent_dim: int = 16,
        hidden: tuple[int, ...] = (128, 128),
        beta: float = 1.0,
        kinds: dict[str, str] | None = None,
        epochs: int | None = None,
        batch_size: int = 128,
        random_state: Any = None,
        verbose: int | str = 0,
    ):
        self.vae = vae
        self.latent_dim = latent_dim
        self.hidden = hidden
        self.beta = beta
        self.kinds = kinds
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train the VAE, unless it is already trained; y is ignored.

        Raises:
            TypeError, ValueError: an argument or X is invalid.
        """
        del y
        if self.vae is None:
            self._fit(X)
            return self
        self._check_arguments()
        streams.require_end(X, "X")
        with unchanged_on_error(self):
            trained = isinstance(self.vae, VAE)
            self.vae_ = self.vae if trained else fitting.train(self.vae, X, self)
            self._n_features_out = self.vae_.encode(first(X, 1)).loc.shape[-1]
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Codes, the means of q(z|x): float32 `[N, latent_dim]`."""
        parts = [self.vae_.encode(x, batch_size=BATCH_SIZE).loc for x in self._inputs(X)]
        return np.concatenate(parts)

    def inverse_transform(self, X: Any) -> Any:
        """Examples of codes `[N, latent_dim]`, E[x|z]: a frame, or what the model decodes to.

        A row of a table has medians for numbers and the most probable categories.
        """
        check_is_fitted(self)
        codes = np.asarray(X, "float32")
        if codes.ndim != 2 or codes.shape[1] != self._n_features_out:
            raise ValueError(
                f"X must be codes of shape [N, {self._n_features_out}], got {codes.shape}"
            )
        x = decode_means(self.vae_, codes, BATCH_SIZE)
        return self.columns_.decode(x) if self.vae is None else x

    def score(self, X: Any, y: Any = None) -> float:
        """Mean ELBO of examples in nats, for searches; that of normal scores for a table."""
        del y
        parts = [self.vae_.elbo(x, batch_size=BATCH_SIZE) for x in self._inputs(X)]
        return float(np.mean(np.concatenate(parts)))

    def save(self, path: str | os.PathLike) -> None:
        """Write one `.keras` file for a table, as `TableSynthesizer.save`.

        Raises:
            ValueError: the embedder was made with `vae`; `vae_.save(path)` saves that model.
        """
        if self.vae is not None:
            raise ValueError("vae must be None for save, got a model: use embedder.vae_.save(path)")
        super().save(path)

    def export(self, path: str | os.PathLike) -> None:
        """Write a SavedModel for a table: `encode`, `decode` and `reconstruct` of raw columns.

        Each takes and returns raw columns by their names, or `code` `[N, latent_dim]`. It loads
        with TensorFlow alone; see `zoo.tables.serving_inputs`.

        Args:
            path: the folder to write.

        Raises:
            ValueError: the embedder was made with `vae` (`vae_.export(path)` exports that model),
                or a column has values that a SavedModel cannot take.
        """
        if self.vae is not None:
            raise ValueError(
                "vae must be None for export, got a model: use embedder.vae_.export(path)"
            )
        super().export(path)

    def _signatures(self, served_columns):
        return signatures.embedder_signatures(self.vae_, served_columns)

    def _inputs(self, x):
        """Inputs of the VAE, in parts."""
        check_is_fitted(self)
        if self.vae is not None:
            return [x]
        return (self.columns_.encode(frame, dtype="float32") for frame in self._frames(x))

    def _check_arguments(self):
        super()._check_arguments()
        fitting.check_vae(self.vae)

    def _finish(self, rows):
        self._n_features_out = self.latent_dim

    def _set_state(self, state):
        self._n_features_out = self.latent_dim
