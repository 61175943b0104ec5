"""Importance-weighted bounds: tighter than the ELBO, at the cost of several draws."""

import dataclasses
import math

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import as_event
from zoo.core.elbo import log_weights
from zoo.core.samplers import RandomSampler, untile
from zoo.core.serialization import component, positive
from zoo.objectives.base import Objective

tfd = tfp.distributions


@component
class ImportanceWeighted(Objective):
    """-log (1/K) sum_k p(x, z_k) / q(z_k|x), z_1 .. z_K drawn from q(z|x), in nats: IWAE.

    Minus a lower bound on log p(x): with one draw the ELBO (its KL at the draw), and tighter with
    each more. Burda et al., Importance weighted autoencoders, 2016. A training step decodes K times
    as many rows. Logs `iwae`, the bound, and `elbo`, `nll`, `kl` (averages over the draws) and
    `active_units` as `ELBO` does.

    Args:
        samples: K.
        terms: tuple of further `Term`s that are added to the loss; none by default.
    """

    LOGS = (*Objective.LOGS, "iwae")

    def __init__(self, samples=5, terms=(), **kwargs):
        super().__init__(terms, **kwargs)
        (self.samples,) = positive(samples=samples)

    def sampler(self, seed):
        return RandomSampler(seed, self.samples)

    def log_weights(self, out):
        """log p(x, z) - log q(z|x), `[K, B]` nats."""
        return log_weights(out)

    def measure(self, out):
        mean = tf.reduce_logsumexp(self.log_weights(out), 0) - math.log(self.samples)
        return {"iwae": mean, **super().measure(out)}

    def bound(self, raw):
        return -raw["iwae"]


@component
class DoublyReparameterized(ImportanceWeighted):
    """The same bound with a gradient of less variance for the encoder ("DReG"), and as unbiased.

    With w~_k the weights p(x, z_k) / q(z_k|x), normalised over k, the encoder's gradient is
    sum_k w~_k^2 d/dz_k log(p(x, z_k) / q(z_k|x)) dz_k/dphi, in which the density q does not change
    with its parameters phi; that of decoder and prior is the IWAE's, with weights w~_k. Tucker et
    al., Doubly reparameterized gradient estimators for Monte Carlo objectives, 2019. Decoder and
    prior are run once; a prior that is made of the encoder counts as prior there.

    Further terms may read the draws, but not the likelihood.

    Args:
        samples: K.
        terms: tuple of further `Term`s that are added to the loss; none by default.

    Raises:
        ValueError: there are several stochastic layers, the posterior is not Normal, or a term
            reads the likelihood.
    """

    def sampler(self, seed):
        return _Reweighting(seed, self.samples)

    def log_weights(self, out):
        if len(out.draws) != 1:
            raise _unfit(f"{len(out.draws)} layers")
        found = super().log_weights(out)
        weights = tf.stop_gradient(tf.nn.softmax(found, 0))
        out.sampler.weights = tf.reshape(weights, [-1, 1])
        return found

    def seen_by_terms(self, out):
        # Gradients that come through the draws as such must not be weighted.
        z, log_q = out.sampler.unweighted
        draw = dataclasses.replace(out.draws[0], z=z, log_q=log_q)
        return dataclasses.replace(out, draws=(draw,), likelihood=_Withheld())


class _Reweighting(RandomSampler):
    """Draws z whose gradient is multiplied by `weights`, `[S * B, 1]`, and log q for fixed q.

    The weights are known only when z has been decoded: set them before gradients are taken.
    """

    weights = unweighted = None

    def __call__(self, distribution):
        if not isinstance(distribution, tfd.Normal):
            raise _unfit(type(distribution).__name__)
        self.unweighted = super().__call__(distribution)
        z = self._reweighted(self.unweighted[0])
        still = tfd.Normal(*map(tf.stop_gradient, (distribution.loc, distribution.scale)))
        return z, tf.reshape(as_event(still).log_prob(untile(z, self.samples)), [-1])

    def each(self, distribution):
        del distribution
        raise _unfit("several layers")

    def _reweighted(self, z):
        @tf.custom_gradient
        def identity(z):
            return tf.identity(z), lambda gradient: gradient * self.weights

        return identity(z)


class _Withheld:
    """Stands where the likelihood is that no term may read."""

    def __getattribute__(self, name):
        raise ValueError(
            "the terms of DoublyReparameterized must not read the likelihood, whose gradients are "
            "weighted: give the terms to ImportanceWeighted"
        )


def _unfit(what):
    return ValueError(
        f"DoublyReparameterized needs one stochastic layer with a Normal posterior, got {what}: "
        "use ImportanceWeighted"
    )
