"""Inference over arrays and datasets of any length, batch by batch in compiled functions."""

import math

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo import checks, nats, trees
from zoo.sampling import CommonSampler, MeanSampler, RandomSampler, untile

tfd = tfp.distributions


def over_batches(model, name, function, x, batch_size, seed=0):
    """Map `function(batch, number)` over x and put the parts together along axis 0.

    Args:
        model: a `VAE`; it keeps the compiled function under `name`.
        function: a batch and an int32 `[2]`, (seed, number), -> a tree of tensors, batch first.
        x: array, tensor or dataset (of x, or of tuples that begin with x).
        batch_size: rows at a time, where x is no dataset.
        seed: an integer. Not compiled in: another seed is no other program.
    """
    checks.count(batch_size=batch_size)
    compiled = model.compiled_function(name, function)
    parts = [
        keras.tree.map_structure(np.asarray, compiled(batch, tf.constant([seed, i])))
        for i, batch in enumerate(batches(model, x, batch_size))
    ]
    if not parts:
        raise ValueError("x must hold at least one example, got an empty dataset")
    return keras.tree.map_structure(lambda *leaves: np.concatenate(leaves), *parts)


def batches(model, x, batch_size):
    """Batches of tensors, checked; builds the model where that has not happened."""
    read = model.decoder.likelihood.read
    if isinstance(x, tf.data.Dataset):
        for i, element in enumerate(x):
            x = checks.batch(model, element, f"x (batch {i + 1})")
            yield read(trees.change(tf.convert_to_tensor, x))
        return
    x = checks.array(model, x, "x")
    for start in range(0, trees.rows(x), batch_size):
        part = trees.cut(x, slice(start, start + batch_size))
        yield read(trees.change(tf.convert_to_tensor, part))


def encode(model, x, batch_size):
    """See `VAE.encode`."""

    def parameters(batch, seed):
        q = model.posterior(batch)
        return q.loc, q.scale

    return tfd.Normal(*over_batches(model, "encode", parameters, x, batch_size))


def score(model, x, samples, seed, batch_size):
    """See `VAE.score`."""
    checks.count(samples=samples)
    seed = checks.seed(seed)

    def scores(batch, unused):  # the name becomes a graph node's: not an underscore
        # These few numbers are constants of the program.
        return model.scores(batch, CommonSampler(seed, samples))

    return over_batches(model, ("score", samples, seed), scores, x, batch_size)


def reconstruct(model, x, samples, seed, batch_size):
    """See `VAE.reconstruct`."""
    if samples is None:
        means = over_batches(model, "reconstruct", lambda b, seed: _means(model, b), x, batch_size)
        return model.decoder.likelihood.present(means)
    checks.count(samples=samples)
    seed = checks.seed(seed)

    def draws(batch, seed):
        sampler = RandomSampler(seed, samples)
        mean = untile(model.run(batch, sampler).likelihood.mean(), samples)
        return trees.change(lambda m: keras.ops.swapaxes(m, 0, 1), mean)

    got = over_batches(model, ("draws", samples), draws, x, batch_size, seed)
    got = trees.change(lambda m: np.swapaxes(m, 0, 1), got)
    return model.decoder.likelihood.present(got)


def _means(model, batch):
    return model.run(batch, MeanSampler()).likelihood.mean()


def decode_means(model, code, batch_size=256, event_shape=None):
    """E[x|z] for codes `[N, ...]`, as an array."""
    checks.count(batch_size=batch_size)
    code = np.asarray(code, "float32")
    event_shape = None if event_shape is None else trees.change(_tuple, event_shape)
    name = ("decode", str(event_shape))
    compiled = model.compiled_function(name, lambda z: model.decode(z, event_shape).mean())
    parts = [
        compiled(tf.constant(code[i : i + batch_size])) for i in range(0, len(code), batch_size)
    ]
    means = keras.tree.map_structure(lambda *leaves: np.concatenate(leaves), *parts)
    return model.decoder.likelihood.present(means)


def _tuple(shape):
    return None if shape is None else tuple(shape)


def generate(model, n, seed, batch_size, event_shape=None):
    """See `VAE.generate`."""
    checks.count(n=n)
    checks.built(model)
    seed = int(np.random.default_rng().integers(2**31)) if seed is None else checks.seed(seed)
    # All codes at once, so that the batch size does not change them.
    codes = model.latents.generate(n, tf.constant([seed, 0]))
    return decode_means(model, codes, batch_size, event_shape)


def log_likelihood(model, x, samples, seed, batch_size, rows):
    """See `VAE.log_likelihood`."""
    checks.count(samples=samples, rows=rows, batch_size=batch_size)
    seed = checks.seed(seed)
    batch_size = min(batch_size, rows)
    chunk = max(1, min(samples, rows // batch_size))

    def weights(batch, seed, first, k):
        sampler = RandomSampler(tf.stack([seed[0], seed[1] * samples + first]), k)
        return tf.reduce_logsumexp(nats.log_weights(model.run(batch, sampler)), 0)

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
