"""Masks, lengths, reversal and padding of sequences."""

import numpy as np
import pytest
import tensorflow as tf

from zoo.layers import sequence_masks

NAN = np.nan


def test_a_sequence_ends_with_the_last_observed_step():
    x = np.array([[[1, NAN], [NAN, NAN], [NAN, 2], [NAN, NAN]], [[NAN, NAN]] * 4, [[0, 0]] * 4])

    n = sequence_masks.lengths(sequence_masks.observed(tf.constant(x, tf.float32)))

    np.testing.assert_array_equal(n, [3, 0, 4])


def test_reverse_leaves_padding_at_the_end():
    x = tf.constant([[[1.0], [2.0], [3.0], [0.0]]])

    np.testing.assert_array_equal(sequence_masks.reverse(x, [3])[0, :, 0], [3, 2, 1, 0])


def test_last_is_the_state_at_the_length_and_zeros_for_length_zero():
    h = tf.reshape(tf.range(12.0), [2, 3, 2]) + 1.0

    np.testing.assert_array_equal(sequence_masks.last(h, tf.constant([2, 0])), [[3, 4], [0, 0]])


@pytest.mark.parametrize("ragged", [False, True])
def test_pad_fills_with_nan(ragged):
    rows = [np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]])]
    sequences = tf.ragged.stack([tf.constant(row) for row in rows]) if ragged else rows

    x = sequence_masks.pad(sequences)

    assert x.shape == (2, 2, 2)
    np.testing.assert_array_equal(x[0], [[1, 2], [NAN, NAN]])
    np.testing.assert_array_equal(x[1], rows[1])


def test_pad_returns_an_array_unchanged():
    x = np.arange(6).reshape(2, 3)

    assert sequence_masks.pad(x) is x


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        (
            [np.zeros((3, 2)), np.zeros((3, 4))],
            ValueError,
            r"x\[1\] must have 2 channels",
        ),
        ([np.zeros(3), np.zeros((3, 4))], TypeError, r"x\[1\] must be a numeric array"),
        ([np.zeros(3), np.array(["a"])], TypeError, r"x\[1\] must be a numeric array"),
    ],
)
def test_pad_names_the_sequence_of_another_shape(rows, error, message):
    with pytest.raises(error, match=message):
        sequence_masks.pad(rows)
