"""How normal an example is, in nats: one small class for each score, higher is more normal.

A score is called with `(vae, x, batch_size)` and returns float32 `[N]`. Anything that can be called
so is a score, so one of your own is a function. One that has a method `fit(vae, x, batch_size)`
returns from it the score to use, which may know the data of `AnomalyDetector.fit`.
"""

import dataclasses

from zoo.anomaly.likelihood_regret import likelihood_regret
from zoo.anomaly.tails import Tails
from zoo.core import elbo, validation
from zoo.core.forward import forward_pass
from zoo.core.samplers import MeanSampler
from zoo.core.suggestions import nearest
from zoo.inference import batching


@dataclasses.dataclass(frozen=True)
class Elbo:
    """E_q[log p(x|z)] - KL(q(z|x) || p(z)) <= log p(x): how probable x is, as far as is known.

    Kingma and Welling, Auto-encoding variational Bayes, 2014.

    Args:
        samples: values of z's noise, which all examples share.
        seed: of the noise.
    """

    samples: int = 16
    seed: int = 0

    def __call__(self, vae, x, batch_size=256):
        return vae.elbo(x, samples=self.samples, seed=self.seed, batch_size=batch_size)


@dataclasses.dataclass(frozen=True)
class Reconstruction:
    """log p(x|z) at z = E[z|x]: the reconstruction error, as the likelihood measures it.

    For a Normal likelihood of scale s it is -|x - E[x|z]|^2 / (2 s^2), plus a constant.
    """

    def __call__(self, vae, x, batch_size=256):
        def at_the_mean(batch, unused):
            return -elbo.nll(forward_pass(vae, batch, MeanSampler()))

        return batching.map_batches(vae, "reconstruction score", at_the_mean, x, batch_size)


@dataclasses.dataclass(frozen=True)
class Kl:
    """-KL(q(z|x) || p(z)): how far from the prior the code lies, whatever is made of it.

    Args:
        samples, seed: as in `Elbo`; without influence where the KL has a closed form.
    """

    samples: int = 16
    seed: int = 0

    def __call__(self, vae, x, batch_size=256):
        return -vae.score(x, self.samples, self.seed, batch_size)["kl"]


@dataclasses.dataclass(frozen=True)
class ReconstructionProbability:
    """E_q[log p(x|z)], the mean over draws of z: the ELBO without its KL.

    An and Cho, Variational autoencoder based anomaly detection using reconstruction probability,
    2015. Unlike `Reconstruction` it asks all of q(z|x), so a code that is uncertain counts.

    Args:
        samples: draws of z for each example, from noise that all examples share.
        seed: of the noise.
    """

    samples: int = 16
    seed: int = 0

    def __call__(self, vae, x, batch_size=256):
        return -vae.score(x, self.samples, self.seed, batch_size)["nll"]


@dataclasses.dataclass(frozen=True)
class LikelihoodRegret:
    """-(max over (m, s) of ELBO(x; Normal(m, s)) - ELBO(x; q(z|x))), at most 0.

    The regret is what the ELBO gains where the posterior's mean and scale are chosen for this
    example alone: little where the encoder knows its like. Xiao et al., Likelihood regret: an
    out-of-distribution detection score for variational auto-encoder, 2020. Adam's steps, the
    decoder as it is; slower than the other scores by about three times `steps`.

    Args:
        steps: of the search.
        learning_rate: of its first step, in units of z and of log s; it falls to 0 in a line. The
            search reaches about steps * learning_rate / 2 from where it begins.
        samples, seed: as in `Elbo`, the same noise before and after.
    """

    steps: int = 100
    learning_rate: float = 0.3
    samples: int = 4
    seed: int = 0

    def __call__(self, vae, x, batch_size=256):
        validation.count(steps=self.steps, samples=self.samples)
        return -likelihood_regret(vae, x, batch_size, **dataclasses.asdict(self))


SCORES = {
    "elbo": Elbo,
    "reconstruction": Reconstruction,
    "kl": Kl,
    "reconstruction_probability": ReconstructionProbability,
    "likelihood_regret": LikelihoodRegret,
    "tails": Tails,
}


def resolve(score):
    """The score that a name in `SCORES` means; a function or an object is one itself."""
    if isinstance(score, str):
        if score not in SCORES:
            known = ", ".join(map(repr, SCORES))
            raise ValueError(
                f"score={score!r} is not known{nearest(score, SCORES)} Known: {known}; a function "
                "(vae, x, batch_size) -> [N] works as well"
            )
        return SCORES[score]()
    if not callable(score) or isinstance(score, type):
        raise TypeError(
            f"score must be a name ({', '.join(SCORES)}) or a function (vae, x, batch_size) -> "
            f"[N], got {score!r}"
        )
    return score
