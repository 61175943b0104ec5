"""A tiny trained model and its folder."""

import numpy as np

import zoo

X = np.random.default_rng(0).random((8, 6), "float32")
OPTIONS = {"hidden": (64,), "latent_dim": 2, "activation": "elu"}
CARD = {
    "tag": "tiny",
    "summary": "noise",
    "data_licence": "CC0",
    "numbers": {"log p(x)": {"value": -4.25, "error": 0.1, "unit": "nats", "how": "8 rows"}},
}


def trained(name="dense_vae", **options):
    """A model of a table after one step."""
    vae = zoo.get(name, input_shape=6, seed=3, **{**OPTIONS, **options})
    vae.compile(run_eagerly=True)
    vae.fit(X, verbose=0)
    return vae
