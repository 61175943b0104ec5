"""Transformer blocks against the formula with Keras' attention."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.layers.sequence_layers import (
    HEADS,
    HIDDEN,
    MASK,
    WIDTH,
    built,
    gradients,
    numbers,
    perturbed,
    plain_block,
)
from zoo.layers.attention import TransformerBlock, causal_mask, padding_mask
from zoo.layers.packing import PackedBatch


def causal(mask):
    t = np.arange(mask.shape[1])
    return np.broadcast_to(t[:, None] >= t, (len(mask), len(t), len(t)))


MASKS = {
    "all": (lambda mask: padding_mask(tf.constant(mask)), lambda mask: mask[:, None, :]),
    "causal": (lambda mask: causal_mask(mask.shape[1]), causal),
}


@pytest.mark.parametrize(("bias", "mask"), MASKS.values(), ids=MASKS)
def test_a_block_equals_the_formula_with_keras_attention(bias, mask):
    block, packed = (
        built(TransformerBlock(HEADS, HIDDEN), None, WIDTH),
        PackedBatch(tf.constant(MASK)),
    )
    h = numbers(*MASK.shape, WIDTH)

    def ours(h):
        return block(packed.pack(h), packed=packed, bias=bias(MASK))

    def theirs(h):
        return tf.boolean_mask(plain_block(block, h, mask(MASK)), MASK)

    for a, b in zip(gradients(ours, h, []), gradients(theirs, h, []), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_heads_that_do_not_divide_the_width_are_an_error():
    with pytest.raises(ValueError, match="heads must divide the width, 8, got 3: change"):
        TransformerBlock(3, HIDDEN).build((None, WIDTH))


@pytest.mark.parametrize(("heads", "hidden"), [(0, 4), (2, -1), (1.5, 4)])
def test_a_size_that_is_not_a_positive_integer_is_an_error(heads, hidden):
    with pytest.raises(ValueError, match="must be made of positive integers"):
        TransformerBlock(heads, hidden)


def test_a_block_regularizes_its_four_kernels():
    block = TransformerBlock(HEADS, HIDDEN, kernel_regularizer=keras.regularizers.L2(0.1))
    built(block, None, WIDTH)
    kernels = [v.numpy() for v in block.trainable_variables if v.name == "kernel"]

    assert len(kernels) == 4
    expected = 0.1 * sum((k**2).sum() for k in kernels)
    np.testing.assert_allclose(sum(block.losses), expected, rtol=1e-5)


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_a_bfloat16_block_trains_in_bfloat16(dropout):
    block = TransformerBlock(HEADS, HIDDEN, dropout=dropout, dtype="mixed_bfloat16")
    block.build((None, WIDTH))
    packed = PackedBatch(tf.constant(MASK))

    h = block(
        tf.constant(numbers(8, WIDTH)), packed=packed, bias=padding_mask(packed.mask), training=True
    )

    assert h.dtype == tf.bfloat16


def test_a_block_drops_both_branches_only_in_training():
    block = TransformerBlock(HEADS, HIDDEN, dropout=0.9)
    without_dropout = TransformerBlock(HEADS, HIDDEN)
    for b in (block, without_dropout):
        b.build((None, WIDTH))
    weights = perturbed(block).trainable_variables
    for variable, weight in zip(without_dropout.trainable_variables, weights, strict=True):
        variable.assign(weight)
    packed, h = PackedBatch(tf.ones([40, 4], tf.bool)), tf.constant(numbers(160, WIDTH))
    bias = causal_mask(4)

    dropped = block(h, packed=packed, bias=bias, training=True) == h

    expected = without_dropout(h, packed=packed, bias=bias)
    np.testing.assert_array_equal(block(h, packed=packed, bias=bias), expected)
    fraction = np.asarray(dropped).mean()  # of units that neither branch changed
    assert abs(fraction - 0.81) < 5 * np.sqrt(0.81 * 0.19 / h.shape.num_elements())
