"""Reconstruction by a variant's defaults, compared with PCA of as many components.

`likelihoods/test_series_models.py` compares `lstm_vae` with it.
"""

import keras
import numpy as np

import zoo

BATCH, STEPS, COMPONENTS = 64, 300, 3


def pca_error(x, test):
    """Mean squared error of test from the principal components of x."""
    mean = x.mean(0)
    axes = np.linalg.svd(x - mean, full_matrices=False)[2][:COMPONENTS]
    return np.square(test - mean - (test - mean) @ axes.T @ axes).mean()


def table(n, seed):
    """Correlated columns `[n, 12]`, one of which depends on the others nonlinearly."""
    rng = np.random.default_rng(seed)
    code = rng.normal(size=(n, 3))
    x = code @ np.random.default_rng(0).normal(size=(3, 12)) + 0.3 * rng.normal(size=(n, 12))
    x[:, 0] += code[:, 0] ** 2
    return (x / 2).astype("float32")


def test_dense_vae_reconstructs_a_table_as_well_as_pca():
    x, test = table(512, seed=1), table(200, seed=2)
    keras.utils.set_random_seed(0)
    vae = zoo.get("dense_vae", latent_dim=COMPONENTS, likelihood="per_element_normal", seed=0)

    vae.fit(x, epochs=STEPS * BATCH // len(x), batch_size=BATCH, verbose=0)

    assert np.square(test - vae.reconstruct(test)).mean() <= pca_error(x, test)
