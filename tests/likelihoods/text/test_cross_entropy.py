"""The cross entropy in tiles and halves of a batch equals the plain form."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import assert_same, data, optimizer, values
from tests.likelihoods.text.texts import text_vae
from zoo.core import execution
from zoo.layers import batch_split as halves
from zoo.likelihoods.text import cross_entropy as softmax


@tf.function(autograph=False, reduce_retracing=True)
def in_a_graph(plain, h, table, targets):
    weights = tf.cast(tf.range(tf.shape(h)[0]) % 7 + 1, tf.float32)
    with tf.GradientTape() as tape, execution.tracing(jit_compile=not plain):
        tape.watch([h, table])
        losses = softmax.cross_entropy(h, table, targets)
        loss = tf.reduce_sum(losses * weights)
    return [losses, *tape.gradient(loss, [h, table])]


def head(count, scale=1.0):
    rng = np.random.default_rng(count)
    h, table = (rng.standard_normal(s).astype("float32") for s in ((count, 5), (9, 5)))
    return h * scale, table, rng.integers(0, 9, count).astype("int32")


def by_hand(h, table, targets):
    """Values and gradients in float64, from the formulas."""
    weights = np.arange(len(h)) % 7 + 1.0
    logits = h.astype("float64") @ table.T
    logits -= logits.max(-1, keepdims=True, initial=-np.inf)
    p = np.exp(logits)
    p /= p.sum(-1, keepdims=True)
    error = (p - np.eye(9)[targets]) * weights[:, None]
    losses = -(logits - np.log(np.exp(logits).sum(-1, keepdims=True)))[np.arange(len(h)), targets]
    return losses, error @ table, error.T @ h


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("count", [0, 1, 128, 129, 1024, 1025, 2100])
def test_cross_entropy_equals_its_formula_with_all_gradients(count, plain):
    arguments = head(count)

    got = in_a_graph(plain, *map(tf.constant, arguments))

    for a, b in zip(got, by_hand(*arguments), strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_cross_entropy_of_large_logits_is_finite():
    arguments = head(1300, scale=1e4)

    got = in_a_graph(True, *map(tf.constant, arguments))

    for a, b in zip(got, by_hand(*arguments), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1.0)


def test_tiles_are_for_plain_graphs_alone(monkeypatch):
    monkeypatch.setattr(softmax, "tiled", lambda *_: "tiled")
    monkeypatch.setattr(softmax, "plain", lambda *_: "plain")

    assert softmax.cross_entropy(*head(3)) == "plain"
    with execution.tracing(jit_compile=False):
        assert softmax.cross_entropy(*head(3)) == "tiled"
        with execution.tracing(jit_compile=True):
            assert softmax.cross_entropy(*head(3)) == "plain"
        assert softmax.cross_entropy(*head(3)) == "tiled"
    assert softmax.cross_entropy(*head(3)) == "plain"


@pytest.mark.parametrize(
    "least, dropped", [(1000, {"word_dropout": 0.3, "dropout": 0.1}), (16, {})]
)
def test_training_in_tiles_and_halves_gives_the_weights_of_plain_eager_training(
    monkeypatch, least, dropped
):
    x = data("transformer_vae", 120)
    monkeypatch.setattr(softmax, "MAX_TILE_ROWS", softmax.ROW_MULTIPLE)
    assert (x[:60] > 0).sum() > 2 * softmax.MAX_TILE_ROWS
    monkeypatch.setattr(halves, "MIN", least)  # each half draws for itself what it drops
    vaes, tiles = [text_vae(**dropped) for _ in "ab"], []
    tiled = softmax.tiled
    monkeypatch.setattr(softmax, "tiled", lambda *args: tiles.append(1) or tiled(*args))
    vaes[0].compile(optimizer(), jit_compile=False)
    vaes[0].fit(x, batch_size=60, verbose=0)
    assert tiles

    monkeypatch.setattr(softmax, "tiled", softmax.plain)
    vaes[1].compile(optimizer(), run_eagerly=True)
    vaes[1].fit(x, batch_size=60, verbose=0)

    trained = (values(vae.trainable_variables) for vae in vaes)
    assert_same(*trained, rtol=1e-3, atol=1e-4)
