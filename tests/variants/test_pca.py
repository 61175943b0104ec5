"""Reconstruction by the defaults of every variant of numbers, compared with PCA.

`likelihoods/test_series_models.py` compares `lstm_vae` with it.
"""

import keras
import numpy as np
import pytest

import zoo
from zoo.core import nested

RANK, TRAIN, TEST, BATCH = 3, 512, 256, 32
SHAPES = {"tables": (64,), "images": (8, 8, 1)}
# Training steps, and the share of PCA's R2 that a variant must have reached by then. After few
# steps ladders are still behind; docs/results.md has the numbers of more.
STEPS = {"tables": 96, "images": 160, "modalities": 160}
LEAST = {"tables": 0.98, "images": 0.9, "modalities": 0.98}


def examples(kind, code):
    """Examples `[n, *shape]` whose values depend on a code `[n, 3]`, with a little noise."""
    shape, rng = SHAPES[kind], np.random.default_rng(0)
    weights = rng.normal(size=(RANK, *shape))
    for axis in range(1, len(shape)):  # neighbours are alike
        weights = sum(np.roll(weights, step, axis) for step in range(-1, 2))
    x = np.tensordot(code, weights / weights.std(), 1)
    x += 0.1 * np.random.default_rng(1).normal(size=x.shape)
    return (1 / (1 + np.exp(-4 * x))).astype("float32")  # nearly binary


def data(kind):
    """Training and held-out examples."""
    code = np.random.default_rng(2).normal(size=(TRAIN + TEST, RANK))
    if kind == "modalities":
        x = {"a": examples("tables", code), "b": 1 - examples("tables", code)[:, ::2]}
    else:
        x = examples(kind, code)
    return nested.take_rows(x, slice(TRAIN)), nested.take_rows(x, slice(TRAIN, None))


def flat(x):
    """All values of each example, `[n, F]`."""
    parts = x.values() if isinstance(x, dict) else [x]
    return np.concatenate([np.reshape(part, (len(part), -1)) for part in parts], 1)


def r_squared(x, means):
    return float(1 - np.square(x - means).sum() / np.square(x - x.mean(0)).sum())


def pca(x, test):
    """Reconstruction of test by the principal components of x."""
    mean = x.mean(0)
    axes = np.linalg.svd(x - mean, full_matrices=False)[2][:RANK]
    return mean + (test - mean) @ axes.T @ axes


@pytest.mark.parametrize(
    "name", [name for name in zoo.available() if zoo.card(name).data not in ("texts", "series")]
)
def test_defaults_reconstruct_as_well_as_pca(name):
    kind = zoo.card(name).data
    x, test = data(kind)
    keras.utils.set_random_seed(0)
    vae = zoo.get(name, latent_dim=RANK, seed=0)

    vae.fit(x, epochs=STEPS[kind] * BATCH // TRAIN, batch_size=BATCH, verbose=0)

    x, test, means = flat(x), flat(test), flat(vae.reconstruct(test))
    reached, linear = r_squared(test, means), r_squared(test, pca(x, test))
    assert reached >= LEAST[kind] * linear
