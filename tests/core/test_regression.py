"""Tests of least squares with a penalty."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from zoo.core.regression import ridge


@pytest.mark.parametrize("rows", [50, 5])
def test_weights_are_those_of_scikit_learn(rows):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(rows, 8)), rng.normal(size=(rows, 3))
    alpha = 0.1 * np.square(x - x.mean(0)).sum() / 8
    expected = Ridge(alpha=alpha).fit(x, y)
    weights, offsets = ridge(x, y, penalty=0.1)
    np.testing.assert_allclose(weights, expected.coef_.T, rtol=1e-8)
    np.testing.assert_allclose(offsets, expected.intercept_, rtol=1e-8, atol=1e-12)


def test_a_single_row_gives_its_own_value():
    weights, offsets = ridge(np.ones((1, 4)), np.full((1, 2), 3.0))
    np.testing.assert_array_equal(weights, np.zeros((4, 2)))
    np.testing.assert_array_equal(offsets, [3.0, 3.0])
