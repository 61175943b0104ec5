"""Disentanglement metrics: the published scores of codes against known factors of the data.

Each score takes codes `[N, D]` and factors `[N, K]`, integers that give the value of each of K
known factors. All are near 1 if each factor has a latent dimension of its own. Each docstring gives
the score of uninformative codes and the differences between implementations. `scores` encodes the
data with a model and computes all of them.

>>> import numpy as np
>>> import zoo
>>> rng = np.random.default_rng(0)
>>> factors = rng.integers(0, 4, (1000, 2))
>>> codes = np.stack([rng.normal(size=1000), -5.0 * factors[:, 1], factors[:, 0]], 1)
>>> print(f"{zoo.evaluation.disentanglement.mig(codes, factors):.2f}")
0.98
"""

from zoo.evaluation.disentanglement.dci import dci, forest
from zoo.evaluation.disentanglement.factor_vae import beta_vae, factor_vae
from zoo.evaluation.disentanglement.mig_sap import mig, mutual_information, sap
from zoo.evaluation.disentanglement.summary import DisentanglementScores, score_codes, scores

__all__ = [
    "DisentanglementScores",
    "beta_vae",
    "dci",
    "factor_vae",
    "forest",
    "mig",
    "mutual_information",
    "sap",
    "score_codes",
    "scores",
]
