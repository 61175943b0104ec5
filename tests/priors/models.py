"""A small model of vectors of three with a given prior, and data for it."""

import keras
import numpy as np

import zoo
from tests.helpers import optimizer
from zoo.decoders import DenseDecoder
from zoo.encoders import DenseEncoder


def rows(n=64, size=3, seed=0):
    return np.random.default_rng(seed).standard_normal((n, size)).astype("float32")


def model(prior, **options):
    """A small model of vectors of three with this prior."""
    keras.utils.set_random_seed(2)
    vae = zoo.VAE(
        zoo.SingleLatent(DenseEncoder(2, hidden=(8,)), prior=prior, **options),
        DenseDecoder(hidden=(8,), likelihood="shared_scale_normal"),
        seed=2,
    )
    vae.compile(optimizer(), jit_compile=False)
    return vae
