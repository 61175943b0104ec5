"""How well single latent dimensions stand for single factors of the data: published scores.

Each score takes codes `[N, D]` and factors `[N, K]`, integers that say which value each of K known
factors has. All are near 1 where each factor has a dimension of its own. What a score is of codes
that know nothing, and what implementations do differently, its docstring says; `scores` asks a
model for codes and computes all of them.

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
from zoo.evaluation.disentanglement.summary import Scores, score_codes, scores

__all__ = [
    "Scores",
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
