"""Small models of texts, and functions that their tests share."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import WORDS, data, optimizer, small
from zoo.core.samplers import CommonSampler
from zoo.inference.scoring import elbo_terms
from zoo.layers.autoregressive import CausalLSTM
from zoo.likelihoods import Text

LENGTH = 7
X = data("transformer_vae", 8)[:, :5]  # some end within, some do not
CODES = np.random.default_rng(3).standard_normal((8, 2)).astype("float32")
TEXTS = ("The cat sat, on a mat!", "A dog ran (fast).", "", "the dog sat", "Élan and cat and élan")
DECODERS = {
    "transformer": lambda: "transformer",
    "lstm": lambda: "lstm",
    "gru": lambda: CausalLSTM((6, 5), "gru"),
}
each_decoder = pytest.mark.parametrize("vae", DECODERS, indirect=True)


def shaken(vae, seed=0):
    """The model with distributions that are far from uniform."""
    rng = np.random.default_rng(seed)
    for weight in vae.trainable_variables:
        weight.assign_add(0.3 * rng.standard_normal(weight.shape))
    return vae


def text_vae(decoder="transformer", **options):
    """A tiny model of token ids, without dropout by default."""
    options = {"dropout": 0.0, "word_dropout": 0.0, **options}
    return shaken(small("transformer_vae", decoder=DECODERS[decoder](), **options))


def string_vae(likelihood=None, **options):
    """A tiny model without a vocabulary."""
    likelihood = Text(40, LENGTH, width=8) if likelihood is None else likelihood
    options = {"built": False, "dropout": 0.0, "word_dropout": 0.0, **options}
    vae = small("transformer_vae", likelihood=likelihood, **options)
    vae.compile(optimizer(), run_eagerly=True)
    return vae


def padded(x, length):
    return np.pad(x, [(0, 0), (0, length - x.shape[1])])


def log_probs(vae, x, codes=CODES):
    return np.asarray(vae.decode(codes).log_prob_per_token(tf.constant(x)))


def elbo(vae, x):
    """As `VAE.elbo`, with nothing compiled."""
    return elbo_terms(vae, tf.constant(x), CommonSampler())["elbo"]


def first_word(vae, codes):
    """p(x_1 | z) of each number, from the probabilities of texts of one word: `[B, V]`."""
    log_p = [log_probs(vae, np.full((len(codes), 1), v), codes)[:, 0] for v in range(WORDS)]
    return np.exp(np.stack(log_p, 1).astype("float64"))


def can_be_written(p):
    """Probabilities given that the next word is not the unknown one."""
    p = np.array(p)
    p[..., 1] = 0
    return p / p.sum(-1, keepdims=True)


def assert_frequencies(counts, p):
    """Counts of n draws are within five standard deviations of n p."""
    n = counts.sum()
    assert (counts[p == 0] == 0).all()
    assert (np.abs(counts / n - p) <= 5 * np.sqrt(p * (1 - p) / n) + 1 / n).all(), (counts / n, p)


KINDS = {
    "list": list,
    "tuple": tuple,
    "object array": lambda texts: np.array(texts, object),
    "unicode array": np.array,
    "bytes": lambda texts: [text.encode() for text in texts],
    "tensor": tf.constant,
    "dataset": lambda texts: tf.data.Dataset.from_tensor_slices(list(texts)).batch(2),
}
