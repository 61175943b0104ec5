"""Tiny models that can compress, and data for them."""

import numpy as np

import zoo
from tests.helpers import data, small

GREY = zoo.likelihoods.DiscretizedLogisticLikelihood(5)
MODELS = {
    "binary": lambda: small("dense_vae"),
    "grey, mixture prior": lambda: small(
        "dense_vae", likelihood=GREY, prior=zoo.MixturePrior(2, 3, init_std=2.0)
    ),
    "classes, ladder": lambda: small("dense_ladder_vae", likelihood=zoo.likelihoods.Categorical(4)),
    "colours, ladder": lambda: small(
        "dense_ladder_vae",
        input_shape=(2, 2, 3),
        likelihood=zoo.likelihoods.DiscretizedLogisticMixture(2, levels=5),
    ),
}


def random_examples(vae, n, seed=0):
    """n examples of uniformly random symbols."""
    alphabet = zoo.compression.alphabet(vae.decoder.likelihood)
    k = np.random.default_rng(seed).integers(0, alphabet.count, (n, *vae.decoder.free_event_shape))
    return alphabet.values(k)


def binary_examples(n, seed=0):
    """n examples of 0 and 1 for a `dense_vae`."""
    return (data("dense_vae", n, seed) > 0.5).astype("float32")
