"""The transformer encoder: padding, order and its formula."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import assert_same
from tests.layers.sequence_layers import (
    HEADS,
    HIDDEN,
    WIDTH,
    built,
    gradients,
    numbers,
    plain_block,
)
from zoo.encoders import TransformerEncoder
from zoo.layers.positions import position_encoding


def sequences(n=5, steps=6, seed=0):
    """Sequences of different lengths, padded with NaN; the second is empty."""
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
def test_padding_changes_neither_encoding_nor_gradients(pooling):
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
def test_an_encoding_does_not_depend_on_the_rest_of_the_batch(pooling):
    model, x = encoder(pooling=pooling), sequences()
    others = np.concatenate([sequences(3, seed=1), x[2:3]])

    alone = flat(model(x[2:3]))

    np.testing.assert_allclose(flat(model(x))[2:3], alone, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(flat(model(others))[3:], alone, rtol=1e-5, atol=1e-6)


def test_encoder_equals_blocks_norm_mean_and_head():
    model, x = encoder(blocks=2), numbers(4, 4, WIDTH)
    mask = np.ones((4, 4, 4), bool)

    h = tf.constant(x + np.asarray(position_encoding(4, WIDTH)))
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


def test_an_empty_sequence_has_the_posterior_of_zero_features():
    model = encoder()

    got = model(np.full((2, 3, WIDTH), np.nan, "float32"))

    np.testing.assert_allclose(flat(got), [flat(model.posterior(tf.zeros([1, WIDTH])))[0]] * 2)


def test_an_encoding_depends_on_the_order_of_positions():
    model, x = encoder(), sequences()[:1]

    assert np.abs(flat(model(x)) - flat(model(x[:, ::-1]))).max() > 1e-3


def test_inputs_that_are_not_sequences_of_vectors_are_an_error():
    with pytest.raises(ValueError, match=r"sequences \[N, T, C\], got examples of shape \(8,\)"):
        TransformerEncoder(3, heads=HEADS, hidden=HIDDEN).build((None, 8))


def test_an_unknown_pooling_suggests_the_nearest():
    with pytest.raises(
        ValueError, match=r"pooling must be one of .*, got 'atention'; did you mean 'attention'"
    ):
        TransformerEncoder(pooling="atention")
