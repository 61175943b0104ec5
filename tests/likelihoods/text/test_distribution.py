"""Texts that are written word by word."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import WORDS
from tests.likelihoods.text.texts import (
    CODES,
    DECODERS,
    LENGTH,
    TEXTS,
    assert_frequencies,
    can_be_written,
    each_decoder,
    first_word,
    log_probs,
    string_vae,
    text_vae,
)


def after_the_end(x):
    """Token ids after the first 0 of each row, zeros before it."""
    return np.where(np.cumsum(x == 0, -1) > 0, x, 0)


@each_decoder
def test_mode_is_the_most_probable_word_each_time(vae):
    x = np.zeros((8, 0), int)
    for _ in range(LENGTH):
        each = [np.c_[x, np.full(8, v)] for v in (0, *range(2, WORDS))]  # never the unknown word
        log_p = log_probs(vae, np.concatenate(each), np.tile(CODES, (10, 1)))[:, x.shape[1]]
        best = log_p.reshape(10, 8).argmax(0)
        x = np.c_[x, np.where((x > 0).all(-1), best + (best > 0), 0)]

    np.testing.assert_array_equal(vae.decode(CODES).mode(), x)
    np.testing.assert_array_equal(vae.decode(CODES).mean(), x)


@each_decoder
@pytest.mark.parametrize("options", [{"temperature": 1e-4}, {"top_p": 1e-6}])
def test_sharp_samples_are_the_mode(vae, options):
    p = vae.decode(CODES)

    np.testing.assert_array_equal(p.sample(seed=1, **options), p.mode())


@each_decoder
def test_first_words_are_drawn_with_their_probability(vae):
    n = 20_000
    p = can_be_written(first_word(vae, CODES[:1])[0])

    words = vae.decode(np.tile(CODES[:1], (n, 1)), event_shape=(1,)).sample(seed=3)

    assert words.shape == (n, 1)
    assert_frequencies(np.bincount(words[:, 0], minlength=WORDS), p)


@each_decoder
def test_pairs_of_words_are_drawn_with_their_probability(vae):
    n, code = 20_000, np.tile(CODES[:1], (WORDS, 1))
    first = can_be_written(first_word(vae, CODES[:1])[0])
    second = np.zeros((WORDS, WORDS))
    for v in range(WORDS):
        x = np.stack([np.full(WORDS, v), np.arange(WORDS)], 1)
        second[v] = np.exp(log_probs(vae, x, code)[:, 1].astype("float64"))
    p = first[:, None] * can_be_written(second)
    p[0] = 0
    p[0, 0] = first[0]

    x = np.asarray(vae.decode(np.tile(CODES[:1], (n, 1)), event_shape=(2,)).sample(seed=4))

    counts = np.bincount(x[:, 0] * WORDS + x[:, 1], minlength=WORDS**2)
    assert_frequencies(counts, p.ravel())


@each_decoder
def test_nothing_is_written_after_the_end(vae):
    x = np.asarray(vae.decode(np.tile(CODES, (50, 1))).sample(seed=1))
    lengths = (x > 0).sum(-1)

    assert after_the_end(x).max() == 0
    assert lengths.min() < 2
    assert lengths.max() == LENGTH


def prefer(vae, logits):
    """Make the logits of each next word these, whatever was read."""
    norm, text = vae.decoder.body.norm, vae.decoder.likelihood
    norm.gamma.assign(np.zeros(text.width))
    norm.beta.assign(np.eye(text.width)[0])
    text.table.assign(logits[:, None] * np.eye(text.width)[:1])


def test_each_text_ends_on_its_own():
    vae = text_vae()
    prefer(vae, np.eye(WORDS)[0] * 50)

    assert np.abs(vae.decode(CODES).sample(seed=1)).max() == 0


def test_a_seed_reproduces_and_another_differs(vae):
    p = vae.decode(CODES)

    np.testing.assert_array_equal(p.sample(seed=1), p.sample(seed=1))
    np.testing.assert_array_equal(p.sample(seed=1), p.sample(seed=tf.constant([1, 0])))
    assert (p.sample(seed=1) != p.sample(seed=2)).numpy().any()
    assert (p.sample() != p.sample()).numpy().any()


def test_a_seed_may_be_numpys_integer(vae):
    p = vae.decode(CODES)

    np.testing.assert_array_equal(p.sample(seed=np.int64(1)), p.sample(seed=1))


@pytest.mark.parametrize("options", [{}, {"temperature": 50.0}, {"top_p": 0.9}])
def test_neither_the_unknown_token_nor_ids_beyond_the_vocabulary_are_sampled(options):
    vae = string_vae(built=True)
    vae.adapt(TEXTS)
    text = vae.decoder.likelihood
    assert text.token_count < text.vocabulary_size == 40
    wanted = np.full(40, 30.0)  # what may not be written is what is wanted
    wanted[[0, *range(2, text.token_count)]] = [0.0, *[1.0] * (text.token_count - 2)]
    prefer(vae, wanted)
    p = vae.decode(np.tile(CODES, (20, 1)))

    for x in (np.asarray(p.sample(seed=1, **options)), np.asarray(p.mode())):
        assert x.max() < text.token_count
        assert (x != 1).all()
        assert x.max() > 1


@pytest.mark.parametrize("length", [1, 3, 12])
def test_texts_of_any_length_can_be_asked_for(vae, length):
    assert vae.generate(3, seed=1, event_shape=(length,)).shape == (3, length)


@pytest.mark.parametrize("decoder", ["transformer", "lstm"])
def test_a_graph_decodes_the_same(decoder):
    vae = text_vae(decoder)

    def write(z):
        p = vae.decode(z)
        return p.mode(), p.sample(seed=1)

    mode, sample = tf.function(write)(tf.constant(CODES))
    expected_mode, expected_sample = write(CODES)

    np.testing.assert_array_equal(mode, expected_mode)
    np.testing.assert_array_equal(sample, expected_sample)


@pytest.mark.parametrize("decoder", DECODERS)
def test_mixed_bfloat16_decodes_too(decoder):
    keras.config.set_dtype_policy("mixed_bfloat16")
    vae = text_vae(decoder)

    x = vae.generate(4, seed=1)

    assert x.shape == (4, LENGTH)
    assert after_the_end(x).max() == 0
    assert x.max() < WORDS
