"""Texts and options that cannot be used."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import WORDS, small
from tests.likelihoods.text.texts import LENGTH, X, string_vae
from zoo.decoders import DenseDecoder, TextDecoder
from zoo.layers.autoregressive import CausalLSTM
from zoo.likelihoods import Text


def spoiled(row, column, value):
    x = X.copy()
    x[row, column] = value
    return x


METHODS = {
    "fit": lambda vae, x: vae.fit(x, verbose=0),
    "evaluate": lambda vae, x: vae.evaluate(x, verbose=0),
    "encode": lambda vae, x: vae.encode(x),
}
each_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
RANGE = "x must hold token ids from 0 to 10, got {} to {}"
BAD_NUMBERS = {
    "negative": (np.array([[3, -1]]), RANGE.format(-1, 3)),
    "too large": (np.array([[3, 11]]), RANGE.format(3, 11)),
    "too large in a list": ([[3, 11], [2]], RANGE.format(0, 11)),
    "too large for 32 bits": (np.array([[3, 2**32 + 5]]), f"from 0 to 10, got 3 to {2**32 + 5}"),
    "too large for 32 bits in a list": (
        [[3, 2**32 + 5], [2]],
        f"from 0 to 10, got 0 to {2**32 + 5}",
    ),
    "a word after the end": (
        spoiled(2, 1, 0),
        r"x must have only zeros after the 0 .* index \(2, 2\)",
    ),
    "too long": (np.full((2, 9), 3), "x must have texts of at most max_length=7 tokens, got 9"),
    "too long a list": ([[3] * 9, [2]], "x must have texts of at most max_length=7 tokens, got 9"),
    "a matrix each": (np.full((2, 3, 4), 3), "x"),
    "a vector": (np.array([3, 4, 5]), "x must"),
    "none": (X[:0], "at least one example"),
}
BAD_TYPES = {
    "floats": (X.astype("float32"), "x must be strings or integer token ids, got .* float32"),
    "truth": (X > 3, "x must be strings or integer token ids, got an array of bool"),
    "lists of floats": ([[2.0, 3.0], [4.0]], r"x\[0\] must be a list of integers, got float64"),
    "lists of strings": ([["a", "b"], ["c"]], r"x\[0\] must be a list of integers, got <U1"),
    "lists and numbers": ([[2, 3], 4], r"x\[1\] must be a list of integers"),
    "numbers and strings": ([3, "a"], "x must be strings or integer token ids"),
    "a lone string": ("the cat", "x must be an array or a dataset, got str"),
    "lone bytes": (b"the cat", "x must be an array or a dataset, got bytes"),
    "nothing": (None, "x must be an array or a dataset, got NoneType"),
}
BAD_INPUTS = {name: (x, ValueError, message) for name, (x, message) in BAD_NUMBERS.items()}
BAD_INPUTS |= {name: (x, TypeError, message) for name, (x, message) in BAD_TYPES.items()}
BAD_STRINGS = {
    "a number among strings": (["a", 3], TypeError, r"x\[1\] must be a string, got int"),
    "none among strings": (["a", None], TypeError, r"x\[1\] must be a string, got NoneType"),
    "a matrix": (np.array([["a", "b"]]), ValueError, r"x must be texts \[N\], got shape \(1, 2\)"),
    "a tensor of rank 2": (tf.constant([["a"]]), ValueError, r"x must be texts \[N\], got shape"),
    "a column of objects": (
        np.array([["a"], ["b"]], object),
        ValueError,
        r"x must be texts \[N\], got shape \(2, 1\)",
    ),
}


@pytest.fixture(scope="module")
def taught():
    """A model with weights and a vocabulary."""
    vae = string_vae(likelihood=Text(WORDS, LENGTH, width=8, vocabulary=("a", "b")), built=True)
    vae.compile(run_eagerly=True)
    return vae


@pytest.fixture
def ready(vae):
    vae.compile(run_eagerly=True)
    return vae


@each_method
@pytest.mark.parametrize(("x", "error", "message"), BAD_INPUTS.values(), ids=BAD_INPUTS)
def test_bad_numbers_and_types(ready, method, x, error, message):
    with pytest.raises(error, match=message):
        method(ready, x)


@each_method
@pytest.mark.parametrize(("x", "error", "message"), BAD_STRINGS.values(), ids=BAD_STRINGS)
def test_bad_strings(taught, method, x, error, message):
    with pytest.raises(error, match=message):
        method(taught, x)


@pytest.mark.parametrize(("x", "error", "message"), BAD_STRINGS.values(), ids=BAD_STRINGS)
def test_bad_strings_to_learn_words_from(x, error, message):
    with pytest.raises(error, match=message):
        string_vae().fit(x, verbose=0)


@pytest.mark.parametrize("x", [["a", "b"], tf.data.Dataset.from_tensors(["a", "b"])])
@pytest.mark.parametrize("method", ["encode", "elbo", "evaluate", "reconstruct"])
def test_strings_without_a_vocabulary_are_refused(method, x):
    with pytest.raises(
        ValueError, match="must be token ids while the model has no vocabulary, got strings"
    ):
        getattr(string_vae(), method)(x)


def test_numbers_of_a_vocabulary_end_with_it(taught):
    with pytest.raises(ValueError, match="from 0 to 3, got 2 to 4"):
        taught.encode(np.array([[2, 4]]))


def test_texts_without_any_word_teach_none():
    with pytest.raises(ValueError, match=r"^x "):
        string_vae().fit(["", " "], verbose=0)


def test_the_first_batch_of_a_dataset_is_checked(ready):
    dataset = tf.data.Dataset.from_tensors(spoiled(0, 0, 99))

    with pytest.raises(ValueError, match=r"x \(its first batch\) must hold token ids from"):
        ready.fit(dataset, verbose=0)


LATER = {
    "negative": (spoiled(0, 0, -3), "must hold token ids from 0 to 10, got -3"),
    "too large": (spoiled(0, 0, 99), "must hold token ids from 0 to 10, got 0 to 99"),
    "a word after the end": (
        spoiled(2, 1, 0),
        r"must have only zeros after the 0 .* index \(2, 2\)",
    ),
}


@pytest.mark.parametrize("method", ["fit", "encode", "elbo"])
@pytest.mark.parametrize(("x", "message"), LATER.values(), ids=LATER)
def test_later_batches_of_a_dataset_are_checked(ready, method, x, message):
    dataset = tf.data.Dataset.from_tensor_slices(np.stack([X, x]))

    with pytest.raises(ValueError, match=rf"^x \(batch 2\) {message}"):
        {**METHODS, "elbo": lambda vae, x: vae.elbo(x)}[method](ready, dataset)


@each_method
def test_floats_in_a_dataset(ready, method):
    dataset = tf.data.Dataset.from_tensors(X + 0.5)

    with pytest.raises(TypeError, match="must be strings or integer token ids, got an array of"):
        method(ready, dataset)


def test_a_dataset_that_is_not_batched(taught):
    with pytest.raises(ValueError, match=r"must be texts \[N\], got shape \(\)"):
        taught.fit(tf.data.Dataset.from_tensor_slices(["a", "b"]), verbose=0)


def test_bad_validation_data_is_named(ready):
    with pytest.raises(ValueError, match="validation_data must hold token ids from"):
        ready.fit(X, validation_data=(spoiled(0, 0, 99),), verbose=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vocabulary_size": 2}, "vocabulary_size must be at least 3, got 2"),
        ({"vocabulary_size": 0}, "vocabulary_size must be made of positive integers, got 0"),
        ({"max_length": 0}, "max_length must be made of positive integers, got 0"),
        ({"width": -1}, "width must be made of positive integers, got -1"),
        ({"vocabulary": ("a", "b", "a")}, "vocabulary must hold each word once"),
    ],
)
def test_bad_options_of_the_likelihood(options, message):
    with pytest.raises(ValueError, match=message):
        Text(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heads": 3}, "heads must divide the width, 8, got 3"),
        ({"heads": 3, "decoder": "lstm"}, "heads must divide the width, 8, got 3"),
        ({"dropout": 1.0}, r"^dropout must be a fraction in \[0, 1\), got 1.0"),
        ({"word_dropout": 1.0}, r"^word_dropout must be a fraction in \[0, 1\), got 1.0"),
        ({"decoder": "transfomer"}, "got 'transfomer'; did you mean 'tra"),
        ({"free_bits": -0.1}, "^free_bits must be None or nats from 0, got -0.1"),
        ({"free_bits": float("nan")}, "^free_bits must be None or nats from 0, got nan"),
        ({"pooling": "means"}, "got 'means'; did you mean 'mean'"),
        ({"likelihood": "txt"}, "got 'txt'; did you mean 'text'"),
        ({"decoder": CausalLSTM, "hidden": 0}, "hidden must be made of positive integers, got 0"),
    ],
)
def test_bad_options_of_the_model(options, message):
    with pytest.raises(ValueError, match=message):
        small("transformer_vae", **options)


@pytest.mark.parametrize("likelihood", ["normal", "bernoulli", None])
def test_a_text_decoder_refuses_other_likelihoods(likelihood):
    with pytest.raises(
        TypeError, match=r"likelihood must be 'text' or a zoo.likelihoods.Text, got"
    ):
        TextDecoder(likelihood=likelihood)


def test_a_dense_decoder_refuses_texts():
    decoder = DenseDecoder((LENGTH,), likelihood=Text(WORDS, LENGTH, width=8))

    with pytest.raises(TypeError, match=r"Text needs a decoder that reads tokens in order"):
        decoder(tf.zeros([2, 3]))
