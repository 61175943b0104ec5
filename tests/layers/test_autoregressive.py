"""Autoregressive bodies: steps with a cache equal all positions at once."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import assert_same
from tests.layers.sequence_layers import HEADS, HIDDEN, WIDTH, built, gradients, numbers
from zoo.layers.autoregressive import CausalLSTM, CausalTransformer
from zoo.layers.packing import PackedBatch
from zoo.layers.recurrent import GRU, LSTM

BODIES = {
    "transformer": lambda **o: CausalTransformer(2, HEADS, HIDDEN, **o),
    "lstm": lambda **o: CausalLSTM((5, 6), **o),
    "gru": lambda **o: CausalLSTM((5, 6), "gru", **o),
}
each_body = pytest.mark.parametrize("make", BODIES.values(), ids=BODIES)
LENGTHS = np.array([5, 1, 3, 4])
RAGGED = np.arange(5) < LENGTHS[:, None]


def teacher_forced(body, grid, mask=RAGGED):
    """Outputs at all positions by teacher forcing; zeros at padding."""
    packed = PackedBatch(tf.constant(mask))
    return np.asarray(packed.unpack(body(packed.pack(tf.constant(grid)), packed=packed)))


@each_body
def test_steps_with_a_cache_equal_all_positions_at_once(make):
    body, grid = built(make(), None, WIDTH), numbers(4, 5, WIDTH)
    expected = teacher_forced(body, grid)

    cache, states = body.init_cache(4, 5), []
    for t in range(5):
        h, cache = body.step(tf.constant(grid[:, t]), cache, tf.constant(t))
        states.append(h)

    got = np.stack(states, 1)
    np.testing.assert_allclose(got[RAGGED], expected[RAGGED], rtol=1e-4, atol=1e-5)


@each_body
def test_a_longer_cache_changes_no_step(make):
    body, grid = built(make(), None, WIDTH), tf.constant(numbers(4, 5, WIDTH))

    def two_steps(length):
        cache = body.init_cache(4, length)
        for t in range(2):
            h, cache = body.step(grid[:, t], cache, tf.constant(t))
        return h

    np.testing.assert_allclose(two_steps(2), two_steps(30), rtol=1e-4, atol=1e-6)


@each_body
@pytest.mark.parametrize("t", [1, 4])
def test_a_position_influences_only_itself_and_later_ones(make, t):
    body, grid = built(make(), None, WIDTH), numbers(4, 5, WIDTH)
    other, mask = grid.copy(), np.ones((4, 5), bool)
    other[:, t] = numbers(4, WIDTH, seed=5)

    a, b = teacher_forced(body, grid, mask), teacher_forced(body, other, mask)

    np.testing.assert_allclose(a[:, :t], b[:, :t], atol=1e-6)
    assert (np.abs(a[:, t:] - b[:, t:]).max(-1) > 1e-4).all()


@each_body
def test_padding_changes_no_state_and_no_gradient(make):
    body, grid = built(make(), None, WIDTH), numbers(4, 5, WIDTH)
    grids = grid, np.pad(grid, [(0, 0), (0, 6), (0, 0)], constant_values=7.0)
    masks = RAGGED, np.pad(RAGGED, [(0, 0), (0, 6)])

    def run(grid, mask):
        packed = PackedBatch(tf.constant(mask))
        return gradients(lambda h: body(h, packed=packed), grid[mask], body.trainable_variables)

    short, long = (run(*pair) for pair in zip(grids, masks, strict=True))

    assert_same(long, short, rtol=1e-4, atol=1e-4)


@each_body
def test_other_sequences_change_no_state(make):
    body, grid = built(make(), None, WIDTH), numbers(4, 5, WIDTH)

    alone = teacher_forced(body, grid[2:3], RAGGED[2:3])

    np.testing.assert_allclose(teacher_forced(body, grid)[2:3], alone, rtol=1e-4, atol=1e-6)


@each_body
def test_a_body_drops_only_in_training(make):
    body, grid = built(make(dropout=0.5), None, WIDTH), numbers(4, 5, WIDTH)
    packed = PackedBatch(tf.constant(RAGGED))
    h = packed.pack(tf.constant(grid))

    def run(training):
        return np.asarray(body(h, packed=packed, training=training))

    np.testing.assert_array_equal(run(False), run(False))
    assert (run(True) != run(True)).any()


@each_body
def test_a_body_is_restored_from_its_config(make):
    body = built(make(dropout=0.25), None, WIDTH)

    again = type(body).from_config(body.get_config())
    again.build((None, WIDTH))

    assert again.get_config() == body.get_config()
    assert [v.shape for v in again.variables] == [v.shape for v in body.variables]


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_steps_of_a_recurrent_layer_equal_its_call(kind):
    layer, x = built(kind(5), None, None, 3), tf.constant(numbers(4, 6, 3))

    state, states = layer.initial_state(4), []
    for t in range(6):
        h, state = layer.step(x[:, t], state)
        states.append(h)

    np.testing.assert_allclose(np.stack(states, 1), layer(x), rtol=1e-5, atol=1e-6)
