"""Dropout: rates, masks of packed batches and saved seeds."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import assert_same, values
from tests.layers.sequence_layers import gradients, numbers
from zoo.layers.packed import Dropout
from zoo.layers.packing import PackedBatch


def test_dropout_is_the_identity_outside_of_training():
    drop, x = Dropout(0.5), numbers(50, 4)

    np.testing.assert_array_equal(drop(x), x)
    np.testing.assert_array_equal(drop(x, training=False), x)


def test_dropout_at_rate_zero_is_the_identity_and_draws_nothing():
    drop, x = Dropout(0.0), numbers(50, 4)
    before = values(drop.variables)

    np.testing.assert_array_equal(drop(x, training=True), x)
    assert_same(values(drop.variables), before)


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.9])
def test_dropout_drops_a_fraction_and_scales_the_other_units(rate):
    x = tf.fill([200, 500], 3.0)

    y = np.asarray(Dropout(rate)(x, training=True))

    assert abs((y == 0).mean() - rate) < 5 * np.sqrt(rate * (1 - rate) / y.size)
    np.testing.assert_allclose(y[y != 0], 3.0 / (1 - rate), rtol=1e-6)


def test_dropout_of_a_packed_batch_drops_the_same_units_at_all_positions():
    packed = PackedBatch(tf.constant(np.random.default_rng(0).random((200, 30)) < 0.5))
    x = packed.pack(tf.ones([200, 30, 20]))

    y = Dropout(0.3)(x, packed=packed, training=True)

    grid = np.where(np.asarray(packed.mask)[..., None], packed.unpack(y), np.nan)
    low, high = np.nanmin(grid, 1), np.nanmax(grid, 1)
    np.testing.assert_array_equal(low, high)
    assert y.shape == x.shape
    assert abs((low == 0).mean() - 0.3) < 5 * np.sqrt(0.3 * 0.7 / low.size)


def test_dropout_repeats_its_draws_from_a_restored_state():
    drop, x = Dropout(0.5), tf.ones([50, 4])
    drop.build(x.shape)
    state = drop.seed_state.numpy().copy()

    first, second = (np.asarray(drop(x, training=True)) for _ in "ab")
    drop.seed_state.assign(state)
    again = np.asarray(drop(x, training=True))

    assert (first != second).any()
    np.testing.assert_array_equal(again, first)


def test_gradients_are_zero_exactly_at_dropped_units():
    drop = Dropout(0.5)
    drop.build((50, 4))

    y, gradient = gradients(lambda x: drop(x, training=True), np.ones((50, 4), "float32"), [])

    np.testing.assert_allclose(gradient, numbers(50, 4, seed=9) * y)


@pytest.mark.parametrize("rate", [1.0, 1.5, -0.1, float("nan")])
def test_a_rate_outside_of_zero_to_one_is_an_error(rate):
    with pytest.raises(ValueError, match=r"rate must be a fraction in \[0, 1\), got"):
        Dropout(rate)
