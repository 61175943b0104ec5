"""log p(x) of trivial models, which a trained VAE must exceed: uniform, constant, marginal, PCA.

None of them has latent variables that are learned by gradients. Each is fitted to one half of the
examples and measured on the other half, and the other way round.
"""

import functools
import math

import numpy as np
import tensorflow as tf

from zoo.core import inputs, validation
from zoo.core.discrete_distributions import DiscretizedLogistic
from zoo.evaluation.diagnosis.pca import pca_log_prob
from zoo.inference import batching
from zoo.likelihoods import (
    Bernoulli,
    Categorical,
    GreyLevels,
    Normal,
    PerElementNormal,
    Series,
    SharedScaleNormal,
    Tabular,
    Text,
)
from zoo.likelihoods.multimodal import PRESENT

MIN_EXAMPLES = 20
PRIOR_COUNT = 0.5  # of each class, added to its count
OUTLIERS = 0.01  # weight of the uniform distribution in the marginal one of grey levels


def trivial_log_probs(model, x, seed=0) -> dict[str, float]:
    """Mean log p(x) of trivial models of the same kind of data: name -> nats per example.

    "uniform" gives all values the same probability, "constant" gives all steps of a series the same
    distribution, "marginal" gives each feature its own, independent of the others, and "PCA" is
    probabilistic PCA with as many dimensions as the model (Tipping and Bishop, 1999). Those that do
    not exist for a likelihood are left out.

    Args:
        model: a built `VAE`.
        x: examples in memory.
        seed: of the two halves.
    """
    inputs.require_built(model)
    seed = validation.as_seed(seed)
    batches = [_arrays(batch) for batch in batching.batches(model, x, 256)]
    if isinstance(batches[0], dict):
        return _of_modalities(model, batches, seed)
    data = _joined(batches)
    return _means(model.decoder.likelihood, data, model.latents.latent_dim, seed)


def _means(likelihood, x, latent_dim, seed):
    if len(x) < MIN_EXAMPLES:
        return {}
    order = np.random.default_rng(seed).permutation(len(x))
    halves = order[: len(x) // 2], order[len(x) // 2 :]
    sums = {}
    for fitted, measured in (halves, halves[::-1]):
        results = _log_probs(likelihood, x[fitted], x[measured])
        results |= pca_log_prob(likelihood, x[fitted], x[measured], latent_dim)
        for name, log_prob in results.items():
            sums[name] = sums.get(name, 0.0) + float(np.sum(log_prob))
    return {name: value / len(x) for name, value in sums.items() if math.isfinite(value)}


def _of_modalities(model, batches, seed):
    """Sums over the modalities of an example; a model that one modality lacks is left out."""
    present = _joined([batch[PRESENT] for batch in batches]).astype(bool)
    totals, parts = None, model.decoder.likelihood.parts
    for column, (name, likelihood) in enumerate(parts.items()):
        x = _joined([batch[name] for batch in batches])[present[:, column]]
        means = _means(likelihood, x, 0, seed)
        share = len(x) / len(present)
        means = {key: value * share for key, value in means.items()}
        totals = (
            means if totals is None else {k: totals[k] + means[k] for k in totals if k in means}
        )
    return totals or {}


@functools.singledispatch
def _log_probs(likelihood, fit, x):
    """name -> log p(x) `[N]` of trivial models fitted to `fit`; empty for unknown likelihoods."""
    del likelihood, fit, x
    return {}


@_log_probs.register
def _(likelihood: Bernoulli, fit, x):
    del likelihood
    p = (fit.sum(0) + PRIOR_COUNT) / (len(fit) + 2 * PRIOR_COUNT)
    return {
        "uniform": np.full(len(x), -math.log(2) * _size(x)),
        "marginal": _sum(x * np.log(p) + (1 - x) * np.log1p(-p)),
    }


@_log_probs.register
def _(likelihood: GreyLevels, fit, x):
    levels = likelihood.levels
    scale = np.maximum(math.sqrt(3) / math.pi * fit.std(0), 0.5 / (levels - 1))
    loc, scale = (tf.constant(a, tf.float32) for a in (fit.mean(0), scale))
    log_prob = DiscretizedLogistic(loc, scale, levels).log_prob(tf.constant(x, tf.float32))
    outlier = math.log(OUTLIERS / levels)
    log_prob = np.logaddexp(np.asarray(log_prob, "float64") + math.log1p(-OUTLIERS), outlier)
    return {
        "uniform": np.full(len(x), -math.log(levels) * _size(x)),
        "marginal": _sum(log_prob),
    }


@_log_probs.register
def _(likelihood: Categorical, fit, x):
    classes = likelihood.classes
    columns = zip(fit.reshape(len(fit), -1).T, x.reshape(len(x), -1).T, strict=True)
    return {
        "uniform": np.full(len(x), -math.log(classes) * _size(x)),
        "marginal": sum(_frequencies(a, classes)[b.astype(int)] for a, b in columns),
    }


@_log_probs.register
def _(likelihood: Normal, fit, x):
    return {"marginal": _sum(_normal(x, fit.mean(0), likelihood.scale))}


@_log_probs.register
def _(likelihood: SharedScaleNormal, fit, x):
    scale = np.clip(math.sqrt(fit.var(0).mean()), likelihood.floor, likelihood.ceiling)
    return {"marginal": _sum(_normal(x, fit.mean(0), scale))}


@_log_probs.register
def _(likelihood: PerElementNormal, fit, x):
    scale = np.clip(fit.std(0), likelihood.floor, likelihood.ceiling)
    return {"marginal": _sum(_normal(x, fit.mean(0), scale))}


@_log_probs.register
def _(likelihood: Tabular, fit, x):
    total = np.zeros(len(x))
    columns = zip(fit.T, x.T, likelihood.categories, likelihood.scales, strict=True)
    for a, b, classes, scale in columns:
        a, observed = a[~np.isnan(a)], ~np.isnan(b)
        if classes:
            total[observed] += _frequencies(a, classes)[b[observed].astype(int)]
        elif len(a):
            std = max(a.std(), likelihood.floor * scale)
            total[observed] += _normal(b[observed], a.mean(), std)
    return {"marginal": total}


@_log_probs.register
def _(likelihood: Series, fit, x):
    fit, x = (a[..., None] if a.ndim == 2 else a for a in (fit, x))
    floor = likelihood.floor * np.asarray(likelihood.channel_std, "float64")
    results = {}
    for name, axes in (("constant", (0, 1)), ("marginal", 0)):
        count = np.maximum((~np.isnan(fit)).sum(axes), 1)
        mean = np.nansum(fit, axes) / count
        std = np.sqrt(np.nansum((fit - mean) ** 2, axes) / count)
        # A step that few series have would have no scale of its own.
        std = np.where(count > MIN_EXAMPLES // 4, std, np.nanstd(fit))
        log_prob = _normal(x, mean, np.maximum(std, floor))
        results[name] = _sum(np.where(np.isnan(x), 0.0, log_prob))
    return results


@_log_probs.register
def _(likelihood: Text, fit, x):
    size = likelihood.vocabulary_size
    used = [_with_end(a.astype(int)) for a in (fit, x)]  # a text ends with its first 0
    log_p = _frequencies(fit.astype(int)[used[0]], size)
    return {
        "uniform": -math.log(size) * used[1].sum(1),
        "marginal": (log_p[x.astype(int)] * used[1]).sum(1),
    }


def _with_end(tokens):
    """True for the words of each text `[N, L]` and for the 0 that ends it."""
    before = np.cumsum(tokens == 0, 1) - (tokens == 0)
    return before == 0


def _frequencies(classes, count):
    """Log-probabilities `[count]` of classes, smoothed."""
    counts = np.bincount(classes.astype(int), minlength=count) + PRIOR_COUNT
    return np.log(counts / counts.sum())


def _normal(x, mean, std):
    """Log-density of a Normal."""
    return -0.5 * ((x - mean) / std) ** 2 - np.log(std) - 0.5 * math.log(2 * math.pi)


def _sum(log_prob):
    return log_prob.reshape(len(log_prob), -1).sum(1)


def _size(x):
    return math.prod(x.shape[1:])


def _arrays(batch):
    """Tensors of a batch as float64 arrays."""
    if isinstance(batch, dict):
        return {name: np.asarray(value, "float64") for name, value in batch.items()}
    return np.asarray(batch, "float64")


def _joined(parts):
    """Batches as one array; shorter series are padded with NaN, shorter texts with 0."""
    length = max(part.shape[1] for part in parts)
    if all(part.shape[1] == length for part in parts):
        return np.concatenate(parts)
    fill = 0.0 if parts[0].ndim == 2 and not np.isnan(parts[0]).any() else np.nan
    padded = []
    for part in parts:
        widths = [(0, 0)] * part.ndim
        widths[1] = (0, length - part.shape[1])
        padded.append(np.pad(part, widths, constant_values=fill))
    return np.concatenate(padded)
