"""Splitting of batches into halves."""

import numpy as np
import pytest
import tensorflow as tf

from tests.layers.sequence_layers import WIDTH, built, numbers
from zoo.layers import lstm_ops
from zoo.layers.autoregressive import CausalLSTM
from zoo.layers.batch_split import MIN, map_in_halves
from zoo.layers.packing import PackedBatch


@pytest.mark.parametrize(
    ("size", "options", "expected"),
    [
        (2 * MIN, {}, [MIN, MIN]),
        (2 * MIN - 2, {}, [2 * MIN - 2]),
        (2 * MIN + 1, {}, [2 * MIN + 1]),
        (2 * MIN, {"when": False}, [2 * MIN]),
    ],
    ids=["even and large", "too small", "odd", "not wanted"],
)
def test_a_batch_is_split_if_it_is_even_large_and_allowed(size, options, expected):
    sizes = []
    x = tf.reshape(tf.range(2 * size), [size, 2])

    doubled = map_in_halves(lambda a, b: sizes.append(len(a)) or a + b, x, x, **options)

    np.testing.assert_array_equal(doubled, 2 * x)
    assert sizes == expected


@pytest.mark.parametrize(("allow_split", "expected"), [(True, [MIN, MIN]), (False, [2 * MIN])])
def test_a_lstm_does_not_split_a_batch_that_is_a_half(monkeypatch, allow_split, expected):
    sizes, states = [], lstm_ops._states
    monkeypatch.setattr(
        lstm_ops, "_states", lambda x, *rest: sizes.append(x.shape[0]) or states(x, *rest)
    )
    body, mask = built(CausalLSTM((5,)), None, WIDTH), np.ones((2 * MIN, 3), bool)
    grid = tf.constant(numbers(*mask.shape, WIDTH))

    @tf.function(autograph=False)
    def run(grid):
        packed = PackedBatch(tf.constant(mask), allow_split=allow_split)
        return packed.unpack(body(packed.pack(grid), packed=packed, training=True))

    packed = PackedBatch(tf.constant(mask))
    plain = packed.unpack(body(packed.pack(grid), packed=packed))
    np.testing.assert_allclose(run(grid), plain, rtol=1e-4, atol=1e-6)
    assert sizes == expected
