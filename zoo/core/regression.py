"""Least squares with a penalty, for initial weights from data."""

import numpy as np

# Relative to the mean square of the features: small enough to leave the result as it is, and large
# enough that the rounding of float32 features does not decide about it.
PENALTY = 1e-7
NO_FEATURES = 1e-30  # of features that are all zero


def ridge(x, y, penalty=PENALTY):
    """Weights `[F, D]` and offsets `[D]` of y = x @ weights + offsets.

    Hoerl and Kennard, Ridge regression: biased estimation for nonorthogonal problems, 1970.

    Args:
        x: `[N, F]`.
        y: `[N, D]`.
        penalty: of the squared weights, as a fraction of the mean square of a feature.

    >>> weights, offsets = ridge(np.array([[0.0], [1.0], [2.0]]), np.array([[1.0], [3.0], [5.0]]))
    >>> weights.round(2), offsets.round(2)
    (array([[2.]]), array([1.]))
    """
    x_mean, y_mean = x.mean(0), y.mean(0)
    weights = ridge_solution(x - x_mean, y - y_mean, penalty)
    return weights, y_mean - x_mean @ weights


def ridge_solution(x, y, penalty=PENALTY):
    """Weights `[F, D]` of y = x @ weights, as in `ridge`."""
    amount = penalty * max(np.square(x).sum() / x.shape[1], NO_FEATURES)
    if x.shape[0] < x.shape[1]:  # the same weights by a smaller matrix
        return x.T @ np.linalg.solve(x @ x.T + amount * np.eye(len(x)), y)
    return np.linalg.solve(x.T @ x + amount * np.eye(x.shape[1]), x.T @ y)
