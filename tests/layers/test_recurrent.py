"""Recurrent layers equal those of Keras in values and gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo.layers.recurrent import GRU, LSTM, recurrent_stack


def equal_lstms(seed=0, features=3, units=4):
    """LSTM of zoo and of Keras with the same weights."""
    keras.utils.set_random_seed(seed)
    ours, plain = LSTM(units), keras.layers.LSTM(units, return_sequences=True)
    for layer in (ours, plain):
        layer.build((None, None, features))
    for a, b in zip(ours.trainable_variables, plain.trainable_variables, strict=True):
        assert a.name == b.name
        a.assign(a + 0.1 * np.random.default_rng(seed).standard_normal(a.shape))
        b.assign(a)
    return ours, plain


def values_and_gradients(layer, x, **kwargs):
    weights = tf.cos(tf.range(1000.0))
    with tf.GradientTape() as tape:
        tape.watch(x)
        h = layer(x, **kwargs)
        flat = tf.reshape(h, [-1])
        loss = tf.reduce_sum(tf.sin(flat) * weights[: tf.size(flat)])
    return [h, *tape.gradient(loss, [x, *(v.value for v in layer.trainable_variables)])]


@pytest.mark.parametrize(("jit", "training"), [(False, False), (False, True), (True, True)])
@pytest.mark.parametrize(("steps", "rows"), [(1, 5), (6, 5), (6, 32)])  # 32 rows are split
def test_lstm_equals_keras(steps, rows, jit, training):
    x = tf.random.stateless_normal([rows, steps, 3], [1, 2])

    def run(layer):
        step = tf.function(lambda x: values_and_gradients(layer, x, training=training))
        return tf.function(step, jit_compile=jit)(x)

    ours, plain = map(run, equal_lstms())

    for a, b in zip(ours, plain, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_constant_input_equals_the_repeated_one(cell, training):
    (layer,) = recurrent_stack(cell, (4,), None, None)
    layer.build((None, None, 3))
    x = tf.random.stateless_normal([5, 1, 3], [1, 2])

    once = values_and_gradients(layer, x, length=6, training=training)
    repeated = values_and_gradients(layer, tf.repeat(x, 6, axis=1), training=training)

    repeated[1] = tf.reduce_sum(repeated[1], 1, keepdims=True)
    for a, b in zip(once, repeated, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_long_series_is_one_loop_and_not_a_long_graph():
    layer, _ = equal_lstms()

    def operations(steps):
        step = tf.function(lambda x: values_and_gradients_of_sum(layer, x))
        graph = step.get_concrete_function(tf.zeros([2, steps, 3])).graph
        return len(graph.get_operations())

    assert operations(800) < operations(8) + 8


def values_and_gradients_of_sum(layer, x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x, training=True))
    return tape.gradient(loss, [v.value for v in layer.trainable_variables])


def test_gru_equals_that_of_keras():
    layer = GRU(4)
    layer.build((None, None, 3))
    x = tf.random.stateless_normal([5, 6, 3], [1, 2])

    np.testing.assert_array_equal(layer(x), layer.layer(x))


def test_an_unknown_cell_suggests_the_nearest():
    with pytest.raises(ValueError, match="got 'lstn'; did you mean 'lstm'"):
        recurrent_stack("lstn", (4,), None, None)
