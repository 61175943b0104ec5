"""Pooling of packed batches."""

import numpy as np
import pytest
import tensorflow as tf

from tests.layers.sequence_layers import MASK, built, gradients, numbers
from zoo.layers.packing import PackedBatch
from zoo.layers.pooling import AttentionPooling, MeanPooling


def test_mean_pooling_is_the_mean_over_valid_positions():
    grid, packed = numbers(*MASK.shape, 5), PackedBatch(tf.constant(MASK))
    expected = [g[s].mean(0) if s.any() else np.zeros(5) for g, s in zip(grid, MASK, strict=True)]

    np.testing.assert_allclose(MeanPooling()(grid[MASK], packed=packed), expected, atol=1e-6)


def test_attention_pooling_is_the_mean_weighted_by_a_softmax():
    grid, packed = numbers(*MASK.shape, 5), PackedBatch(tf.constant(MASK))
    pooling = built(AttentionPooling(), None, 5)
    (score,) = pooling.get_weights()
    expected = np.zeros((4, 5))
    for i, (g, s) in enumerate(zip(grid, MASK, strict=True)):
        if s.any():
            weights = np.exp(g[s] @ score)
            expected[i] = (weights / weights.sum() * g[s]).sum(0)

    np.testing.assert_allclose(pooling(grid[MASK], packed=packed), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", [MeanPooling, AttentionPooling])
def test_a_sequence_without_positions_pools_to_zeros_with_finite_gradients(kind):
    pooling, packed = built(kind(), None, 5), PackedBatch(tf.zeros([3, 4], tf.bool))

    pooled, *slopes = gradients(
        lambda h: pooling(h, packed=packed), numbers(0, 5), pooling.trainable_variables
    )

    np.testing.assert_array_equal(pooled, np.zeros((3, 5)))
    assert all(np.isfinite(g).all() for g in slopes)


@pytest.mark.parametrize("kind", [MeanPooling, AttentionPooling])
def test_one_position_pools_to_itself(kind):
    pooling, packed = (
        built(kind(), None, 5),
        PackedBatch(tf.constant([[True, False], [True, False]])),
    )
    h = numbers(2, 5)

    np.testing.assert_allclose(pooling(h, packed=packed), h, rtol=1e-6)
