"""Scores in nats: the ELBO and the importance-weighted bound on log p(x)."""

import math

import tensorflow as tf

from zoo.core import elbo, validation
from zoo.core.forward import forward_pass
from zoo.core.samplers import CommonSampler, RandomSampler
from zoo.inference.batching import map_batches


def elbo_terms(model, x, sampler):
    """`{"elbo", "nll", "kl"}` of a batch of tensors, each `[B]` nats; nll of each modality too."""
    out = forward_pass(model, x, sampler)
    nll, kl = elbo.nll(out), elbo.total_kl(out)
    modalities = {f"nll_{name}": value for name, value in elbo.nll_by_modality(out).items()}
    return {"elbo": -nll - kl, "nll": nll, "kl": kl, **modalities}


def score(model, x, samples, seed, batch_size):
    """See `VAE.score`."""
    validation.check_counts(samples=samples)
    seed = validation.as_seed(seed)

    def terms(batch, seed):
        return elbo_terms(model, batch, CommonSampler(seed[0], samples))

    return map_batches(model, ("score", samples), terms, x, batch_size, seed)


def log_likelihood(model, x, samples, seed, batch_size, rows):
    """See `VAE.log_likelihood`."""
    validation.check_counts(samples=samples, rows=rows, batch_size=batch_size)
    seed = validation.as_seed(seed)
    batch_size = min(batch_size, rows)
    chunk = max(1, min(samples, rows // batch_size))

    def log_sum(batch, seed, first, k):
        """log sum_k p(x, z_k) / q(z_k|x) over k draws, the first of which is number `first`."""
        sampler = RandomSampler(tf.stack([seed[0], seed[1] * samples + first]), k)
        return tf.reduce_logsumexp(elbo.log_weights(forward_pass(model, batch, sampler)), 0)

    def bound(batch, seed):
        full, rest = divmod(samples, chunk)
        total = tf.fill([tf.shape(tf.nest.flatten(batch)[0])[0]], -math.inf)
        _, total = tf.while_loop(
            lambda c, total: c < full,
            lambda c, t: (c + 1, _log_add(t, log_sum(batch, seed, c * chunk, chunk))),
            [tf.constant(0), total],
            parallel_iterations=1,
        )
        if rest:
            total = _log_add(total, log_sum(batch, seed, full * chunk, rest))
        return total - math.log(samples)

    return map_batches(model, ("log_likelihood", samples, chunk), bound, x, batch_size, seed)


def _log_add(a, b):
    return tf.reduce_logsumexp(tf.stack([a, b]), 0)
