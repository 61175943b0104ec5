"""Fused ops equal their formulas, and their programs may run concurrently."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo.core import execution
from zoo.layers import fused_ops
from zoo.likelihoods.text import cross_entropy


def arguments(rows=5, width=7):
    rng = np.random.default_rng(rows)
    shapes = (rows, width), (width,), (width,), (rows, width)
    return [tf.constant(rng.standard_normal(shape) * 3 + 1, tf.float32) for shape in shapes]


def keras_layer_norm(x, scale, offset, upstream):
    layer = keras.layers.LayerNormalization(epsilon=1e-6)
    layer.build(x.shape)
    layer.set_weights([scale, offset])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    weights = [variable.value for variable in layer.trainable_variables]
    return [y, *tape.gradient(y, [x, *weights], output_gradients=upstream)]


@tf.function(autograph=False)
def in_a_graph_without_xla(x, scale, offset, upstream, training):
    with tf.GradientTape() as tape, execution.tracing(jit_compile=False):
        tape.watch([x, scale, offset])
        y = fused_ops.layer_norm(x, scale, offset, training=training)
    return [y, *tape.gradient(y, [x, scale, offset], output_gradients=upstream)]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("rows", [1, 5, 40])
def test_layer_norm_equals_keras_with_all_gradients(rows, training):
    inputs = arguments(rows)

    got = in_a_graph_without_xla(*inputs, training=training)

    for a, b in zip(got, keras_layer_norm(*inputs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_layer_norm_in_half_precision_keeps_its_sums_in_float32():
    x, scale, offset, upstream = (tf.cast(a, tf.bfloat16) for a in arguments(4, 512))
    far = x + 100  # whose squares add up to more than bfloat16 resolves

    got = in_a_graph_without_xla(far, scale, offset, upstream, training=True)
    expected = keras_layer_norm(*(tf.cast(a, tf.float32) for a in (far, scale, offset, upstream)))

    assert [a.dtype for a in got] == [tf.bfloat16] * 4
    np.testing.assert_allclose(tf.cast(got[0], tf.float32), expected[0], rtol=0.05, atol=0.1)


def program(function, *inputs):
    return function.experimental_get_compiler_ir(*inputs)(stage="hlo")


def test_concurrent_programs_contain_no_reduction():
    x, scale, offset, upstream = arguments()
    programs = {
        "powers": program(cross_entropy._powers, x, x[:, :1]),
        "forward": program(fused_ops._forward, x, scale, offset),
        "backward": program(fused_ops._backward, x, scale, upstream),
    }
    sums = tf.function(lambda x: tf.reduce_sum(x, -1), jit_compile=True)

    assert " reduce(" in program(sums, x)  # a program with a reduction contains this
    assert [name for name, text in programs.items() if " reduce(" in text] == []
