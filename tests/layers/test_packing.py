"""Packing of padded batches: values, order and gradients."""

import numpy as np
import pytest
import tensorflow as tf

from tests.layers.sequence_layers import GAPS, MASK, gradients, numbers
from zoo.layers.packing import TILE, PackedBatch


@pytest.mark.parametrize("mask", [MASK, GAPS, ~MASK, np.zeros((2, 3), bool), np.ones((3, 1), bool)])
def test_packed_rows_are_the_valid_positions_in_order(mask):
    grid, packed = numbers(*mask.shape, 5), PackedBatch(tf.constant(mask))

    np.testing.assert_array_equal(packed.pack(tf.constant(grid)), grid[mask])
    np.testing.assert_array_equal(packed.unpack(tf.constant(grid[mask])), grid * mask[..., None])
    np.testing.assert_array_equal([packed.example, packed.step], np.nonzero(mask))


def test_scalars_and_matrices_are_packed_like_vectors():
    packed = PackedBatch(tf.constant(MASK))
    scalars, matrices = np.arange(16).reshape(4, 4), numbers(4, 4, 2, 3)

    np.testing.assert_array_equal(packed.pack(tf.constant(scalars)), scalars[MASK])
    np.testing.assert_array_equal(packed.unpack(packed.pack(tf.constant(scalars))), scalars * MASK)
    np.testing.assert_array_equal(packed.pack(tf.constant(matrices)), matrices[MASK])


@pytest.mark.parametrize("mask", [MASK, GAPS])
def test_gradients_of_pack_and_unpack_are_each_others_transpose(mask):
    grid, packed = numbers(*mask.shape, 5), PackedBatch(tf.constant(mask))
    weights = numbers(*grid[mask].shape, seed=9)
    scattered = np.zeros_like(grid)
    scattered[mask] = weights

    _, of_pack = gradients(packed.pack, grid, [])
    _, of_unpack = gradients(packed.unpack, grid[mask], [])

    np.testing.assert_array_equal(of_pack, scattered)
    np.testing.assert_array_equal(of_unpack, numbers(*grid.shape, seed=9)[mask])


def test_packing_in_a_graph_of_unknown_shape():
    @tf.function(
        input_signature=[tf.TensorSpec([None, None, 5]), tf.TensorSpec([None, None], bool)]
    )
    def round_trip(grid, mask):
        packed = PackedBatch(mask)
        return packed.unpack(packed.pack(grid))

    for mask in (MASK, GAPS):
        grid = numbers(*mask.shape, 5)
        np.testing.assert_array_equal(round_trip(grid, mask), grid * mask[..., None])


@pytest.mark.parametrize("mask", [MASK, GAPS, np.zeros((2, 3), bool)])
def test_rounding_up_adds_rows_of_zeros_that_unpack_ignores(mask):
    grid, packed = (
        tf.constant(numbers(*mask.shape, 5)),
        PackedBatch(tf.constant(mask), round_up=True),
    )

    rows = np.asarray(packed.pack(grid))

    assert len(rows) == (TILE if mask.any() else 0)
    np.testing.assert_array_equal(rows[: mask.sum()], grid[mask])
    assert not rows[mask.sum() :].any()
    garbage = tf.concat([rows[: mask.sum()], tf.ones_like(rows[mask.sum() :])], 0)
    np.testing.assert_array_equal(packed.unpack(garbage), grid * mask[..., None])
