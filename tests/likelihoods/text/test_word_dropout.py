"""Word dropout and other dropout, in training alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import assert_same, forward, optimizer, values
from tests.likelihoods.text.texts import CODES, DECODERS, X, log_probs, text_vae
from zoo.core.samplers import MeanSampler


def read_by_the_body(vae, x, training, monkeypatch):
    """The words that the decoder embeds."""
    text, read = vae.decoder.likelihood, []
    embed = text.embed
    monkeypatch.setattr(text, "embed", lambda words: read.append(np.asarray(words)) or embed(words))
    p = vae.decoder(tf.zeros([len(x), 2]), event_shape=x.shape[1:], training=training)
    log_prob = p.log_prob_per_token(tf.constant(x))
    (words,) = read
    return words, np.asarray(log_prob)


def test_words_are_hidden_from_the_decoder_while_training(monkeypatch):
    vae, x = text_vae(word_dropout=0.3), np.full((400, 6), 5)

    words, _ = read_by_the_body(vae, x, True, monkeypatch)

    words = words.reshape(400, 7)
    assert (words[:, 0] == 0).all()  # the start is never hidden
    hidden = words[:, 1:] == 1
    assert (hidden | (words[:, 1:] == 5)).all()
    assert abs(hidden.mean() - 0.3) < 5 * np.sqrt(0.21 / hidden.size)
    assert hidden.any(0).all()


def test_no_word_is_hidden_outside_of_training(monkeypatch):
    vae, x = text_vae(word_dropout=0.9), np.full((50, 6), 5)

    words, _ = read_by_the_body(vae, x, False, monkeypatch)

    np.testing.assert_array_equal(words.reshape(50, 7), [[0, 5, 5, 5, 5, 5, 5]] * 50)


def test_hidden_words_are_still_targets(monkeypatch):
    vae, x = text_vae(word_dropout=0.99), np.tile([5, 7, 9, 3], (30, 1))

    words, log_prob = read_by_the_body(vae, x, True, monkeypatch)

    unknown = np.ones_like(x)
    blind = vae.decode(np.zeros((30, 2)))
    rows = (words.reshape(30, 5)[:, 1:] == 1).all(-1)
    assert rows.sum() > 5
    expected = []
    for t in range(4):
        prefix = np.c_[unknown[:, :t], x[:, t]]
        expected.append(blind.log_prob_per_token(prefix)[:, t])
    np.testing.assert_allclose(
        log_prob[rows][:, :4], np.stack(expected, 1)[rows], rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("decoder", DECODERS)
def test_results_outside_of_training_have_no_dropout(decoder):
    plain, dropped = text_vae(decoder), text_vae(decoder, dropout=0.5, word_dropout=0.5)
    for a, b in zip(plain.trainable_variables, dropped.trainable_variables, strict=True):
        b.assign(a)

    a, b = (vae(tf.constant(X), training=False) for vae in (plain, dropped))
    np.testing.assert_array_equal(a.draws[0].posterior.loc, b.draws[0].posterior.loc)
    np.testing.assert_array_equal(a.likelihood.log_prob(X), b.likelihood.log_prob(X))
    np.testing.assert_array_equal(log_probs(plain, X), log_probs(dropped, X))
    np.testing.assert_array_equal(plain.decode(CODES).mode(), dropped.decode(CODES).mode())


@pytest.mark.parametrize("decoder", ["transformer", "lstm"])
def test_training_resumed_from_a_file_drops_the_same_words(decoder, tmp_path):
    def new():
        vae = text_vae(decoder, dropout=0.3, word_dropout=0.3)
        vae.compile(optimizer(), run_eagerly=True)
        return vae

    whole, half = new(), new()
    whole.fit(X, epochs=2, verbose=0)
    half.fit(X, epochs=1, verbose=0)
    half.save(tmp_path / "half.keras")
    keras.utils.set_random_seed(99)
    resumed = keras.models.load_model(tmp_path / "half.keras")

    resumed.fit(X, initial_epoch=1, epochs=2, verbose=0)

    assert_same(values(resumed.variables), values(whole.variables))


@pytest.mark.parametrize("option", ["dropout", "word_dropout"])
@pytest.mark.parametrize("decoder", DECODERS)
def test_each_dropout_reaches_training(decoder, option):
    vae = text_vae(decoder, **{option: 0.5})

    def log_prob():
        return forward(vae, tf.constant(X), MeanSampler(), True).likelihood.log_prob(X)

    assert np.abs(log_prob() - log_prob()).max() > 1e-4
