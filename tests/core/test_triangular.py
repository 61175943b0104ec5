"""Cholesky factors, against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from zoo.core.triangular import cholesky_with_rows, log_diagonal


def positive_definite(n, batch=(2,)):
    a = np.random.default_rng(n).normal(size=(*batch, n, n))
    return a @ np.swapaxes(a, -1, -2) + np.eye(n)


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_the_factor_and_further_rows_are_those_of_numpy(n):
    matrix, rows = positive_definite(n), np.random.default_rng(0).normal(size=(2, 3, n))
    factor = np.linalg.cholesky(matrix)

    result = cholesky_with_rows(tf.concat([matrix, rows], 1))

    np.testing.assert_allclose(result[:, :n], factor, atol=1e-10)
    np.testing.assert_allclose(
        result[:, n:], np.linalg.solve(factor, rows.swapaxes(1, 2)).swapaxes(1, 2), atol=1e-10
    )


def test_log_diagonal_is_that_of_each_matrix():
    matrix = positive_definite(3).astype("float32")

    expected = np.log(np.diagonal(matrix, axis1=-2, axis2=-1))
    np.testing.assert_allclose(log_diagonal(matrix), expected, rtol=1e-5)
