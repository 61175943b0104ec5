"""Inverses of triangular matrices, against NumPy."""

import numpy as np
import pytest

from zoo.core.triangular import inverse_cholesky, triangular_inverse


def positive_definite(n, batch=(2,)):
    a = np.random.default_rng(n).normal(size=(*batch, n, n))
    return a @ np.swapaxes(a, -1, -2) + np.eye(n)


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_inverses_are_those_of_numpy(n):
    matrix = positive_definite(n)
    factor = np.linalg.cholesky(matrix)

    np.testing.assert_allclose(triangular_inverse(factor), np.linalg.inv(factor), atol=1e-10)
    np.testing.assert_allclose(inverse_cholesky(matrix), np.linalg.inv(factor), atol=1e-10)
    np.testing.assert_array_equal(np.triu(inverse_cholesky(matrix), 1), 0)
