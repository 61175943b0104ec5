"""Columns that are hidden from the encoder: values, flags, probabilities."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo.training import MissingColumns

CATEGORIES = (0, 3, 0)


def encoder_inputs(rows):
    table = np.tile([[1.5, 2.0, -0.5]], (rows, 1)).astype("float32")
    preprocessor = zoo.likelihoods.Tabular(CATEGORIES).preprocessor()
    return preprocessor.encoder_inputs(tf.constant(table)), preprocessor, table


def test_a_hidden_column_is_encoded_like_a_missing_one():
    x, preprocessor, table = encoder_inputs(200)

    y = np.asarray(MissingColumns(CATEGORIES, 1.0, seed=0)(x, training=True))

    hidden = y[:, -3:].astype(bool)
    expected = preprocessor.encoder_inputs(tf.constant(np.where(hidden, np.nan, table), "float32"))
    np.testing.assert_array_equal(y, expected)
    assert len(np.unique(hidden, axis=0)) == 8
    np.testing.assert_array_equal(MissingColumns(CATEGORIES)(x), x)  # not in training


def test_columns_are_hidden_with_half_of_the_largest_probability_on_average():
    x, *_ = encoder_inputs(20_000)

    y = np.asarray(MissingColumns(CATEGORIES, 0.6, seed=0)(x, training=True))

    assert abs(y[:, -3:].mean() - 0.3) < 0.01
    assert abs(y[:, -3:].all(1).mean() - 0.6**3 / 4) < 0.01  # E[p^3], p uniform up to 0.6


def test_an_impossible_probability_raises():
    with pytest.raises(ValueError, match=r"amount must be a probability in \[0, 1\], got 1.5"):
        MissingColumns(CATEGORIES, 1.5)
