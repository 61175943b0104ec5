"""Functions of the estimators of tables for a SavedModel: tensors of raw columns in and out.

Each returns signature -> (function, specs of its arguments).
"""

import tensorflow as tf

from zoo.core.forward import decode, forward_pass
from zoo.core.samplers import RandomSampler, untile
from zoo.inference.generation import NOISE_MASK
from zoo.tables.interpolation import interpolate


def embedder_signatures(vae, served):
    """`encode`: columns -> code; `decode`: z -> columns; `reconstruct`: columns -> columns."""

    def code(inputs):
        rows = vae.preprocessor.to_tensor(served.encode(inputs))
        return vae.latents.posterior(vae.preprocessor.encoder_inputs(rows)).loc

    def decoded(z):
        return served.decode(decode(vae, z).mean())

    z = tf.TensorSpec([None, vae.latents.latent_dim], tf.float32, name="z")
    return {
        "encode": (lambda inputs: {"code": code(inputs)}, [served.specs()]),
        "decode": (decoded, [z]),
        "reconstruct": (lambda inputs: decoded(code(inputs)), [served.specs()]),
    }


def imputer_signatures(vae, served, draws):
    """`impute`: columns -> columns; `interval`: columns, level -> low_NAME and high_NAME."""

    def impute(inputs):
        rows, incomplete, values = _draws(vae, served.encode(inputs), draws)
        return _filled(served, inputs, rows, incomplete, values)

    def interval(inputs, level):
        rows, incomplete, values = _draws(vae, served.encode(inputs), draws)
        ends = {}
        for end, quantile in (("low", (1 - level) / 2), ("high", (1 + level) / 2)):
            filled = _filled(served, inputs, rows, incomplete, values, quantile)
            ends |= {f"{end}_{name}": value for name, value in filled.items()}
        return ends

    level = tf.TensorSpec([], tf.float64, name=_free("level", served.by_input))
    return {
        "impute": (impute, [served.specs()]),
        "interval": (interval, [served.specs(), level]),
    }


def synthesizer_signatures(vae, served, marginals):
    """`sample`: n, seed -> columns."""

    def sample(n, seed):
        code = vae.latents.generate(n, tf.stack([seed, 0]))
        noise = tf.stack([tf.bitwise.bitwise_xor(seed, NOISE_MASK), 0])
        rows = tf.cast(decode(vae, code).sample(seed=noise), tf.float64)
        return served.decode(_with_marginals(marginals, rows), tf.stack([seed, 1]))

    n, seed = (tf.TensorSpec([], tf.int32, name=name) for name in ("n", "seed"))
    return {"sample": (sample, [n, seed])}


def _draws(vae, rows, draws):
    """(rows, int `[M]` of the incomplete ones, draws of these, float64 `[draws, M, columns]`)."""
    at = tf.where(tf.reduce_any(tf.math.is_nan(rows), 1))[:, 0]
    x = vae.preprocessor.to_tensor(tf.gather(rows, at))
    out = forward_pass(vae, x, RandomSampler(tf.constant([0, 0]), draws))
    values = untile(out.likelihood.sample(seed=out.sampler.next_seed()), draws)
    return rows, at, tf.cast(values, tf.float64)


def _filled(served, inputs, rows, incomplete, values, quantile=None):
    """Raw columns with missing values from draws of the incomplete rows."""
    result = {}
    for name, column, at in served.blocks():
        summary = column.summary(values[:, :, at.start], quantile)
        shape = tf.shape(rows, tf.int64)[:1]
        if summary.dtype == tf.string:  # scatter has no strings
            place = tf.scatter_nd(incomplete[:, None], tf.range(tf.size(incomplete)) + 1, shape)
            filled = tf.gather(tf.concat([[""], summary], 0), place)
        else:
            filled = tf.scatter_nd(incomplete[:, None], summary, shape)
        result[name] = tf.where(column.is_missing(inputs[name]), filled, inputs[name])
    return result


def _with_marginals(marginals, rows):
    """`Marginals.apply` as TensorFlow operations."""
    columns, size = tf.unstack(rows, axis=1), marginals.quantiles.shape[1]
    at = [i / (size - 1) for i in range(size)]
    for i, quantiles in zip(marginals.positions, marginals.quantiles, strict=True):
        below = interpolate(columns[i], quantiles, at)
        columns[i] = tf.math.ndtri(tf.clip_by_value(below, 0.5 / size, 1 - 0.5 / size))
    return tf.stack(columns, 1)


def _free(name, taken):
    """The name, with "_" added until no column has it."""
    while name in taken:
        name += "_"
    return name
