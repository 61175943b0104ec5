"""Marginal distributions of a model's draws, mapped to those of the data."""

import dataclasses

import numpy as np

from zoo.tables.number_column import QUANTILES, normal_cdf, normal_quantiles


@dataclasses.dataclass(frozen=True)
class Marginals:
    """Monotone maps of the number columns of draws, so that each has the distribution of the data.

    score' = Phi^-1(G(score)), where G is the distribution function of the model's draws. A monotone
    map of each column leaves the dependence of columns (the copula) as the model has it.

    Attributes:
        positions: number columns among the encoded ones.
        quantiles: float64 `[len(positions), Q]`, of draws, at equally spaced probabilities.
    """

    positions: tuple
    quantiles: np.ndarray

    @classmethod
    def of(cls, draws, classes):
        """Maps of draws `[N, columns]` of a model."""
        positions = tuple(i for i, n in enumerate(classes) if not n)
        at = np.linspace(0, 1, min(QUANTILES, len(draws)))
        quantiles = [np.quantile(draws[:, i].astype("float64"), at) for i in positions]
        return cls(positions, np.array(quantiles).reshape(len(positions), len(at)))

    def apply(self, rows):
        """Rows with mapped number columns, float64."""
        rows = np.array(rows, "float64")
        size = self.quantiles.shape[1]
        at = np.linspace(0, 1, size)
        for i, quantiles in zip(self.positions, self.quantiles, strict=True):
            below = np.clip(np.interp(rows[:, i], quantiles, at), 0.5 / size, 1 - 0.5 / size)
            rows[:, i] = normal_quantiles(below)
        return rows

    def invert(self, row):
        """A row `[columns]` of scores as those of the model, float64; NaN stays."""
        row = np.array(row, "float64")
        at = np.linspace(0, 1, self.quantiles.shape[1])
        for i, quantiles in zip(self.positions, self.quantiles, strict=True):
            if not np.isnan(row[i]):
                row[i] = np.interp(normal_cdf(row[i]), at, quantiles)
        return row

    def to_plain(self):
        """The maps as JSON can hold them."""
        return {"positions": [*self.positions], "quantiles": self.quantiles.tolist()}

    @classmethod
    def from_plain(cls, plain):
        """The maps that `to_plain` wrote."""
        positions, quantiles = tuple(plain["positions"]), np.array(plain["quantiles"], "float64")
        return cls(positions, quantiles.reshape(len(positions), -1))
