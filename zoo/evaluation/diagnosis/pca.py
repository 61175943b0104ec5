"""Probabilistic PCA as a trivial model of continuous data."""

import functools
import math

import numpy as np

from zoo.likelihoods import (
    GreyLevels,
    PerElementNormal,
    Series,
    SharedScaleNormal,
    Tabular,
)

MAX_FEATURES = 50_000
BIN_VARIANCE = 1 / 12  # of a uniform distribution over one grey level


def pca_log_prob(likelihood, fit, x, latent_dim) -> dict:
    """{"PCA": log p(x) `[N]`} of probabilistic PCA fitted to `fit`, or {} where it does not exist.

    Args:
        likelihood: that of the model; its floor bounds the scale of the noise.
        fit, x: examples `[n, ...]` and `[N, ...]`, float64.
        latent_dim: number of components.
    """
    fit, x = fit.reshape(len(fit), -1), x.reshape(len(x), -1)
    if not latent_dim or not 1 < fit.shape[1] <= MAX_FEATURES or np.isnan(fit).any():
        return {}
    if np.isnan(x).any():
        return {}
    scaled = _scaled(likelihood, fit, x)
    if scaled is None:
        return {}
    fit, x, log_volume, floor = scaled
    count = min(latent_dim, len(fit) - 2, fit.shape[1] - 1)
    return {"PCA": _log_prob(fit, x, count, floor) + log_volume} if count > 0 else {}


@functools.singledispatch
def _scaled(likelihood, fit, x):
    """fit and x in the units of PCA, the log-determinant of these, and the least noise variance."""
    del likelihood, fit, x


@_scaled.register
def _(likelihood: GreyLevels, fit, x):
    bins = likelihood.levels - 1
    return fit * bins, x * bins, 0.0, BIN_VARIANCE  # one bin has the volume 1


@_scaled.register(SharedScaleNormal)
@_scaled.register(PerElementNormal)
def _(likelihood, fit, x):
    return fit, x, 0.0, likelihood.floor**2


@_scaled.register
def _(likelihood: Tabular, fit, x):
    if any(likelihood.categories):
        return None
    scales = np.array(likelihood.scales)
    return fit / scales, x / scales, -np.log(scales).sum(), likelihood.floor**2


@_scaled.register
def _(likelihood: Series, fit, x):
    scales = np.asarray(likelihood.channel_std, "float64")
    scales = np.tile(scales, fit.shape[1] // len(scales))
    return fit / scales, x / scales, -np.log(scales).sum(), likelihood.floor**2


def principal_axes(x):
    """Mean `[F]`, principal axes `[K, F]` and variances along them `[K]`, the largest first."""
    mean = x.mean(0)
    _, singular, axes = np.linalg.svd(x - mean, full_matrices=False)
    return mean, axes, singular**2 / len(x)


def _log_prob(fit, x, count, floor):
    """Log-density of x under the maximum likelihood solution with `count` components.

    Tipping and Bishop, Probabilistic principal component analysis, 1999.
    """
    size = fit.shape[1]
    mean, axes, variances = principal_axes(fit)
    noise = max(variances[count:].sum() / (size - count), floor)
    variances, axes = np.maximum(variances[:count], noise), axes[:count]
    centred = x - mean
    inside = (centred @ axes.T) ** 2
    distance = (centred**2).sum(1) / noise + (inside * (1 / variances - 1 / noise)).sum(1)
    log_determinant = np.log(variances).sum() + (size - count) * math.log(noise)
    return -0.5 * (distance + log_determinant + size * math.log(2 * math.pi))
