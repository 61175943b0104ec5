"""Reconstruction by each variant's defaults, compared with PCA of as many components."""

import keras
import numpy as np
import pytest

import zoo

BATCH = 64


def pca_error(x, test, components):
    """Mean squared error of test from the principal components of x."""
    x, test, mean = x.reshape(len(x), -1), test.reshape(len(test), -1), x.mean(0).reshape(-1)
    axes = np.linalg.svd(x - mean, full_matrices=False)[2][:components]
    return np.square(test - mean - (test - mean) @ axes.T @ axes).mean()


def table(n, seed):
    """Correlated columns `[n, 12]`, two of which depend on the others nonlinearly."""
    rng = np.random.default_rng(seed)
    code = rng.normal(size=(n, 3))
    x = code @ np.random.default_rng(0).normal(size=(3, 12)) + 0.3 * rng.normal(size=(n, 12))
    x[:, 0] += code[:, 0] ** 2
    return (x / 2).astype("float32")


def series(n, seed):
    """Waves of two periods and different levels in two channels, `[n, 24, 2]`."""
    rng, step = np.random.default_rng(seed), 2 * np.pi * np.arange(24) / 24
    waves = np.stack([np.sin(step), np.sin(2 * step), np.cos(2 * step), np.ones(24)])
    x = np.einsum("nd,dt->nt", rng.normal(size=(n, 4)), waves)
    return np.stack([x, 0.5 * np.roll(x, 1, 1)], -1) + 0.2 * rng.normal(size=(n, 24, 2))


# The noise of data and the KL cost a VAE a little that PCA does not pay.
@pytest.mark.parametrize(
    ("name", "data", "latent_dim", "steps", "tolerance"),
    [
        ("dense_vae", table, 3, 300, 1.0),
        ("lstm_vae", series, 4, 300, 1.25),
    ],
)
def test_a_variant_reconstructs_as_well_as_pca(name, data, latent_dim, steps, tolerance):
    x, test = data(512, seed=1), data(200, seed=2)
    options = {} if name == "lstm_vae" else {"likelihood": "per_element_normal"}
    keras.utils.set_random_seed(0)
    vae = zoo.get(name, latent_dim=latent_dim, seed=0, **options)

    vae.fit(x, epochs=steps * BATCH // len(x), batch_size=BATCH, verbose=0)

    error = np.square(test - vae.reconstruct(test)).mean()
    assert error <= tolerance * pca_error(x, test, latent_dim)
