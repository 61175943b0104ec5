"""Inference over arrays and datasets of any length, batch by batch in compiled functions."""

import math
import operator

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


def linear(start, end, t):
    """The straight line (1 - t) start + t end."""
    return (1 - t) * start + t * end


def spherical(start, end, t):
    """The great circle from start to end, which keeps the norm typical of a Normal prior.

    sin((1-t) w) / sin(w) start + sin(t w) / sin(w) end, w the angle between them. White, 2016.
    """
    lengths = np.linalg.norm(start, axis=-1) * np.linalg.norm(end, axis=-1)
    cosine = np.sum(start * end, -1) / np.maximum(lengths, 1e-12)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))[..., None]
    sine = np.sin(angle)
    safe = np.where(sine < 1e-6, 1.0, sine)
    arc = (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / safe
    return np.where(sine < 1e-6, linear(start, end, t), arc)


PATHS = {"linear": linear, "spherical": spherical}


def interpolate(model, start, end, steps, path):
    """See `VAE.interpolate`."""
    checks.count(steps=steps)
    path = _path(path)
    start, end = checks.array(model, start, "start"), checks.array(model, end, "end")
    sizes = trees.rows(start), trees.rows(end)
    if sizes[0] != sizes[1]:
        raise ValueError("start and end must pair up, got {} and {} examples".format(*sizes))
    a, b = (np.asarray(model.encode(x).mean()) for x in (start, end))
    codes = np.stack([path(a, b, t) for t in np.linspace(0.0, 1.0, steps)], 1)
    means = decode_means(
        model, codes.reshape(-1, *codes.shape[2:]), event_shape=model.decoded_shape(start)
    )
    return _apart(means, len(a), steps)


def _path(path):
    """A path, by its name or as a function (start, end, t) -> codes."""
    if callable(path):
        return path
    if not isinstance(path, str) or path not in PATHS:
        raise ValueError(
            f"path must be one of {', '.join(map(repr, PATHS))} or a function, got {path!r}"
        )
    return PATHS[path]


def traverse(model, x, dimensions, low, high, steps):
    """See `VAE.traverse`."""
    checks.count(steps=steps)
    checks.built(model)
    size = model.latents.latent_dim
    dimensions = list(range(size)) if dimensions is None else _dimensions(dimensions, size)
    origin = (
        np.zeros(size)
        if x is None
        else np.asarray(model.encode(trees.change(lambda a: np.asarray(a)[None], x)).mean())[0]
    )
    codes = np.tile(origin, (len(dimensions), steps, 1))
    for row, dimension in enumerate(dimensions):
        codes[row, :, dimension] = np.linspace(low, high, steps)
    means = decode_means(model, codes.reshape(-1, size))
    return _apart(means, len(dimensions), steps)


def _apart(means, *sizes):
    """`[a * b, ...]` -> `[a, b, ...]`."""
    return trees.change(lambda m: m.reshape(*sizes, *m.shape[1:]), means)


def _dimensions(dimensions, size):
    """Numbers of latent dimensions as a list, checked."""
    try:
        found = [operator.index(d) for d in dimensions]
    except TypeError:  # no sequence, or not of integers
        found = []
    if not found:
        raise ValueError(f"dimensions must be a list of integers, got {dimensions!r}")
    wrong = [d for d in found if not 0 <= d < size]
    if wrong:
        raise ValueError(f"dimensions must lie in 0 .. {size - 1}, got {wrong}")
    return found
