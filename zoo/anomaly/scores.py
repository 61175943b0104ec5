"""Scores for anomaly detection in nats, one class for each.

The sign is that of scikit-learn: higher is more normal.

A score is a callable `(vae, x, batch_size)` -> float32 `[N]`, so a function can serve as one. A
score with a method `fit`, a `FittableScore`, is first fitted to the data of `AnomalyDetector.fit`.
"""

import dataclasses
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np

from zoo.anomaly.likelihood_regret import likelihood_regret
from zoo.anomaly.neighbors import NeighborScore
from zoo.anomaly.tails import TailScore
from zoo.core import elbo, validation
from zoo.core.forward import forward_pass
from zoo.core.samplers import MeanSampler
from zoo.core.suggestions import nearest
from zoo.inference import batching
from zoo.model import VAE


@runtime_checkable
class FittableScore(Protocol):
    """A score that depends on reference data; `fit` returns the score to call."""

    def fit(self, vae: VAE, x, batch_size: int = 256) -> Callable: ...


@dataclasses.dataclass(frozen=True)
class ELBOScore:
    """The ELBO, E_q[log p(x|z)] - KL(q(z|x) || p(z)), a lower bound on log p(x).

    Kingma and Welling, Auto-encoding variational Bayes, 2014.

    Args:
        samples: number of noise values of z, which all examples share.
        seed: seed of the noise.
    """

    samples: int = 16
    seed: int = 0

    def __call__(self, vae: VAE, x, batch_size: int = 256) -> np.ndarray:
        return vae.elbo(x, samples=self.samples, seed=self.seed, batch_size=batch_size)


@dataclasses.dataclass(frozen=True)
class ReconstructionScore:
    """log p(x|z) at z = E[z|x]: the negative reconstruction error as measured by the likelihood.

    For a Normal likelihood of scale s it is -|x - E[x|z]|^2 / (2 s^2), plus a constant.
    """

    def __call__(self, vae: VAE, x, batch_size: int = 256) -> np.ndarray:
        def log_likelihood(batch, unused_seed):
            return -elbo.nll(forward_pass(vae, batch, MeanSampler()))

        return batching.map_batches(vae, "reconstruction score", log_likelihood, x, batch_size)


@dataclasses.dataclass(frozen=True)
class KLScore:
    """-KL(q(z|x) || p(z)): the negative divergence of the posterior from the prior.

    Args:
        samples, seed: as in `ELBOScore`; unused if the KL has a closed form.
    """

    samples: int = 16
    seed: int = 0

    def __call__(self, vae: VAE, x, batch_size: int = 256) -> np.ndarray:
        return -vae.score(x, self.samples, self.seed, batch_size)["kl"]


@dataclasses.dataclass(frozen=True)
class ReconstructionProbabilityScore:
    """E_q[log p(x|z)], the mean over draws of z: the ELBO without its KL.

    An and Cho, Variational autoencoder based anomaly detection using reconstruction probability,
    2015. Unlike `ReconstructionScore` it averages over q(z|x), so an uncertain code lowers it.

    Args:
        samples: number of draws of z for each example; all examples share the noise.
        seed: seed of the noise.
    """

    samples: int = 16
    seed: int = 0

    def __call__(self, vae: VAE, x, batch_size: int = 256) -> np.ndarray:
        return -vae.score(x, self.samples, self.seed, batch_size)["nll"]


@dataclasses.dataclass(frozen=True)
class LikelihoodRegretScore:
    """Negative likelihood regret, -(max over (m, s) of ELBO(x; Normal(m, s)) - ELBO(x; q(z|x))).

    At most 0. The regret is the gain in ELBO when the posterior's mean and scale are optimised for
    this example alone; it is small for examples that resemble the training data. Xiao et al.,
    Likelihood regret: an out-of-distribution detection score for variational auto-encoder, 2020.
    Adam optimises the posterior while the decoder stays fixed. The score takes about 3 * `steps`
    times as long as the others.

    Args:
        steps: number of optimisation steps.
        learning_rate: initial step size, in units of z and of log s; it falls linearly to 0. The
            parameters can move by about steps * learning_rate / 2.
        samples, seed: as in `ELBOScore`; the noise is the same before and after the optimisation.
    """

    steps: int = 100
    learning_rate: float = 0.3
    samples: int = 4
    seed: int = 0

    def __call__(self, vae: VAE, x, batch_size: int = 256) -> np.ndarray:
        validation.check_counts(steps=self.steps, samples=self.samples)
        return -likelihood_regret(vae, x, batch_size, **dataclasses.asdict(self))


SCORES = {
    "elbo": ELBOScore,
    "reconstruction": ReconstructionScore,
    "kl": KLScore,
    "reconstruction_probability": ReconstructionProbabilityScore,
    "likelihood_regret": LikelihoodRegretScore,
    "tails": TailScore,
    "neighbors": NeighborScore,
}


def as_score(score):
    """Create the score of this name in `SCORES`; return any other callable unchanged."""
    if isinstance(score, str):
        if score not in SCORES:
            names = ", ".join(map(repr, SCORES))
            raise ValueError(
                f"score must be one of {names}, or a function (vae, x, batch_size) -> [N], got "
                f"{score!r}{nearest(score, SCORES)}"
            )
        return SCORES[score]()
    if isinstance(score, type) or not validation.takes(score, 3):
        raise TypeError(
            f"score must be a name ({', '.join(SCORES)}) or a function (vae, x, batch_size) -> "
            f"[N], got {score!r}"
        )
    return score
