"""Predictive uncertainty: summaries of draws, imputation of missing values, coverage."""

import dataclasses
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from zoo.core import arrays, inputs, validation
from zoo.core.argument_values import as_list, is_real
from zoo.core.forward import forward_pass
from zoo.core.functions import compiled
from zoo.core.samplers import RandomSampler, untile
from zoo.inference.batching import decode_means, map_batches


@dataclasses.dataclass(frozen=True, eq=False)
class Predictive:
    """Summary of draws of x' given an example x.

    Attributes:
        mean, std: `[N, *event]`.
        quantiles: `[Q, N, *event]`, one for each requested probability.
    """

    mean: np.ndarray
    std: np.ndarray
    quantiles: np.ndarray


def predictive(
    model: keras.Model,
    x,
    *,
    samples: int = 100,
    quantiles: Sequence[float] = (0.05, 0.5, 0.95),
    noise: bool = True,
    seed: int = 0,
    batch_size: int = 64,
) -> Predictive:
    """Summarise draws x' ~ p(x'|z), z ~ q(z|x), of each example: a `Predictive`.

    Args:
        model: a `VAE` whose examples are arrays of numbers.
        x: array or dataset.
        samples: draws for each example.
        quantiles: probabilities of the quantiles, in [0, 1].
        noise: False replaces draws of x' by E[x'|z], so that the uncertainty is that of q(z|x)
            alone.
        seed: seed of the draws.
        batch_size: examples at a time; memory holds `samples` draws of each.

    Raises:
        ValueError: an argument is out of range, or the examples are texts or several modalities.
    """
    inputs.require_vae(model)
    validation.check_counts(samples=samples, batch_size=batch_size)
    validation.check_flags(noise=noise)
    seed, probabilities = validation.as_seed(seed), _probabilities("quantiles", quantiles)
    _numbers_only(model)

    def summary(batch, seed):
        sampler = RandomSampler(seed, samples)
        likelihood = forward_pass(model, batch, sampler).likelihood
        values = likelihood.sample(seed=sampler.next_seed()) if noise else likelihood.mean()
        values = untile(tf.cast(values, tf.float32), samples)
        # Linear between the two nearest draws, as in NumPy.
        at = tf.constant(probabilities, tf.float32) * (samples - 1)
        ordered = tf.sort(values, 0)
        low = tf.cast(tf.floor(at), tf.int32)
        weight = tf.reshape(at - tf.floor(at), [-1, *[1] * (len(values.shape) - 1)])
        lower = tf.gather(ordered, low)
        upper = tf.gather(ordered, tf.minimum(low + 1, samples - 1))
        between = lower + weight * (upper - lower)
        return {
            "mean": tf.reduce_mean(values, 0),
            "std": tf.math.reduce_std(values, 0),
            "quantiles": tf.experimental.numpy.moveaxis(between, 0, 1),  # batch first, to be joined
        }

    name = ("predictive", samples, probabilities, noise)
    summaries = map_batches(model, name, summary, x, batch_size, seed)
    summaries["quantiles"] = np.moveaxis(summaries["quantiles"], 1, 0)
    for name in ("mean", "quantiles"):
        summaries[name] = model.preprocessor.from_array(summaries[name])
    return Predictive(**summaries)


def impute(
    model: keras.Model,
    x,
    missing: np.ndarray | None = None,
    *,
    draws: int = 20,
    steps: int = 100,
    seed: int = 0,
    batch_size: int = 256,
) -> np.ndarray:
    """Draw missing values given the observed ones: `[draws, N, *event]`.

    A Markov chain alternates between z ~ q(z|x) and the missing x ~ p(x|z). The returned draws are
    states of the second half of `steps`, evenly spaced. The limit of the chain is
    p(missing|observed) if q(z|x) is the true posterior, and close to it if q is close. Rezende et
    al., Stochastic backpropagation and approximate inference in deep generative models, 2014,
    appendix F.

    Args:
        model: a `VAE` whose examples are arrays of numbers.
        x: array `[N, *event]`; values that are missing are ignored.
        missing: bool `[N, *event]`; by default True where x is NaN.
        draws: number of states of the chain to return; at most half of `steps`.
        steps: number of steps of the chain.
        seed: seed of the chain.
        batch_size: examples at a time.

    Raises:
        ValueError: shapes or numbers do not fit; the examples are texts or several modalities; or
            `missing` is None although examples vary in length, so that NaN may be padding.
    """
    validation.check_counts(draws=draws, steps=steps, batch_size=batch_size)
    inputs.require_built(model)
    seed = validation.as_seed(seed)
    if draws > steps // 2:
        raise ValueError(f"draws must be at most half of steps={steps}, got {draws}")
    _numbers_only(model)
    x, missing = _with_missing(model, x, missing)
    model.decoder.likelihood.check_missing(missing)
    start = decode_means(model, model.latents.generate(1, tf.constant([seed, 0])))
    filled = np.where(missing, start, x)
    inputs.prepare(model, filled, "x (where it is not missing)")
    program = compiled(model, ("impute", draws, steps), _chain(model, draws, steps))
    parts = []
    for number, row in enumerate(range(0, len(x), batch_size)):
        rows = slice(row, row + batch_size)
        tensor = model.preprocessor.to_tensor(tf.constant(filled[rows]))
        batch = (tensor, tf.constant(missing[rows]))
        parts.append(program(*batch, tf.constant([seed, number + 1])).numpy())
    return model.preprocessor.from_array(np.concatenate(parts, 1))


def coverage(
    x: np.ndarray,
    draws: np.ndarray,
    levels: Sequence[float] = (0.5, 0.8, 0.9, 0.95),
    where: np.ndarray | None = None,
) -> dict[float, float]:
    """Fraction of true values in the central interval of draws: {level: fraction}.

    Calibrated draws cover about the level itself; less means that they are overconfident.

    Args:
        x: the truth, `[N, ...]`; NaN is missing and is left out.
        draws: `[S, N, ...]`, as `impute` returns them.
        levels: probabilities of the intervals, in (0, 1).
        where: bool `[N, ...]`, True for the values to include; all by default.

    Raises:
        ValueError: shapes do not fit, nothing is included, or draws have NaN for included values.

    >>> truth = np.random.default_rng(0).normal(size=(4000, 1))
    >>> same = np.random.default_rng(1).normal(size=(200, 4000, 1))
    >>> {level: round(fraction, 1) for level, fraction in coverage(truth, same, (0.5, 0.9)).items()}
    {0.5: 0.5, 0.9: 0.9}
    """
    x, draws = arrays.as_array(arrays.unmasked(x)), arrays.as_array(draws, "draws")
    for name, array in {"x": x, "draws": draws}.items():
        if array.dtype.kind not in "biuf":
            raise TypeError(f"{name} must hold numbers, got an array of dtype {array.dtype}")
    draws = draws.astype(np.result_type(draws, np.float32), copy=False)  # no quantiles of bools
    if draws.shape[1:] != x.shape or not len(draws):
        shape = ", ".join(map(str, ("S", *x.shape)))
        raise ValueError(f"draws must have shape [{shape}] with S > 0, got {draws.shape}")
    where = np.ones(x.shape, bool) if where is None else arrays.as_array(where, "where")
    where = where.astype(bool) if where.dtype.kind in "biuf" else np.zeros(0, bool)
    if where.shape != x.shape or not where.any():
        raise ValueError(f"where must have shape {x.shape} and hold True, got {where.shape}")
    where = where & ~np.isnan(x)
    if not where.any():
        raise ValueError("x must have a value that is included, got NaN alone")
    if np.isnan(draws[:, where]).any():
        raise ValueError("draws must not be NaN where x is included, got NaN")
    fractions = {}
    for level in _probabilities("levels", levels):
        low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
        fractions[level] = float(((low <= x) & (x <= high))[where].mean())
    return fractions


def _chain(model, draws, steps):
    """A function (x, missing, seed) -> states `[draws, B, *event]` of the chain."""
    returned = np.linspace(steps // 2, steps - 1, draws).astype("int32")

    def chain(x, missing, seed):
        def step(i, x, states):
            sampler = RandomSampler(tf.random.experimental.stateless_fold_in(seed, i))
            distribution = forward_pass(model, x, sampler).likelihood
            seeds = sampler.next_seed()
            x = model.decoder.likelihood.sample_missing(distribution, x, missing, seeds)
            place = tf.searchsorted(tf.constant(returned), tf.reshape(i, [1]))[0]
            here = tf.equal(tf.constant(returned)[tf.minimum(place, draws - 1)], i)
            place = tf.where(here, place, draws)  # an extra slot for states that are not returned
            return i + 1, x, tf.tensor_scatter_nd_update(states, [[place]], x[None])

        states = tf.zeros(tf.concat([[draws + 1], tf.shape(x)], 0), x.dtype)
        loop = (tf.constant(0), x, states)
        shapes = (tf.TensorShape([]), x.shape, tf.TensorShape([draws + 1, *x.shape]))
        _, _, states = tf.while_loop(
            lambda i, *_: i < steps, step, loop, shapes, parallel_iterations=1
        )
        return states[:draws]

    return chain


def _with_missing(model, x, missing):
    """x and missing as arrays that fit together."""
    if missing is None and model.decoder.variable_axes:
        raise ValueError(
            "missing must be a bool array where examples vary in length, got None: NaN is padding"
        )
    x = inputs.numeric(arrays.unmasked(x), "x")
    if missing is None:
        missing = np.isnan(x)
    elif hasattr(missing, "__array__"):  # a DataFrame of bool stays one
        missing = np.asarray(missing)
    else:
        missing = arrays.as_array(missing, "missing")
    if missing.shape != x.shape or missing.dtype != bool:
        raise ValueError(
            f"missing must be bool of shape {x.shape}, got {missing.dtype} of {missing.shape}"
        )
    inputs.match_event_shape(model, x)
    return x, missing


def _probabilities(name, values):
    """Probabilities as a tuple of floats."""
    sequence = as_list(values)
    values = (values,) if sequence is None else tuple(sequence)
    numbers = all(map(is_real, values))
    if not (values and numbers and all(0 <= v <= 1 for v in values)):
        raise ValueError(f"{name} must be numbers in [0, 1], got {values!r}")
    return tuple(float(v) for v in values)


def _numbers_only(model):
    if getattr(model.preprocessor, "dtype", None) != "float32":
        raise ValueError(
            "the model's examples must be arrays of numbers, got a model with the likelihood "
            f"{type(model.decoder.likelihood).__name__}"
        )
