"""Synthetic tables: rows like those of a table, drawn from a VAE."""

# ruff: noqa: N803  (X is scikit-learn's name for the data)

from typing import Any, Self

import numpy as np

from zoo.core import validation
from zoo.evaluation.aggregate_posterior import fit_prior, replace_prior
from zoo.inference.batching import map_codes
from zoo.priors import MixturePrior
from zoo.tables import conditions as given
from zoo.tables import signatures
from zoo.tables.estimator import TableEstimator
from zoo.tables.marginals import Marginals
from zoo.tables.reading import check_is_fitted

MIN_CODES = 10  # codes for each component of the prior
MAX_CODES = 50_000  # codes to which the prior is fitted
DRAWN = 10_000  # rows to which the marginal distributions are fitted
BATCH_SIZE = 1024


class TableSynthesizer(TableEstimator):
    """Generator of synthetic rows, with scikit-learn's interface.

    `fit` reads the columns (`zoo.tables.Columns`), trains a VAE of their normal scores and levels,
    fits a mixture of Normals to its codes (`zoo.fit_prior`), and maps each column of its draws to
    the distribution of the data. `sample` returns a frame with the columns, order and dtypes of the
    data; identifiers, free texts and lists are left out, with a warning.

    Args:
        latent_dim: number of latent dimensions.
        hidden: widths of the encoder's layers; the decoder mirrors them.
        beta: weight of the KL in the loss.
        components: Normals in the prior, at most; there are at least 10 rows for each.
        kinds: column -> "number", "category" or "drop", instead of what its values suggest.
        epochs: passes over the data; None stops when the ELBO of a tenth of the rows, which are
            held out, no longer rises, after at most about 4,000 steps.
        batch_size: rows in a training step.
        random_state: an integer makes the result reproducible.
        verbose: as in `keras.Model.fit`.

    Attributes:
        columns_: the `zoo.tables.Columns`; `columns_.table()` says how each was read.
        vae_: the `VAE` of encoded rows.
        feature_names_in_, n_features_in_: names and number of the columns of the data.

    The file of `save` holds levels and quantiles of the columns, and so values of the data.

    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> x = pd.DataFrame({"age": rng.integers(18, 80, 200), "plan": rng.choice(["a", "b"], 200)})
    >>> synthesizer = TableSynthesizer(epochs=2, random_state=0).fit(x)
    >>> synthesizer.sample(3, conditions={"plan": "b"}, seed=0)["plan"].tolist()
    ['b', 'b', 'b']
    """

    def __init__(
        self,
        *,
        latent_dim: int = 16,
        hidden: tuple[int, ...] = (128, 128),
        beta: float = 1.0,
        components: int = 100,
        kinds: dict[str, str] | None = None,
        epochs: int | None = None,
        batch_size: int = 128,
        random_state: Any = None,
        verbose: int | str = 0,
    ):
        self.latent_dim = latent_dim
        self.hidden = hidden
        self.beta = beta
        self.components = components
        self.kinds = kinds
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train on a table; y is ignored.

        Args:
            X: a frame, a path of a CSV or Parquet file, or what else `zoo.tables.as_frame` takes.
            y: ignored.

        Raises:
            TypeError, ValueError: an argument or a column is invalid.
        """
        del y
        validation.check_counts(components=self.components)
        self._fit(X)
        return self

    def sample(
        self, n: int, conditions: dict[str, Any] | None = None, seed: int | None = None
    ) -> Any:
        """Draw n rows: a frame with the columns and dtypes of the data.

        Args:
            n: number of rows.
            conditions: column -> value that all rows have; the other columns are drawn given these.
            seed: seed of the draws; None for different rows each time.

        Raises:
            TypeError, ValueError: n or seed is invalid, or a condition has an unknown column, or a
                value that the column never had.
        """
        check_is_fitted(self)
        validation.check_counts(n=n)
        drawn = int(np.random.default_rng().integers(2**31))
        seed = drawn if seed is None else validation.as_seed(seed)
        if not conditions:
            rows = self._marginals.apply(self.vae_.sample(n, seed=seed, batch_size=BATCH_SIZE))
            return self.columns_.decode(rows, np.random.default_rng(seed))
        frame = given.condition_frame(self.columns_, conditions)
        target = given.encoded_condition(self.columns_, frame)
        row = self._marginals.invert(target)
        codes = given.codes_given(self.vae_, n, row, seed, bool(self.verbose))
        rows = map_codes(self.vae_, "sample given", _draw, codes, BATCH_SIZE, seed=seed)
        rows = np.where(np.isnan(target), self._marginals.apply(rows), target)
        result = self.columns_.decode(rows, np.random.default_rng(seed))
        for name in frame:
            result[name] = frame[name].take(np.zeros(n, int)).array
        return result

    def _finish(self, rows):
        """Fit the prior to the codes, and the marginal distributions to those of the data."""
        rows = np.random.default_rng(0).permutation(rows)[:MAX_CODES]
        components = max(1, min(self.components, len(rows) // MIN_CODES))
        prior = MixturePrior(self.latent_dim, components=components)
        self.vae_ = replace_prior(self.vae_, prior)
        fit_prior(self.vae_, rows, seed=0)
        draws = self.vae_.sample(DRAWN, seed=0, batch_size=BATCH_SIZE)
        self._marginals = Marginals.of(draws, self.columns_.classes)

    def _signatures(self, served_columns):
        return signatures.synthesizer_signatures(self.vae_, served_columns, self._marginals)

    def _state(self):
        return {"marginals": self._marginals.to_plain()}

    def _set_state(self, state):
        self._marginals = Marginals.from_plain(state["marginals"])


def _draw(p, seed):
    """One draw of each p(x|z)."""
    return p.sample(seed=seed)
