"""Small models of vectors with a given prior, and data for them."""

import functools

import keras
import numpy as np

import zoo
from tests.helpers import optimizer
from zoo.decoders import DenseDecoder
from zoo.encoders import DenseEncoder


def rows(n=64, size=3, seed=0):
    return np.random.default_rng(seed).standard_normal((n, size)).astype("float32")


def clusters(rows=512):
    """Examples of four separated clusters."""
    rng = np.random.default_rng(0)
    means = np.array([[4, 4], [-4, 4], [4, -4], [-4, -4]])
    x = means[rng.integers(0, 4, rows)] + 0.2 * rng.standard_normal((rows, 2))
    return x.astype("float32")


def model(prior, *, hidden=8, seed=2, **options):
    """A small model of vectors with this prior."""
    keras.utils.set_random_seed(seed)
    # In few steps a fast scale would first follow the spread of all clusters.
    likelihood = zoo.likelihoods.SharedScaleNormal(scale_rate=1.0)
    vae = zoo.VAE(
        zoo.SingleLatent(DenseEncoder(2, hidden=(hidden,)), prior=prior, **options),
        DenseDecoder(hidden=(hidden,), likelihood=likelihood),
        seed=seed,
    )
    vae.compile(optimizer(), run_eagerly=True)
    return vae


def trained(prior):
    """A model with this prior, trained on `clusters()`."""
    vae = model(prior, hidden=32, seed=1)
    vae.compile(zoo.FusedAdam(1e-2), jit_compile=False)
    vae.fit(clusters(3072), epochs=5, batch_size=64, verbose=0)
    return vae


@functools.cache
def plain():
    """A trained model with the standard Normal, for the tests of all priors; not to be changed."""
    return trained(None)
