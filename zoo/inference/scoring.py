"""Inference over arrays and datasets of any length, batch by batch in compiled functions."""

import math

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core import elbo, inputs, nested, validation
from zoo.core.samplers import CommonSampler, MeanSampler, RandomSampler, untile
from zoo.inference.batching import decode_means, over_batches

tfd = tfp.distributions


def encode(model, x, batch_size):
    """See `VAE.encode`."""

    def parameters(batch, seed):
        q = model.posterior(batch)
        return q.loc, q.scale

    return tfd.Normal(*over_batches(model, "encode", parameters, x, batch_size))


def score(model, x, samples, seed, batch_size):
    """See `VAE.score`."""
    validation.count(samples=samples)
    seed = validation.seed(seed)

    def scores(batch, unused):  # the name becomes a graph node's: not an underscore
        # These few numbers are constants of the program.
        return model.scores(batch, CommonSampler(seed, samples))

    return over_batches(model, ("score", samples, seed), scores, x, batch_size)


def reconstruct(model, x, samples, seed, batch_size):
    """See `VAE.reconstruct`."""
    if samples is None:
        means = over_batches(model, "reconstruct", lambda b, seed: _means(model, b), x, batch_size)
        return model.decoder.likelihood.present(means)
    validation.count(samples=samples)
    seed = validation.seed(seed)

    def draws(batch, seed):
        sampler = RandomSampler(seed, samples)
        mean = untile(model.run(batch, sampler).likelihood.mean(), samples)
        return nested.change(lambda m: keras.ops.swapaxes(m, 0, 1), mean)

    got = over_batches(model, ("draws", samples), draws, x, batch_size, seed)
    got = nested.change(lambda m: np.swapaxes(m, 0, 1), got)
    return model.decoder.likelihood.present(got)


def _means(model, batch):
    return model.run(batch, MeanSampler()).likelihood.mean()


def generate(model, n, seed, batch_size, event_shape=None):
    """See `VAE.generate`."""
    validation.count(n=n)
    inputs.built(model)
    seed = int(np.random.default_rng().integers(2**31)) if seed is None else validation.seed(seed)
    # All codes at once, so that the batch size does not change them.
    codes = model.latents.generate(n, tf.constant([seed, 0]))
    return decode_means(model, codes, batch_size, event_shape)


def log_likelihood(model, x, samples, seed, batch_size, rows):
    """See `VAE.log_likelihood`."""
    validation.count(samples=samples, rows=rows, batch_size=batch_size)
    seed = validation.seed(seed)
    batch_size = min(batch_size, rows)
    chunk = max(1, min(samples, rows // batch_size))

    def weights(batch, seed, first, k):
        sampler = RandomSampler(tf.stack([seed[0], seed[1] * samples + first]), k)
        return tf.reduce_logsumexp(elbo.log_weights(model.run(batch, sampler)), 0)

    def bound(batch, seed):
        whole, rest = divmod(samples, chunk)
        total = tf.fill([tf.shape(tf.nest.flatten(batch)[0])[0]], -math.inf)
        _, total = tf.while_loop(
            lambda c, total: c < whole,
            lambda c, t: (c + 1, _log_add(t, weights(batch, seed, c * chunk, chunk))),
            [tf.constant(0), total],
            parallel_iterations=1,
        )
        if rest:
            total = _log_add(total, weights(batch, seed, whole * chunk, rest))
        return total - math.log(samples)

    name = ("log_likelihood", samples, chunk)
    return over_batches(model, name, bound, x, batch_size, seed)


def _log_add(a, b):
    return tf.reduce_logsumexp(tf.stack([a, b]), 0)
