"""Importance-weighted bounds: tighter than the ELBO, at the cost of several draws."""

import dataclasses
import math

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import positive
from zoo.core.distributions import as_event
from zoo.core.elbo import log_weights
from zoo.core.outputs import Pass
from zoo.core.samplers import RandomSampler, untile
from zoo.core.serialization import component
from zoo.objectives.elbo import Objective
from zoo.objectives.terms import Term

tfd = tfp.distributions


@component
class ImportanceWeighted(Objective):
    """-log (1/K) sum_k p(x, z_k) / q(z_k|x), z_1 to z_K drawn from q(z|x), in nats: IWAE.

    This is the negative of a lower bound on log p(x). With one draw the bound is the ELBO, with the
    KL estimated at the draw; each further draw makes it tighter. Burda et al., Importance weighted
    autoencoders, 2016. A training step decodes K times as many rows. Logs `iwae`, the bound, and
    `elbo`, `nll`, `kl` (averages over the draws) and `active_units` as `ELBO` does.

    Args:
        samples: K.
        terms: tuple of further `Term`s that are added to the loss; none by default.
    """

    LOGS = (*Objective.LOGS, "iwae")

    def __init__(self, samples: int = 5, terms: tuple[Term, ...] = (), **kwargs):
        super().__init__(terms, **kwargs)
        (self.samples,) = positive(samples=samples)

    def sampler(self, seed):
        """Sampler of K draws of z for each example."""
        return RandomSampler(seed, self.samples)

    def log_weights(self, out: Pass) -> tf.Tensor:
        """log p(x, z) - log q(z|x), `[K, B]` nats."""
        return log_weights(out)

    def per_example_metrics(self, out: Pass) -> dict[str, tf.Tensor]:
        """The metrics of the ELBO and `iwae`, the bound: name -> `[B]`, nats."""
        iwae = tf.reduce_logsumexp(self.log_weights(out), 0) - math.log(self.samples)
        return {"iwae": iwae, **super().per_example_metrics(out)}

    def bound_loss(self, metrics: dict[str, tf.Tensor]) -> tf.Tensor:
        """The negative bound, `[B]` nats."""
        return -metrics["iwae"]


@component
class DoublyReparameterized(ImportanceWeighted):
    """The same bound with an unbiased encoder gradient of less variance ("DReG").

    With w~_k the weights p(x, z_k) / q(z_k|x), normalised over k, the encoder's gradient is
    sum_k w~_k^2 d/dz_k log(p(x, z_k) / q(z_k|x)) dz_k/dphi, in which the density q does not change
    with its parameters phi; that of decoder and prior is the IWAE's, with weights w~_k. Tucker et
    al., Doubly reparameterized gradient estimators for Monte Carlo objectives, 2019. Decoder and
    prior are run once; if the prior uses the encoder, as `VampPrior` does, the gradient through it
    counts as the prior's.

    Further terms may use the draws, but not the likelihood.

    Args:
        samples: K.
        terms: tuple of further `Term`s that are added to the loss; none by default.

    Raises:
        ValueError: there are several stochastic layers, the posterior is not Normal, or a term
            reads the likelihood.
    """

    def sampler(self, seed):
        """Sampler of K draws of z for each example, with reweighted gradients."""
        return _ReweightingSampler(seed, self.samples)

    def log_weights(self, out: Pass) -> tf.Tensor:
        """log p(x, z) - log q(z|x), `[K, B]` nats; sets the weights of the draws' gradients."""
        if len(out.draws) != 1:
            raise _unsupported(f"{len(out.draws)} layers")
        log_w = super().log_weights(out)
        weights = tf.stop_gradient(tf.nn.softmax(log_w, 0))
        out.sampler.weights = tf.reshape(weights, [-1, 1])
        return log_w

    def pass_for_terms(self, out: Pass) -> Pass:
        """The pass with draws whose gradients are not reweighted, and without the likelihood."""
        z, log_q = out.sampler.unweighted
        draw = dataclasses.replace(out.draws[0], z=z, log_q=log_q)
        return dataclasses.replace(out, draws=(draw,), likelihood=_UnavailableLikelihood())


class _ReweightingSampler(RandomSampler):
    """Sampler of z whose gradient is multiplied by `weights`, `[S * B, 1]`, and log q for fixed q.

    The weights depend on the decoded z: set them after the forward pass, before gradients are
    taken.
    """

    weights = unweighted = None

    def __call__(self, distribution):
        if not isinstance(distribution, tfd.Normal):
            raise _unsupported(type(distribution).__name__)
        self.unweighted = super().__call__(distribution)
        z = self._reweight_gradient(self.unweighted[0])
        fixed = tfd.Normal(*map(tf.stop_gradient, (distribution.loc, distribution.scale)))
        return z, tf.reshape(as_event(fixed).log_prob(untile(z, self.samples)), [-1])

    def each(self, distribution):
        del distribution
        raise _unsupported("several layers")

    def _reweight_gradient(self, z):
        @tf.custom_gradient
        def identity(z):
            return tf.identity(z), lambda gradient: gradient * self.weights

        return identity(z)


class _UnavailableLikelihood:
    """Placeholder for the likelihood that raises an error as soon as a term uses it.

    The likelihood was computed from the z with reweighted gradients, so a term that used it would
    silently train the encoder with a wrong gradient.
    """

    def __getattribute__(self, name):
        raise ValueError(
            "terms of DoublyReparameterized must not read the likelihood, whose gradients are "
            "reweighted: use ImportanceWeighted with these terms"
        )


def _unsupported(latents):
    return ValueError(
        "latents must be one stochastic layer with a Normal posterior for DoublyReparameterized, "
        f"got {latents}: use ImportanceWeighted"
    )
