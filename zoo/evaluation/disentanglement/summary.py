"""All scores of a model's codes at once."""

import dataclasses

import keras
import numpy as np

from zoo.core import inputs, validation
from zoo.evaluation.disentanglement.dci import dci
from zoo.evaluation.disentanglement.factor_vae import beta_vae, factor_vae
from zoo.evaluation.disentanglement.inputs import columns, integers, labelled
from zoo.evaluation.disentanglement.mig_sap import mig, sap

DIGITS = 3


@dataclasses.dataclass(frozen=True)
class Scores:
    """How disentangled codes are: numbers in [0, 1], 1 is best; see the function of each.

    Attributes:
        mig: the mutual information gap.
        disentanglement, completeness, informativeness: of `dci`.
        sap: the separated attribute predictability.
        factor_vae: the FactorVAE score.
        beta_vae: the beta-VAE score.
        rows: how many rows they were computed from.
    """

    mig: float
    disentanglement: float
    completeness: float
    informativeness: float
    sap: float
    factor_vae: float
    beta_vae: float
    rows: int

    def __str__(self):
        """A table, one score a line."""
        values = {n: f"{v:.{DIGITS}f}" for n, v in self.to_dict().items() if n != "rows"}
        lines = [f"{name:16}{value:>8}" for name, value in values.items()]
        return "\n".join([*lines, f"{'rows':16}{self.rows:>8}"])

    def to_dict(self):
        """The attributes as Python's own numbers."""
        return dataclasses.asdict(self)


def scores(
    vae,
    x,
    factors,
    *,
    categorical=(),
    draws=False,
    rows=5000,
    seed=0,
    batch_size=256,
    verbose=False,
):
    """All scores of the codes that a model gives x: `Scores`.

    Args:
        vae: a `VAE`, or anything whose `encode(x, batch_size=...)` has `loc` and `scale` `[N, D]`.
        x: N examples as `vae.encode` takes them, an array or a dataset; best such that the model
            has not seen.
        factors: integers `[N, K]`, which value each of K factors has.
        categorical: numbers of the columns whose integers are names, not amounts; see `sap`.
        draws: whether codes are draws of the Normal q(z|x), one for each example, and not its
            means. A dimension that the model does not use is then noise.
        rows: at most so many, chosen at random.
        seed: of all that is random.
        batch_size: examples to encode at a time.
        verbose: whether to show a progress bar.

    Raises:
        TypeError, ValueError: an argument does not fit; see the message.

    >>> from types import SimpleNamespace
    >>> identity = SimpleNamespace(encode=lambda x, batch_size: SimpleNamespace(loc=x))
    >>> factors = np.random.default_rng(0).integers(0, 3, (500, 2))
    >>> print(scores(identity, factors.astype("float32"), factors))
    mig                0.998
    disentanglement    1.000
    completeness       1.000
    informativeness    1.000
    sap                0.999
    factor_vae         1.000
    beta_vae           1.000
    rows                 500
    """
    inputs.given(x)
    factors = integers(factors, x.shape[0] if hasattr(x, "shape") else None)
    columns(categorical, factors.shape[1])
    validation.count(rows=rows)
    seed = validation.seed(seed)
    q = vae.encode(x, batch_size=batch_size)
    codes = np.asarray(q.loc)
    if draws:
        noise = np.random.default_rng(seed).standard_normal(codes.shape)
        codes = codes + np.asarray(q.scale) * noise
    return score_codes(
        codes, factors, categorical=categorical, rows=rows, seed=seed, verbose=verbose
    )


def score_codes(codes, factors, *, categorical=(), rows=5000, seed=0, verbose=False):
    """All scores of codes `[N, D]`, from wherever they come: `Scores`. Arguments as in `scores`."""
    codes, factors = labelled(codes, factors)
    categorical, seed = columns(categorical, factors.shape[1]), validation.seed(seed)
    validation.count(rows=rows)
    chosen = np.random.default_rng(seed).permutation(len(codes))[:rows]
    codes, factors = codes[chosen], factors[chosen]
    steps = {
        "mig": lambda: {"mig": mig(codes, factors)},
        "dci": lambda: dci(codes, factors, seed=seed),
        "sap": lambda: {"sap": sap(codes, factors, categorical, seed)},
        "factor_vae": lambda: {"factor_vae": factor_vae(codes, factors, seed=seed)},
        "beta_vae": lambda: {"beta_vae": beta_vae(codes, factors, seed=seed)},
    }
    found, bar = {}, keras.utils.Progbar(len(steps), verbose=int(verbose), unit_name="score")
    for step in steps.values():
        found |= step()
        bar.add(1)
    return Scores(**found, rows=len(codes))
