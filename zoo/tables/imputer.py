"""Imputation of the missing values of a table, with their uncertainty."""

# ruff: noqa: N803  (X is scikit-learn's name for the data)

import functools
import os
from typing import Any, Self

import keras
import numpy as np
from sklearn.base import TransformerMixin

from zoo.core import validation
from zoo.core.argument_values import is_real
from zoo.tables import signatures
from zoo.tables.estimator import TableEstimator
from zoo.tables.filling import Draws, fill
from zoo.tables.frames import pandas
from zoo.tables.reading import check_is_fitted
from zoo.training.missing_columns import MissingColumns

BATCH_SIZE = 256
MAX_VALUES = 2**24  # drawn at a time


class VAEImputer(TransformerMixin, TableEstimator):
    """Imputer of missing values with scikit-learn's interface.

    `fit` reads the columns (`zoo.tables.Columns`) and trains a VAE in which missing values are
    integrated out, and whose encoder sees rows with random columns hidden
    (`zoo.training.MissingColumns`). Missing values are then drawn from p(x|z), z ~ q(z|x), where x
    are the observed values of the row: `transform` fills in the mean of the draws, or the most
    frequent category; `sample` returns completed tables for multiple imputation; `interval` has
    the quantiles of the draws.

    Columns come back in their order and dtypes; observed values are not changed. Identifiers, free
    texts and columns without any value stay as they are, with a warning.

    Args:
        draws: number of draws of each missing value.
        hidden_columns: largest probability with which a column is hidden from the encoder in
            training; each row has a probability of its own, from 0 to this.
        latent_dim, hidden, beta, kinds, epochs, batch_size, random_state, verbose: as in
            `TableSynthesizer`.

    Attributes:
        columns_, vae_, feature_names_in_, n_features_in_: as in `TableSynthesizer`.

    >>> import pandas as pd
    >>> x = pd.DataFrame({"a": [1.0, 2.0, None, 4.0] * 20, "b": ["x", "y", "y", None] * 20})
    >>> filled = VAEImputer(epochs=2, random_state=0).fit_transform(x)
    >>> bool(filled.isna().any(axis=None)), filled["a"].iloc[0]
    (False, np.float64(1.0))
    """

    _model_missing = False
    _patience = 1500  # the ELBO of complete rows rises slowly where columns are hidden

    def __init__(
        self,
        *,
        draws: int = 100,
        hidden_columns: float = 0.5,
        latent_dim: int = 16,
        hidden: tuple[int, ...] = (128, 128),
        beta: float = 1.0,
        kinds: dict[str, str] | None = None,
        epochs: int | None = None,
        batch_size: int = 128,
        random_state: Any = None,
        verbose: int | str = 0,
    ):
        self.draws = draws
        self.hidden_columns = hidden_columns
        self.latent_dim = latent_dim
        self.hidden = hidden
        self.beta = beta
        self.kinds = kinds
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train on a table with missing values; y is ignored.

        Args:
            X: a frame, a path of a CSV or Parquet file, or what else `zoo.tables.as_frame` takes.
            y: ignored.

        Raises:
            TypeError, ValueError: an argument or a column is invalid.
        """
        del y
        self._fit(X)
        return self

    def transform(self, X: Any) -> Any:
        """X with its missing values filled in: a frame, or an array if X is one.

        Numbers are means of the draws, in the steps or decimals of the column; categories are the
        most frequent ones.
        """
        frame = self._frame(X)
        (filled,) = self._filled(frame, 0, self.draws, [fill])
        named = hasattr(X, "columns") or isinstance(X, str | os.PathLike)
        return filled if named else filled.to_numpy()

    def sample(self, X: Any, draws: int = 5, seed: int = 0) -> list[Any]:
        """Completed tables for multiple imputation: a list of `draws` frames.

        Args:
            X: rows as in `fit`.
            draws: number of tables.
            seed: seed of the draws.
        """
        validation.check_counts(draws=draws)
        singles = [functools.partial(_fill_with_one, i) for i in range(draws)]
        return self._filled(self._frame(X), validation.as_seed(seed), draws, singles)

    def interval(self, X: Any, level: float = 0.9, seed: int = 0) -> tuple[Any, Any]:
        """Central intervals of missing values: frames of the lower and the upper ends.

        Observed values are their own interval, and so are missing values of categories, which have
        no order.

        Args:
            X: rows as in `fit`.
            level: probability of the intervals, in (0, 1).
            seed: seed of the draws.
        """
        if not is_real(level) or not 0 < level < 1:
            raise ValueError(f"level must be a probability in (0, 1), got {level!r}")
        ends = [functools.partial(fill, quantile=q) for q in ((1 - level) / 2, (1 + level) / 2)]
        seed = validation.as_seed(seed)
        return tuple(self._filled(self._frame(X), seed, self.draws, ends))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns, which are those of the data of `fit`."""
        check_is_fitted(self)
        del input_features
        return self.feature_names_in_

    def _filled(self, frame, seed, draws, functions):
        """Frames filled in by functions of (frame, its `Draws`, columns), in parts.

        The parts have few enough rows for all their draws to fit in memory.
        """
        length = max(BATCH_SIZE, MAX_VALUES // (draws * len(self.columns_.classes)))
        starts = range(0, len(frame), length)
        seeds = [seed, *np.random.SeedSequence(seed).generate_state(len(starts)) % 2**31]
        bar = keras.utils.Progbar(len(frame), verbose=bool(self.verbose) and len(starts) > 1)
        parts = []
        for start, part_seed in zip(starts, seeds, strict=False):
            part = frame.iloc[start : start + length]
            values = self._draw(part, int(part_seed), draws)
            parts.append([function(part, values, self.columns_) for function in functions])
            bar.add(len(part))
        return [pandas().concat(of_all) for of_all in zip(*parts, strict=True)]

    def _draw(self, frame, seed, draws):
        """`Draws` of the missing values of a frame."""
        rows = self.columns_.encode(frame)
        incomplete = np.isnan(rows).any(1)
        if not incomplete.any():
            return Draws(np.zeros((draws, 0, rows.shape[1])), incomplete)
        options = dict(samples=draws, draw=True, seed=seed, batch_size=BATCH_SIZE)
        values = self.vae_.reconstruct(rows[incomplete], **options)
        return Draws(np.asarray(values, "float64"), incomplete)

    def _signatures(self, served_columns):
        return signatures.imputer_signatures(self.vae_, served_columns, self.draws)

    def _check_arguments(self):
        super()._check_arguments()
        validation.check_counts(draws=self.draws)
        amount = self.hidden_columns
        if not is_real(amount) or not 0 <= amount <= 1:
            raise ValueError(f"hidden_columns must be a probability in [0, 1], got {amount!r}")

    def _input_noise(self, classes):
        return MissingColumns(classes, self.hidden_columns)


def _fill_with_one(number, frame, draws, columns):
    """A frame filled in with a single draw."""
    return fill(frame, draws.one(number), columns)
