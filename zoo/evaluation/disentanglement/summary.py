"""Summary of all disentanglement metrics of a model's codes."""

import dataclasses
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from zoo.core import inputs, validation
from zoo.evaluation.disentanglement.dci import dci
from zoo.evaluation.disentanglement.factor_vae import beta_vae, factor_vae
from zoo.evaluation.disentanglement.inputs import (
    check_categorical,
    check_codes_and_factors,
    check_factors,
)
from zoo.evaluation.disentanglement.mig_sap import mig, sap
from zoo.evaluation.inputs import row_count
from zoo.model import VAE

DIGITS = 3


@dataclasses.dataclass(frozen=True)
class DisentanglementScores:
    """All disentanglement metrics: numbers in [0, 1], 1 is best; see the function of each.

    Attributes:
        mig: the mutual information gap.
        disentanglement, completeness, informativeness: the scores of `dci`.
        sap: the separated attribute predictability.
        factor_vae: the FactorVAE score.
        beta_vae: the beta-VAE score.
        rows: number of rows they were computed from.
    """

    mig: float
    disentanglement: float
    completeness: float
    informativeness: float
    sap: float
    factor_vae: float
    beta_vae: float
    rows: int

    def __str__(self) -> str:
        """A table with one score on each line."""
        values = {n: f"{v:.{DIGITS}f}" for n, v in self.to_dict().items() if n != "rows"}
        lines = [f"{name:16}{value:>8}" for name, value in values.items()]
        return "\n".join([*lines, f"{'rows':16}{self.rows:>8}"])

    def to_dict(self) -> dict[str, float | int]:
        """The attributes as Python numbers."""
        return dataclasses.asdict(self)


def scores(
    vae: VAE,
    x: np.ndarray | dict | tf.data.Dataset,
    factors: np.ndarray,
    *,
    categorical: Sequence[int] = (),
    draws: bool = False,
    rows: int = 5000,
    seed: int = 0,
    batch_size: int = 256,
    verbose: bool = False,
) -> DisentanglementScores:
    """Compute all disentanglement metrics of a model's codes of x.

    Args:
        vae: a `VAE`, or an object whose `encode(x, batch_size=...)` returns one with `loc` and
            `scale` `[N, D]`.
        x: N examples that `vae.encode` accepts, an array or a dataset; preferably held-out data.
        factors: integers `[N, K]`, the value of each of K factors.
        categorical: column indices of the factors whose integers are categories, not amounts; see
            `sap`.
        draws: True uses one draw of the Normal q(z|x) as the code of each example instead of the
            mean. A dimension that the model does not use is then noise.
        rows: maximum number of rows, chosen at random.
        seed: seed of the choice of rows, the draws and the metrics.
        batch_size: examples to encode at a time.
        verbose: True shows a progress bar.

    Raises:
        TypeError, ValueError: an argument is invalid; the message names it.
    """
    inputs.require_encoder(vae)
    inputs.require_rows(x)
    validation.check_flags(draws=draws, verbose=verbose)
    factors = check_factors(factors, row_count(x))
    check_categorical(categorical, factors.shape[1])
    validation.check_counts(rows=rows)
    seed = validation.as_seed(seed)
    q = vae.encode(x, batch_size=batch_size)
    codes = np.asarray(q.loc)
    if draws:
        noise = np.random.default_rng(seed).standard_normal(codes.shape)
        codes = codes + np.asarray(q.scale) * noise
    return score_codes(
        codes, factors, categorical=categorical, rows=rows, seed=seed, verbose=verbose
    )


def score_codes(
    codes: np.ndarray,
    factors: np.ndarray,
    *,
    categorical: Sequence[int] = (),
    rows: int = 5000,
    seed: int = 0,
    verbose: bool = False,
) -> DisentanglementScores:
    """Compute all disentanglement metrics of codes `[N, D]` of any origin; see `scores`.

    >>> factors = np.random.default_rng(0).integers(0, 3, (500, 2))
    >>> print(score_codes(factors.astype("float32"), factors))
    mig                0.998
    disentanglement    1.000
    completeness       1.000
    informativeness    1.000
    sap                0.999
    factor_vae         1.000
    beta_vae           1.000
    rows                 500
    """
    validation.check_flags(verbose=verbose)
    codes, factors = check_codes_and_factors(codes, factors)
    categorical, seed = check_categorical(categorical, factors.shape[1]), validation.as_seed(seed)
    validation.check_counts(rows=rows)
    chosen = np.random.default_rng(seed).permutation(len(codes))[:rows]
    codes, factors = codes[chosen], factors[chosen]
    metrics = (
        lambda: {"mig": mig(codes, factors)},
        lambda: dci(codes, factors, seed=seed),
        lambda: {"sap": sap(codes, factors, categorical, seed)},
        lambda: {"factor_vae": factor_vae(codes, factors, seed=seed)},
        lambda: {"beta_vae": beta_vae(codes, factors, seed=seed)},
    )
    values, bar = {}, keras.utils.Progbar(len(metrics), verbose=int(verbose), unit_name="score")
    for metric in metrics:
        values |= metric()
        bar.add(1)
    return DisentanglementScores(**values, rows=len(codes))
