"""Parameters of a stationary vector autoregression from the covariances of data."""

import numpy as np

MAX_CORRELATION = 0.999  # of neighbouring steps, given those between them


def autocovariances(u, observed, order):
    """Gamma_k = E[u_t u_(t-k)^T] for k = 0, ..., order, `[order + 1, C, C]`.

    Of complete series the sums are divided by the same number for every k, so that they are the
    covariances of a stationary process: Brockwell and Davis, Time series: theory and methods, 1991,
    section 7.2. With gaps each sum is divided by its share of pairs that were observed.

    Args:
        u: series `[N, T, C]`; 0 where values are missing.
        observed: bool mask in the same shape.
        order: the largest k.
    """
    steps, channels = u.shape[1:]
    mask = observed.astype("float64")
    gammas = np.zeros((order + 1, channels, channels))
    for k in range(min(order + 1, steps)):
        axes = ((0, 1), (0, 1))
        sums = np.tensordot(u[:, k:], u[:, : steps - k], axes)
        pairs = np.tensordot(mask[:, k:], mask[:, : steps - k], axes)
        gammas[k] = sums / np.maximum(pairs, 1.0) * (steps - k) / steps
    return gammas


def process_parameters(gammas):
    """The parameters with which `stationary_process` has given autocovariances.

    Whittle's recursion; the inverse of that function. Ansley and Kohn, 1986.

    Args:
        gammas: Gamma_0, ..., Gamma_p of a process of positive variances, `[p + 1, C, C]`.

    Returns:
        `correlation` `[C, C]` and `partial` `[p, C, C]`.
    """
    scale = np.sqrt(np.diagonal(gammas[0]))
    gammas = gammas / np.outer(scale, scale)
    unit = np.eye(len(scale))
    # Covariances of series with gaps may have negative eigenvalues.
    values, vectors = np.linalg.eigh(gammas[0])
    positive = (vectors * np.maximum(values, 0.0)) @ vectors.T
    factor = np.linalg.cholesky(MAX_CORRELATION * positive + (1 - MAX_CORRELATION) * unit)
    correlation = np.tril(factor / np.diagonal(factor)[:, None], -1)
    forward, backward = ([], factor), ([], factor)  # coefficients and the errors' factor
    partial = []
    for gamma, k in zip(gammas[1:], range(len(gammas) - 1), strict=True):
        known = sum((c @ gammas[k - i] for i, c in enumerate(forward[0])), np.zeros_like(unit))
        p = np.linalg.solve(forward[1], np.linalg.solve(backward[1], (gamma - known).T).T)
        p = _with_singular_values_below_1(p)
        root = _reverse_cholesky(np.linalg.inv(unit - p @ p.T))
        partial.append(root @ p)
        forward, backward = _longer(forward, backward, p, root)
    return correlation, np.stack(partial)


def _longer(forward, backward, p, root):
    """Both predictors with one more neighbour, where p is its partial autocorrelation."""
    dual = np.linalg.cholesky(np.linalg.inv(np.eye(len(p)) - p.T @ p))
    last = forward[1] @ p @ np.linalg.inv(backward[1])
    first = backward[1] @ p.T @ np.linalg.inv(forward[1])
    return (
        ([*_updated(forward, backward, last), last], forward[1] @ np.linalg.inv(root)),
        ([*_updated(backward, forward, first), first], backward[1] @ np.linalg.inv(dual).T),
    )


def _updated(predictor, opposite, last):
    return [a - last @ b for a, b in zip(predictor[0], opposite[0][::-1], strict=True)]


def _with_singular_values_below_1(p):
    left, values, right = np.linalg.svd(p)
    return (left * np.minimum(values, MAX_CORRELATION)) @ right


def _reverse_cholesky(matrix):
    """The lower triangular L with L^T L = matrix."""
    return np.linalg.cholesky(matrix[::-1, ::-1]).T[::-1, ::-1]
