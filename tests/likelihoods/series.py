"""Small models of time series and data for them."""

import keras
import numpy as np

import zoo

NAN = np.nan


def waves(n=12, steps=10, channels=2, seed=0, gaps=0.0):
    """Series far from zero and of different scales."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 6, (n, 1, channels))
    x = np.sin(np.arange(steps)[:, None] / 2 + phase) + 0.1 * rng.standard_normal(phase.shape)
    x = (x * np.array([3.0, 100.0])[:channels] + 50.0).astype("float32")
    x[rng.random(x.shape) < gaps] = NAN
    return x


def vae_of(x, **options):
    """A tiny `lstm_vae`, adapted to x and built, that runs eagerly."""
    keras.utils.set_random_seed(1)
    vae = zoo.get("lstm_vae", **{"latent_dim": 3, "units": (6,), "seed": 1, **options})
    vae.compile(run_eagerly=True)
    vae.adapt(x)
    vae.encode(x[:1])
    return vae


def padded(x, steps):
    """x with NaN after its end."""
    more = [(0, 0)] * x.ndim
    more[1] = (0, steps - x.shape[1])
    return np.pad(x, more, constant_values=NAN)
