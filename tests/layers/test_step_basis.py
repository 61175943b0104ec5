"""Projection of series on functions of the step, and series as combinations of them."""

import numpy as np
import pytest
import tensorflow as tf

from tests.layers.sequence_layers import built, gradients, numbers
from zoo.layers.step_basis import BasisExpansion, BasisProjection, step_basis

LENGTHS = np.array([7, 3, 0, 1], "int32")
STATES = numbers(4, 7, 5)


def test_the_basis_is_a_constant_and_waves_of_4_to_256_steps():
    basis, t = np.asarray(step_basis(9, 4)), np.arange(9)

    assert basis.dtype == np.float32
    np.testing.assert_array_equal(basis[:, 0], 1.0)
    for column, period in ((1, 4), (2, 256)):
        angle = 2 * np.pi * t / period
        np.testing.assert_allclose(basis[:, column], np.sin(angle), atol=1e-5)
        np.testing.assert_allclose(basis[:, column + 2], np.cos(angle), atol=1e-5)


def test_moments_are_means_of_products_over_the_steps_of_each_series():
    basis = np.asarray(step_basis(7, 4))
    rows = zip(STATES, LENGTHS, strict=True)
    expected = [basis[:n].T @ h[:n] / max(n, 1) for h, n in rows]

    moments = BasisProjection(4)(STATES, n=tf.constant(LENGTHS))

    np.testing.assert_allclose(moments, np.reshape(expected, [4, 25]), rtol=1e-4, atol=1e-6)


def test_states_after_the_end_do_not_change_moments_or_gradients():
    n, projection = tf.constant(LENGTHS), BasisProjection(4)
    longer = np.concatenate([STATES, 1e3 * numbers(4, 6, 5, seed=1)], 1)

    moments, slopes = gradients(lambda h: projection(h, n=n), longer, [])
    expected, _ = gradients(lambda h: projection(h, n=n), STATES, [])

    np.testing.assert_allclose(moments, expected, rtol=1e-4, atol=1e-5)
    assert (slopes[np.arange(13) >= LENGTHS[:, None]] == 0).all()


def test_an_expansion_is_a_combination_of_the_basis_linear_in_the_code():
    layer, code = built(BasisExpansion(4, 2), None, 3), numbers(6, 3)
    (kernel,) = layer.get_weights()
    expected = np.einsum("tk,bd,dkc->btc", step_basis(8, 4), code, kernel.reshape(3, 5, 2))

    np.testing.assert_allclose(layer(code, length=8), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer(code, length=5), expected[:, :5], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("width", [0, 2.5])
def test_bad_widths_are_refused(width):
    with pytest.raises(ValueError, match="width must be made of positive integers"):
        BasisProjection(width)
    with pytest.raises(ValueError, match="width must be made of positive integers"):
        BasisExpansion(width, 2)
