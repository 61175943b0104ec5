"""Choosing a word from its logits."""

import numpy as np
import pytest
import tensorflow as tf

from tests.likelihoods.text.texts import CODES, assert_frequencies
from zoo.likelihoods.text.token_sampling import greedy, top_p_sampling

LOGITS = np.log([0.02, 0.1, 0.4, 0.03, 0.3, 0.15]).astype("float32")


def chosen(n=20_000, logits=LOGITS, seed=5, t=0, **options):
    """Number of times that each token is chosen in n draws."""
    choose = top_p_sampling(tf.constant([seed, 0]), **options)
    words = choose(tf.constant(np.tile(logits, (n, 1))), tf.constant(t))
    return np.bincount(words, minlength=len(logits))


def test_greedy_takes_the_most_probable_word():
    logits = np.random.default_rng(0).standard_normal((50, 6)).astype("float32")

    tokens = greedy(tf.constant(logits), 0)

    assert tokens.dtype == tf.int32
    np.testing.assert_array_equal(tokens, logits.argmax(-1))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_words_are_drawn_with_the_probabilities_of_a_softmax(temperature):
    p = np.exp(LOGITS.astype("float64") / temperature)

    assert_frequencies(chosen(temperature=temperature), p / p.sum())


@pytest.mark.parametrize(
    ("top_p", "kept"),
    [
        (1e-9, [2]),
        (0.39, [2]),
        (0.41, [2, 4]),
        (0.69, [2, 4]),
        (0.71, [2, 4, 5]),
        (0.94, [1, 2, 4, 5]),
        (0.97, [1, 2, 3, 4, 5]),
        (0.99, [0, 1, 2, 3, 4, 5]),
        (1.0, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_words_are_drawn_from_the_nucleus_in_proportion(top_p, kept):
    p = np.zeros(6)
    p[kept] = np.exp(LOGITS[kept])

    assert_frequencies(chosen(top_p=top_p), p / p.sum())


def test_the_nucleus_is_that_of_the_distribution_at_the_temperature():
    p = np.zeros(6)  # at 0.5 the shares are 0.57, 0.32, 0.08, ...
    p[[2, 4]] = np.exp(2 * LOGITS[[2, 4]])

    assert_frequencies(chosen(top_p=0.8, temperature=0.5), p / p.sum())


@pytest.mark.parametrize("top_p", [0.5, 0.9999999, 1.0])
def test_a_word_of_probability_zero_is_never_drawn(top_p):
    logits = LOGITS.copy()
    logits[[0, 5]] = -np.inf

    assert chosen(logits=logits, top_p=top_p)[[0, 5]].sum() == 0


def test_draws_are_those_of_the_seed_and_the_position():
    def draws(seed, t):
        choose = top_p_sampling(tf.constant([seed, 0]))
        return np.asarray(choose(tf.constant(np.tile(LOGITS, (100, 1))), tf.constant(t)))

    np.testing.assert_array_equal(draws(1, 3), draws(1, 3))
    assert (draws(1, 3) != draws(2, 3)).any()
    assert (draws(1, 3) != draws(1, 4)).any()


@pytest.mark.parametrize("temperature", [1e-3, 1e-30])
def test_the_smallest_temperatures_take_the_most_probable_word(temperature):
    assert chosen(100, LOGITS - 5, temperature=temperature)[2] == 100


@pytest.mark.parametrize("temperature", [0, 1e-38, -1.0, float("nan")])
def test_a_temperature_that_float32_cannot_divide_by_is_an_error(vae, temperature):
    with pytest.raises(ValueError, match="temperature must be at least 1e-30, got"):
        vae.decode(CODES).sample(seed=1, temperature=temperature)


@pytest.mark.parametrize("top_p", [0, -0.1, 1.5, float("nan")])
def test_a_top_p_that_is_no_probability_is_an_error(vae, top_p):
    with pytest.raises(ValueError, match=r"top_p must be a probability in \(0, 1\], got"):
        vae.decode(CODES).sample(seed=1, top_p=top_p)
