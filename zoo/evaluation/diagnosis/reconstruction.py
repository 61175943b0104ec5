"""R2 of reconstructions, of a model and of PCA with as many components.

Unlike log p(x), R2 means the same under every likelihood of numbers, so it also compares a
Bernoulli or several modalities with a linear model.
"""

import functools

import numpy as np

from zoo.core import inputs, validation
from zoo.core.forward import forward_pass
from zoo.core.samplers import MeanSampler
from zoo.evaluation.diagnosis.pca import MAX_FEATURES, principal_axes
from zoo.evaluation.diagnosis.trivial import MIN_EXAMPLES
from zoo.inference.batching import map_batches
from zoo.likelihoods import Categorical, Likelihood, Series, Tabular, Text
from zoo.likelihoods.multimodal import PRESENT, MultimodalLikelihood


def reconstruction_r2(model, x, seed: int = 0, batch_size: int = 256) -> dict[str, float]:
    """{"model": R2, "PCA": R2} of the reconstructions of x; empty where x is not numbers.

    R2 is 1 - squared error / squared distance from the mean example, over all values: series in
    standard deviations of their channels, tables in those of their columns. The model reconstructs
    from the mean code. PCA has `latent_dim` components; it is fitted to one half of the examples
    and measured on the other half, and the other way round. Examples with missing values or
    modalities are left out.

    Args:
        model: a built `VAE`.
        x: examples in memory.
        seed: of the two halves.
        batch_size: examples at a time.
    """
    inputs.require_built(model)
    seed, likelihood = validation.as_seed(seed), model.decoder.likelihood
    if not _is_numeric(likelihood):
        return {}

    def pairs(batch, seed):
        del seed
        return {"x": batch, "mean": forward_pass(model, batch, MeanSampler()).likelihood.mean()}

    arrays = map_batches(model, "reconstruction_r2", pairs, x, batch_size)
    values, means = (_features(likelihood, arrays[name]) for name in ("x", "mean"))
    complete = np.isfinite(values).all(1) & _present(arrays["x"])
    values, means = values[complete], means[complete]
    spread = np.square(values - values.mean(0)).sum() if len(values) >= MIN_EXAMPLES else 0.0
    count = min(model.latents.latent_dim, len(values) // 2 - 1, values.shape[1] - 1)
    if not spread > 0 or count < 1 or values.shape[1] > MAX_FEATURES:
        return {}
    errors = {"model": values - means, "PCA": _pca_errors(values, count, seed)}
    return {name: float(1 - np.square(error).sum() / spread) for name, error in errors.items()}


def _pca_errors(x, count, seed):
    """Errors of each half of x by the principal components of the other half."""
    order = np.random.default_rng(seed).permutation(len(x))
    halves, errors = (order[: len(x) // 2], order[len(x) // 2 :]), np.empty_like(x)
    for fitted, measured in (halves, halves[::-1]):
        mean, axes, _ = principal_axes(x[fitted])
        centred = x[measured] - mean
        errors[measured] = centred - centred @ axes[:count].T @ axes[:count]
    return errors


def _present(x):
    """Mask of the examples with all modalities."""
    return np.asarray(x[PRESENT], bool).all(1) if isinstance(x, dict) else True


@functools.singledispatch
def _is_numeric(likelihood):
    """Return True where differences of values of x have a meaning."""
    return isinstance(likelihood, Likelihood) and not isinstance(likelihood, (Categorical, Text))


@_is_numeric.register
def _(likelihood: Tabular):
    return not any(likelihood.categories)


@_is_numeric.register
def _(likelihood: MultimodalLikelihood):
    return all(_is_numeric(part) for part in likelihood.parts.values())


@functools.singledispatch
def _features(likelihood, x):
    """All values of each example, `[N, F]` float64, in the units of R2."""
    del likelihood
    return np.asarray(x, "float64").reshape(len(x), -1)


@_features.register
def _(likelihood: Tabular, x):
    return np.asarray(x, "float64") / np.array(likelihood.scales)


@_features.register
def _(likelihood: Series, x):
    channels = np.asarray(likelihood.channel_std, "float64")
    return (np.asarray(x, "float64").reshape(len(x), -1, len(channels)) / channels).reshape(
        len(x), -1
    )


@_features.register
def _(likelihood: MultimodalLikelihood, x):
    parts = [_features(part, x[name]) for name, part in likelihood.parts.items()]
    return np.concatenate(parts, 1)
