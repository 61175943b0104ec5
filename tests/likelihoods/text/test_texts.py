"""p(x|z) of texts and words; padding changes nothing."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import WORDS, data, forward, small
from tests.likelihoods.text.texts import (
    CODES,
    DECODERS,
    LENGTH,
    X,
    each_decoder,
    elbo,
    log_probs,
    padded,
    text_vae,
)
from zoo.core import elbo as nats
from zoo.core.samplers import MeanSampler
from zoo.likelihoods import Text


@each_decoder
def test_probability_is_that_of_each_word_given_those_before(vae):
    decoder, text = vae.decoder, vae.decoder.likelihood
    table = np.asarray(text.table, "float64")
    cache, word = decoder.body.init_cache(8, LENGTH), np.zeros(8, int)
    shift = decoder.shift(CODES)
    expected, going = np.zeros((8, 6)), np.ones(8, bool)
    for t in range(6):
        h, cache = decoder.body.step(text.embed(word) + shift, cache, tf.constant(t))
        logits = np.asarray(h, "float64") @ table.T
        log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        word = X[:, t] if t < 5 else np.zeros(8, int)
        expected[:, t] = np.where(going, log_p[np.arange(8), word], 0)
        going &= word != 0

    np.testing.assert_allclose(log_probs(vae, X), expected, rtol=1e-4, atol=1e-5)
    total = vae.decode(CODES).log_prob(X)
    np.testing.assert_allclose(total, expected.sum(-1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("decoder", DECODERS)
def test_probabilities_of_all_texts_sum_to_one(decoder):
    vae = text_vae(decoder, likelihood=Text(4, LENGTH, width=8))
    texts = [t for k in range(4) for t in itertools.product((1, 2, 3), repeat=k)]
    x = np.array([[*t, *[0] * (3 - len(t))] for t in texts])
    lengths = np.array([len(t) for t in texts])

    log_p = log_probs(vae, x, np.tile(CODES[:1], (len(x), 1))).astype("float64")

    for n in range(4):
        ended = np.exp(log_p.sum(-1))[lengths < n].sum()
        still_going = np.exp(log_p[:, :n].sum(-1))[lengths == n].sum()
        assert ended + still_going == pytest.approx(1, abs=1e-5)


@each_decoder
@pytest.mark.parametrize("t", [1, 4])
def test_a_word_changes_no_probability_before_it(vae, t):
    x = np.random.default_rng(0).integers(2, WORDS, (8, 5))
    other = x.copy()
    other[:, t] = 2 + (x[:, t] - 1) % (WORDS - 2)

    a, b = log_probs(vae, x), log_probs(vae, other)

    np.testing.assert_allclose(a[:, :t], b[:, :t], atol=1e-6)
    assert (np.abs(a[:, t:] - b[:, t:]).max(0) > 1e-3).all()


@each_decoder
def test_a_code_changes_every_probability(vae):
    change = np.abs(log_probs(vae, X) - log_probs(vae, X, CODES + 1.0))

    assert (change.max(0) > 1e-3).all()


def test_probability_per_word_ends_with_the_end(vae):
    log_p = log_probs(vae, np.array([[3, 4, 0], [0, 0, 0], [5, 6, 7]]), CODES[:3])

    assert log_p.shape == (3, 4)
    np.testing.assert_array_equal(log_p < 0, [[1, 1, 1, 0], [1, 0, 0, 0], [1, 1, 1, 1]])


def loss_and_gradients(vae, x):
    with tf.GradientTape() as tape:
        out = forward(vae, tf.constant(x), MeanSampler())
        loss = tf.reduce_mean(nats.nll(out) + nats.total_kl(out))
    return [loss, *tape.gradient(loss, [v.value for v in vae.trainable_variables])]


@each_decoder
def test_padding_never_changes_a_result(vae):
    longer = padded(X, LENGTH)

    a, b = vae.posterior(tf.constant(X)), vae.posterior(tf.constant(longer))
    np.testing.assert_allclose(a.loc, b.loc, atol=1e-5)
    np.testing.assert_allclose(a.scale, b.scale, atol=1e-5)
    np.testing.assert_allclose(log_probs(vae, X), log_probs(vae, longer)[:, :6], atol=1e-5)
    assert np.abs(log_probs(vae, longer)[:, 6:]).max() == 0
    np.testing.assert_allclose(elbo(vae, X), elbo(vae, longer), rtol=1e-5)


@each_decoder
def test_padding_never_changes_a_gradient(vae):
    short, long = loss_and_gradients(vae, X), loss_and_gradients(vae, padded(X, LENGTH))

    for p, q in zip(short, long, strict=True):
        assert np.isfinite(p).all()
        np.testing.assert_allclose(tf.convert_to_tensor(p), q, rtol=1e-3, atol=1e-5)


@each_decoder
def test_other_texts_change_nothing(vae):
    mates = data("transformer_vae", 8, seed=7)
    mates[3] = padded(X, LENGTH)[3]

    alone, among_others = vae.posterior(tf.constant(X[3:4])), vae.posterior(tf.constant(mates))
    np.testing.assert_allclose(among_others.loc[3:4], alone.loc, atol=1e-5)
    np.testing.assert_allclose(among_others.scale[3:4], alone.scale, atol=1e-5)
    expected = log_probs(vae, X[3:4], CODES[3:4])
    np.testing.assert_allclose(log_probs(vae, mates)[3:4, :6], expected, atol=1e-5)
    np.testing.assert_allclose(elbo(vae, mates)[3:4], elbo(vae, X[3:4]), rtol=1e-5)


def test_texts_without_words_have_a_result_and_finite_gradients(vae):
    x = np.zeros((3, 4), "int32")

    assert np.isfinite(elbo(vae, x)).all()
    assert all(np.isfinite(tf.convert_to_tensor(g)).all() for g in loss_and_gradients(vae, x))


def test_numbers_may_be_padded_beyond_the_longest_text(vae):
    far = padded(X, 40)

    np.testing.assert_array_equal(vae.preprocessor.to_array(far), padded(X, LENGTH))
    np.testing.assert_allclose(vae.encode(far).loc, vae.encode(X).loc, atol=1e-5)


def test_datasets_of_ragged_numbers_are_padded():
    ragged = tf.ragged.constant([[2, 3], [4, 5, 6], [2], [7] * LENGTH])
    dataset = tf.data.Dataset.from_tensor_slices(ragged).batch(3)
    vae = small("transformer_vae")
    vae.compile(run_eagerly=True)

    np.testing.assert_allclose(vae.encode(dataset).loc, vae.encode(ragged).loc, atol=1e-5)
    assert np.isfinite(vae.fit(dataset, verbose=0).history["loss"]).all()
