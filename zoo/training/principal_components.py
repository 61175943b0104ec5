"""Principal components of series with gaps, within given functions of the step."""

import math

import numpy as np

from zoo.core.regression import PENALTY

PASSES = 6  # of filling in missing values by the components, and estimating these again
EPSILON = 1e-9  # eigenvalues below this fraction of the largest are zeros but for rounding


def principal_components(x, basis, count):
    """The leading principal components of series in the span of functions of the step.

    Args:
        x: series `[N, T, C]`; NaN is missing.
        basis: functions of the step `[T, F]`.
        count: number of components; there are fewer if x has fewer.

    Returns:
        The mean of each channel `[C]`; the components, each times its standard deviation,
        `[K, T, C]`; and x with what they explain in place of missing values.
    """
    missing = np.isnan(x)
    filled = np.where(missing, 0.0, x)
    functions = _orthonormal(basis)
    for _ in range(PASSES if missing.any() else 1):
        offset = filled.mean((0, 1))
        components = _leading(filled - offset, functions, count)
        filled = np.where(missing, offset + explained_by(filled - offset, components), filled)
    return offset, components, filled


def _orthonormal(basis):
    """Orthonormal functions of the step in the span of `basis`, `[T, R]`.

    Those are left out that the decoder could represent by very large weights alone, which the
    penalty of its regression prevents.
    """
    left, values, _ = np.linalg.svd(basis, full_matrices=False)
    energy = np.square(values)
    return left[:, energy > 10.0 * PENALTY * energy.sum() / basis.shape[1]]


def _leading(x, functions, count):
    """The leading components of x `[N, T, C]` in the span of functions, `[K, T, C]`.

    K is `count`, or less where x has fewer.
    """
    rows = np.einsum("tr,ntc->nrc", functions, x)
    shape, rows = rows.shape[1:], rows.reshape(len(rows), -1)
    wide = rows.shape[1] > rows.shape[0]  # then the smaller matrix has the same eigenvalues
    values, vectors = np.linalg.eigh(rows @ rows.T if wide else rows.T @ rows)
    values, vectors = values[::-1][:count], vectors[:, ::-1][:, :count]
    positive = values > EPSILON * max(values[0], EPSILON)
    values, vectors = values[positive], vectors[:, positive]
    if wide:
        vectors = rows.T @ (vectors / np.sqrt(values))
    components = (vectors * np.sqrt(values / len(rows))).T
    return np.einsum("tr,krc->ktc", functions, components.reshape(-1, *shape))


def explained_by(x, components):
    """The projection of x `[N, T, C]` on components `[K, T, C]`."""
    flat = components.reshape(len(components), math.prod(x.shape[1:]))
    codes = np.linalg.lstsq(flat.T, x.reshape(len(x), -1).T, rcond=None)[0]
    return (codes.T @ flat).reshape(x.shape)


def unbiased(series, components):
    """Factor of residuals for the degrees of freedom that components `[K, T, C]` have taken."""
    k, values = len(components), math.prod(components.shape[1:])
    return 1.0 / math.sqrt((1.0 - min(k / series, 0.5)) * (1.0 - min(k / values, 0.5)))
