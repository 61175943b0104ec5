"""What reads sequences: rows, blocks, pooling, the encoder, and what reads from left to right."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import assert_same, values
from zoo.encoders import TransformerEncoder
from zoo.layers.attention import TransformerBlock, causal_mask, padding_mask
from zoo.layers.autoregressive import CausalLSTM, CausalTransformer
from zoo.layers.packed import Dropout
from zoo.layers.packing import PackedBatch
from zoo.layers.pooling import AttentionPooling, MeanPooling
from zoo.layers.positions import positions
from zoo.layers.recurrent import GRU, LSTM

WIDTH, HEADS, HIDDEN = 8, 2, 12
SEEN = np.array([[1, 1, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0]], bool)
GAPS = np.array([[0, 1, 0], [1, 0, 1]], bool)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def shaken(layer, seed=0):
    """The layer with no weight at a special value, so that none can hide."""
    rng = np.random.default_rng(seed)
    for weight in layer.trainable_variables:
        weight.assign_add(0.3 * rng.standard_normal(weight.shape))
    return layer


def built(layer, *shape):
    layer.build(shape)
    return shaken(layer)


def gradients(function, x, variables):
    """Values, and gradients of a weighted sum of them by x and by the variables."""
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
        total = tf.reduce_sum(y * numbers(*y.shape, seed=9))
    found = tape.gradient(total, [x, *(v.value for v in variables)])
    return [np.asarray(y), *map(np.asarray, found)]


# PackedBatch


@pytest.mark.parametrize("seen", [SEEN, GAPS, ~SEEN, np.zeros((2, 3), bool), np.ones((3, 1), bool)])
def test_rows_are_the_positions_that_are_seen(seen):
    grid, rows = numbers(*seen.shape, 5), PackedBatch(tf.constant(seen))

    np.testing.assert_array_equal(rows.take(tf.constant(grid)), grid[seen])
    np.testing.assert_array_equal(rows.put(tf.constant(grid[seen])), grid * seen[..., None])
    np.testing.assert_array_equal([rows.example, rows.step], np.nonzero(seen))


def test_rows_of_numbers_and_of_matrices():
    rows = PackedBatch(tf.constant(SEEN))
    words, matrices = np.arange(16).reshape(4, 4), numbers(4, 4, 2, 3)

    np.testing.assert_array_equal(rows.take(tf.constant(words)), words[SEEN])
    np.testing.assert_array_equal(rows.put(rows.take(tf.constant(words))), words * SEEN)
    np.testing.assert_array_equal(rows.take(tf.constant(matrices)), matrices[SEEN])


@pytest.mark.parametrize("seen", [SEEN, GAPS])
def test_gradients_of_rows_go_back_to_where_they_came_from(seen):
    grid, rows = numbers(*seen.shape, 5), PackedBatch(tf.constant(seen))
    weights = numbers(*grid[seen].shape, seed=9)
    scattered = np.zeros_like(grid)
    scattered[seen] = weights

    _, taken = gradients(rows.take, grid, [])
    _, put = gradients(rows.put, grid[seen], [])

    np.testing.assert_array_equal(taken, scattered)
    np.testing.assert_array_equal(put, numbers(*grid.shape, seed=9)[seen])


def test_rows_in_a_graph_of_any_size():
    @tf.function(
        input_signature=[tf.TensorSpec([None, None, 5]), tf.TensorSpec([None, None], bool)]
    )
    def there_and_back(grid, seen):
        rows = PackedBatch(seen)
        return rows.put(rows.take(grid))

    for seen in (SEEN, GAPS):
        grid = numbers(*seen.shape, 5)
        np.testing.assert_array_equal(there_and_back(grid, seen), grid * seen[..., None])


# Positions


def test_positions_are_sines_and_then_cosines_at_geometric_wavelengths():
    t, i = np.arange(50)[:, None], np.arange(4)
    angle = t / 10_000 ** (2 * i / WIDTH)

    got = positions(50, WIDTH)

    np.testing.assert_allclose(got, np.concatenate([np.sin(angle), np.cos(angle)], 1), atol=1e-5)


@pytest.mark.parametrize("width", [1, 5, 8])
def test_positions_have_any_width_and_differ(width):
    got = np.asarray(positions(6, width))

    assert got.shape == (6, width)
    assert len({tuple(row) for row in got.tolist()}) == 6


# TransformerBlock


def plain_block(block, h, mask):
    """The block's formula over a whole batch `[B, T, W]`, with Keras' own attention."""
    norms = [keras.layers.LayerNormalization(epsilon=1e-6) for _ in range(2)]
    for norm, ours in zip(norms, block.norms, strict=True):
        norm.build(h.shape)
        norm.set_weights(ours.get_weights())
    attention = keras.layers.MultiHeadAttention(HEADS, WIDTH // HEADS)
    attention.build(h.shape, h.shape)
    kernel, bias = block.qkv.get_weights()
    weights = []
    for w, b in zip(np.split(kernel, 3, -1), np.split(bias, 3), strict=True):
        weights += [w.reshape(WIDTH, HEADS, -1), b.reshape(HEADS, -1)]
    kernel, bias = block.out.get_weights()
    attention.set_weights([*weights, kernel.reshape(HEADS, -1, WIDTH), bias])

    normed = norms[0](h)
    h += attention(normed, normed, attention_mask=mask)
    (up, up_bias), (down, down_bias) = block.up.get_weights(), block.down.get_weights()
    x = norms[1](h) @ up + up_bias
    gelu = x * 0.5 * (1 + tf.math.erf(x / 2**0.5))
    return h + gelu @ down + down_bias


def before(seen):
    t = np.arange(seen.shape[1])
    return np.broadcast_to(t[:, None] >= t, (len(seen), len(t), len(t)))


MASKS = {
    "all": (lambda seen: padding_mask(tf.constant(seen)), lambda seen: seen[:, None, :]),
    "causal": (lambda seen: causal_mask(seen.shape[1]), before),
}


@pytest.mark.parametrize(("bias", "mask"), MASKS.values(), ids=MASKS)
def test_a_block_equals_the_formula_with_keras_attention(bias, mask):
    block, rows = (
        built(TransformerBlock(HEADS, HIDDEN), None, WIDTH),
        PackedBatch(tf.constant(SEEN)),
    )
    h = numbers(*SEEN.shape, WIDTH)

    def ours(h):
        return block(rows.take(h), rows=rows, bias=bias(SEEN))

    def theirs(h):
        return tf.boolean_mask(plain_block(block, h, mask(SEEN)), SEEN)

    for a, b in zip(gradients(ours, h, []), gradients(theirs, h, []), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_a_block_announces_heads_that_do_not_divide_the_width():
    with pytest.raises(ValueError, match="heads=3 must divide the width, 8"):
        TransformerBlock(3, HIDDEN).build((None, WIDTH))


@pytest.mark.parametrize(("heads", "hidden"), [(0, 4), (2, -1), (1.5, 4)])
def test_a_block_wants_positive_sizes(heads, hidden):
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
def test_a_block_of_its_own_dtype_trains(dropout):
    block = TransformerBlock(HEADS, HIDDEN, dropout=dropout, dtype="mixed_bfloat16")
    block.build((None, WIDTH))
    rows = PackedBatch(tf.constant(SEEN))

    h = block(
        tf.constant(numbers(8, WIDTH)), rows=rows, bias=padding_mask(rows.seen), training=True
    )

    assert h.dtype == tf.bfloat16


def test_a_block_drops_both_branches_in_training_alone():
    block = TransformerBlock(HEADS, HIDDEN, dropout=0.9)
    keep = TransformerBlock(HEADS, HIDDEN)
    for b in (block, keep):
        b.build((None, WIDTH))
    for a, b in zip(shaken(block).trainable_variables, keep.trainable_variables, strict=True):
        b.assign(a)
    rows, h = PackedBatch(tf.ones([40, 4], tf.bool)), tf.constant(numbers(160, WIDTH))
    bias = causal_mask(4)

    dropped = block(h, rows=rows, bias=bias, training=True) == h

    np.testing.assert_array_equal(block(h, rows=rows, bias=bias), keep(h, rows=rows, bias=bias))
    share = np.asarray(dropped).mean()  # neither branch added anything
    assert abs(share - 0.81) < 5 * np.sqrt(0.81 * 0.19 / h.shape.num_elements())


# Pooling


def test_mean_pooling_is_the_mean_over_what_is_there():
    grid, rows = numbers(*SEEN.shape, 5), PackedBatch(tf.constant(SEEN))
    expected = [g[s].mean(0) if s.any() else np.zeros(5) for g, s in zip(grid, SEEN, strict=True)]

    np.testing.assert_allclose(MeanPooling()(grid[SEEN], rows=rows), expected, atol=1e-6)


def test_attention_pooling_is_the_mean_weighted_by_a_softmax():
    grid, rows = numbers(*SEEN.shape, 5), PackedBatch(tf.constant(SEEN))
    pooling = built(AttentionPooling(), None, 5)
    (score,) = pooling.get_weights()
    expected = np.zeros((4, 5))
    for i, (g, s) in enumerate(zip(grid, SEEN, strict=True)):
        if s.any():
            weights = np.exp(g[s] @ score)
            expected[i] = (weights / weights.sum() * g[s]).sum(0)

    np.testing.assert_allclose(pooling(grid[SEEN], rows=rows), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", [MeanPooling, AttentionPooling])
def test_nothing_pools_to_zeros_with_finite_gradients(kind):
    pooling, rows = built(kind(), None, 5), PackedBatch(tf.zeros([3, 4], tf.bool))

    found = gradients(lambda h: pooling(h, rows=rows), numbers(0, 5), pooling.trainable_variables)

    np.testing.assert_array_equal(found[0], np.zeros((3, 5)))
    assert all(np.isfinite(g).all() for g in found)


@pytest.mark.parametrize("kind", [MeanPooling, AttentionPooling])
def test_one_position_pools_to_itself(kind):
    pooling, rows = built(kind(), None, 5), PackedBatch(tf.constant([[True, False], [True, False]]))
    h = numbers(2, 5)

    np.testing.assert_allclose(pooling(h, rows=rows), h, rtol=1e-6)


# TransformerEncoder


def sequences(n=5, steps=6, seed=0):
    """Sequences of different lengths, NaN after their ends; the second has none at all."""
    x = numbers(n, steps, WIDTH, seed=seed)
    ends = np.array([steps, 0, 3, 1, 4])[:n]
    x[np.arange(steps) >= ends[:, None]] = np.nan
    return x


def encoder(**options):
    options = {"latent_dim": 3, "heads": HEADS, "hidden": HIDDEN, **options}
    return built(TransformerEncoder(**options), None, None, WIDTH)


def flat(q):
    return tf.concat([q.loc, q.scale], -1)


POOLINGS = ("mean", "attention")


@pytest.mark.parametrize("pooling", POOLINGS)
def test_padding_never_changes_an_encoding_nor_its_gradients(pooling):
    model, x = encoder(pooling=pooling), sequences()
    longer = np.pad(x, [(0, 0), (0, 7), (0, 0)], constant_values=np.nan)

    def run(x):
        return gradients(lambda x: flat(model(x)), x, model.trainable_variables)

    short, long = run(x), run(longer)

    assert np.abs(long[1][:, 6:]).max() == 0
    long[1] = long[1][:, :6]
    assert_same(long, short, rtol=1e-4, atol=1e-5)
    assert all(np.isfinite(g).all() for g in short)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_other_sequences_change_no_encoding(pooling):
    model, x = encoder(pooling=pooling), sequences()
    others = np.concatenate([sequences(3, seed=1), x[2:3]])

    alone = flat(model(x[2:3]))

    np.testing.assert_allclose(flat(model(x))[2:3], alone, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(flat(model(others))[3:], alone, rtol=1e-5, atol=1e-6)


def test_an_encoding_is_blocks_norm_mean_and_head():
    model, x = encoder(blocks=2), numbers(4, 4, WIDTH)
    mask = np.ones((4, 4, 4), bool)

    h = tf.constant(x + np.asarray(positions(4, WIDTH)))
    for block in model.body:
        h = plain_block(block, h, mask)
    h = np.asarray(h)
    gamma, beta = model.norm.get_weights()
    variance = h.var(-1, keepdims=True)
    h = (h - h.mean(-1, keepdims=True)) / np.sqrt(variance + 1e-6) * gamma + beta
    kernel, bias = model.posterior.dense.get_weights()
    loc, raw = np.split(h.mean(1) @ kernel + bias, 2, -1)

    np.testing.assert_allclose(model(x).loc, loc, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(model(x).scale, 1e-4 + np.logaddexp(0, raw), rtol=1e-3)


def test_a_sequence_without_positions_encodes_what_zeros_do():
    model = encoder()

    got = model(np.full((2, 3, WIDTH), np.nan, "float32"))

    np.testing.assert_allclose(flat(got), [flat(model.posterior(tf.zeros([1, WIDTH])))[0]] * 2)


def test_order_changes_an_encoding():
    model, x = encoder(), sequences()[:1]

    assert np.abs(flat(model(x)) - flat(model(x[:, ::-1]))).max() > 1e-3


def test_an_encoder_wants_sequences_of_vectors():
    with pytest.raises(ValueError, match=r"sequences \[N, T, C\], got examples of shape \(8,\)"):
        TransformerEncoder(3, heads=HEADS, hidden=HIDDEN).build((None, 8))


def test_an_unknown_pooling_suggests_the_nearest():
    with pytest.raises(
        ValueError, match="pooling='atention' is not known; did you mean 'attention'"
    ):
        TransformerEncoder(pooling="atention")


# From left to right


BODIES = {
    "transformer": lambda **o: CausalTransformer(2, HEADS, HIDDEN, **o),
    "lstm": lambda **o: CausalLSTM((5, 6), **o),
    "gru": lambda **o: CausalLSTM((5, 6), "gru", **o),
}
each_body = pytest.mark.parametrize("make", BODIES.values(), ids=BODIES)
LENGTHS = np.array([5, 1, 3, 4])
RAGGED = np.arange(5) < LENGTHS[:, None]


def forced(body, grid, seen=RAGGED):
    """States of all positions at once; zeros where none is."""
    rows = PackedBatch(tf.constant(seen))
    return np.asarray(rows.put(body(rows.take(tf.constant(grid)), rows=rows)))


@each_body
def test_steps_with_a_memory_equal_all_positions_at_once(make):
    body, grid = built(make(), None, WIDTH), numbers(4, 5, WIDTH)
    expected = forced(body, grid)

    memory, found = body.memory(4, 5), []
    for t in range(5):
        h, memory = body.step(tf.constant(grid[:, t]), memory, tf.constant(t))
        found.append(h)

    got = np.stack(found, 1)
    np.testing.assert_allclose(got[RAGGED], expected[RAGGED], rtol=1e-4, atol=1e-5)


@each_body
def test_room_for_more_positions_changes_no_step(make):
    body, grid = built(make(), None, WIDTH), tf.constant(numbers(4, 5, WIDTH))

    def two_steps(length):
        memory = body.memory(4, length)
        for t in range(2):
            h, memory = body.step(grid[:, t], memory, tf.constant(t))
        return h

    np.testing.assert_allclose(two_steps(2), two_steps(30), rtol=1e-4, atol=1e-6)


@each_body
@pytest.mark.parametrize("t", [1, 4])
def test_a_position_changes_none_before_it(make, t):
    body, grid = built(make(), None, WIDTH), numbers(4, 5, WIDTH)
    other, seen = grid.copy(), np.ones((4, 5), bool)
    other[:, t] = numbers(4, WIDTH, seed=5)

    a, b = forced(body, grid, seen), forced(body, other, seen)

    np.testing.assert_allclose(a[:, :t], b[:, :t], atol=1e-6)
    assert (np.abs(a[:, t:] - b[:, t:]).max(-1) > 1e-4).all()


@each_body
def test_padding_changes_no_state_and_no_gradient(make):
    body, grid = built(make(), None, WIDTH), numbers(4, 5, WIDTH)
    grids = grid, np.pad(grid, [(0, 0), (0, 6), (0, 0)], constant_values=7.0)
    seens = RAGGED, np.pad(RAGGED, [(0, 0), (0, 6)])

    def run(grid, seen):
        rows = PackedBatch(tf.constant(seen))
        return gradients(lambda h: body(h, rows=rows), grid[seen], body.trainable_variables)

    short, long = (run(*pair) for pair in zip(grids, seens, strict=True))

    assert_same(long, short, rtol=1e-4, atol=1e-4)


@each_body
def test_other_sequences_change_no_state(make):
    body, grid = built(make(), None, WIDTH), numbers(4, 5, WIDTH)

    alone = forced(body, grid[2:3], RAGGED[2:3])

    np.testing.assert_allclose(forced(body, grid)[2:3], alone, rtol=1e-4, atol=1e-6)


@each_body
def test_a_body_drops_in_training_alone(make):
    body, grid = built(make(dropout=0.5), None, WIDTH), numbers(4, 5, WIDTH)
    rows = PackedBatch(tf.constant(RAGGED))
    h = rows.take(tf.constant(grid))

    def run(training):
        return np.asarray(body(h, rows=rows, training=training))

    np.testing.assert_array_equal(run(False), run(False))
    assert (run(True) != run(True)).any()


@each_body
def test_a_body_comes_back_from_its_config(make):
    body = built(make(dropout=0.25), None, WIDTH)

    again = type(body).from_config(body.get_config())
    again.build((None, WIDTH))

    assert again.get_config() == body.get_config()
    assert [v.shape for v in again.variables] == [v.shape for v in body.variables]


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_steps_of_a_recurrent_layer_equal_its_call(kind):
    layer, x = built(kind(5), None, None, 3), tf.constant(numbers(4, 6, 3))

    state, found = layer.start(4), []
    for t in range(6):
        h, state = layer.step(x[:, t], state)
        found.append(h)

    np.testing.assert_allclose(np.stack(found, 1), layer(x), rtol=1e-5, atol=1e-6)


# Dropout


def test_dropout_does_nothing_outside_of_training():
    drop, x = Dropout(0.5), numbers(50, 4)

    np.testing.assert_array_equal(drop(x), x)
    np.testing.assert_array_equal(drop(x, training=False), x)


def test_dropout_at_rate_zero_does_nothing_at_all():
    drop, x = Dropout(0.0), numbers(50, 4)
    before = values(drop.variables)

    np.testing.assert_array_equal(drop(x, training=True), x)
    assert_same(values(drop.variables), before)


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.9])
def test_dropout_drops_its_fraction_and_scales_the_rest(rate):
    x = tf.fill([200, 500], 3.0)

    y = np.asarray(Dropout(rate)(x, training=True))

    assert abs((y == 0).mean() - rate) < 5 * np.sqrt(rate * (1 - rate) / y.size)
    np.testing.assert_allclose(y[y != 0], 3.0 / (1 - rate), rtol=1e-6)


def test_dropout_of_rows_drops_the_same_units_at_all_positions_of_an_example():
    rows = PackedBatch(tf.constant(np.random.default_rng(0).random((200, 30)) < 0.5))
    x = rows.take(tf.ones([200, 30, 20]))

    y = Dropout(0.3)(x, rows=rows, training=True)

    grid = np.where(np.asarray(rows.seen)[..., None], rows.put(y), np.nan)
    low, high = np.nanmin(grid, 1), np.nanmax(grid, 1)
    np.testing.assert_array_equal(low, high)
    assert y.shape == x.shape
    assert abs((low == 0).mean() - 0.3) < 5 * np.sqrt(0.3 * 0.7 / low.size)


def test_dropout_draws_anew_each_time_and_again_from_a_restored_state():
    drop, x = Dropout(0.5), tf.ones([50, 4])
    drop.build(x.shape)
    state = drop.seed_state.numpy().copy()

    first, second = (np.asarray(drop(x, training=True)) for _ in "ab")
    drop.seed_state.assign(state)
    again = np.asarray(drop(x, training=True))

    assert (first != second).any()
    np.testing.assert_array_equal(again, first)


def test_gradients_pass_where_nothing_is_dropped():
    drop = Dropout(0.5)
    drop.build((50, 4))

    y, gradient = gradients(lambda x: drop(x, training=True), np.ones((50, 4), "float32"), [])

    np.testing.assert_allclose(gradient, numbers(50, 4, seed=9) * y)


@pytest.mark.parametrize("rate", [1.0, 1.5, -0.1, float("nan")])
def test_dropout_wants_a_fraction_below_one(rate):
    with pytest.raises(ValueError, match=r"rate must be a fraction in \[0, 1\), got"):
        Dropout(rate)
