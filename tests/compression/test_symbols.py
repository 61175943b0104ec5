"""Alphabets: probabilities of symbols, and values that are not in the alphabet."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.compression.examples import GREY, binary_examples
from zoo.compression.symbols import elements

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("likelihood", ["bernoulli", GREY, zoo.likelihoods.Categorical(3)])
def test_symbol_probabilities_are_those_of_the_likelihood(likelihood):
    likelihood = zoo.likelihoods.IDENTIFIERS.get(likelihood, lambda: likelihood)()
    alphabet = zoo.compression.alphabet(likelihood)
    raw = RNG.normal(size=(7, 4, likelihood.params_size(3))).astype("float32")
    distribution = likelihood(tf.constant(raw))
    k = RNG.integers(0, alphabet.count, (7, 4, 3))

    probabilities = np.asarray(alphabet.probabilities(elements(distribution)))
    chosen = np.take_along_axis(probabilities, k[..., None], -1)

    assert probabilities.shape == (7, 4, 3, alphabet.count)
    np.testing.assert_allclose(probabilities.sum(-1), 1.0, rtol=1e-5)
    expected = distribution.log_prob(tf.constant(alphabet.values(k)))
    np.testing.assert_allclose(np.log(chosen).sum((1, 2, 3)), expected, rtol=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_grey_levels_are_exact_in_each_dtype(dtype):
    alphabet = zoo.compression.alphabet(zoo.likelihoods.DiscretizedLogisticLikelihood())
    x = np.arange(256).astype(dtype) / np.asarray(255, dtype)

    np.testing.assert_array_equal(alphabet.symbols(x), np.arange(256))
    np.testing.assert_array_equal(alphabet.values(np.arange(256), dtype), x)


@pytest.mark.parametrize("value", [0.3, -0.0, np.nextafter(np.float32(1), np.float32(0))])
def test_a_value_outside_of_the_alphabet_raises(vae, value):
    x = binary_examples(3)
    x[1, 2] = value

    with pytest.raises(ValueError, match=r"x must hold 0 and 1 only, got .* at index \(1, 2\)"):
        vae.compress(x)
