"""Inverses of triangular matrices, against NumPy."""

import numpy as np
import pytest

from zoo.core.triangular import inverse_cholesky, log_diagonal


def positive_definite(n, batch=(2,)):
    a = np.random.default_rng(n).normal(size=(*batch, n, n))
    return a @ np.swapaxes(a, -1, -2) + np.eye(n)


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_the_inverse_of_the_factor_is_that_of_numpy(n):
    matrix = positive_definite(n)
    factor = np.linalg.cholesky(matrix)

    np.testing.assert_allclose(inverse_cholesky(matrix), np.linalg.inv(factor), atol=1e-10)
    np.testing.assert_array_equal(np.triu(inverse_cholesky(matrix), 1), 0)


def test_log_diagonal_is_that_of_each_matrix():
    matrix = positive_definite(3).astype("float32")

    expected = np.log(np.diagonal(matrix, axis1=-2, axis2=-1))
    np.testing.assert_allclose(log_diagonal(matrix), expected, rtol=1e-5)
