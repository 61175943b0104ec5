"""A small `multimodal_vae` of three vectors and data for it."""

import keras
import numpy as np

import zoo
from tests.helpers import optimizer
from zoo.decoders import DenseDecoder
from zoo.encoders import DenseEncoder
from zoo.likelihoods import SharedScaleNormal

ROWS = 24


def vectors(rows=ROWS, seed=0):
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((rows, 2))
    return {
        name: (shared @ rng.standard_normal((2, width))).astype("float32")
        for name, width in (("a", 5), ("b", 4), ("c", 3))
    }


def small(**options):
    """Three vectors with small dense layers."""
    keras.utils.set_random_seed(2)
    names = ("a", "b", "c")
    vae = zoo.get(
        "multimodal_vae",
        latent_dim=2,
        encoders={n: DenseEncoder(2, hidden=(8,)) for n in names},
        decoders={n: DenseDecoder(hidden=(8,), likelihood=SharedScaleNormal()) for n in names},
        input_shape=dict(zip(names, ((5,), (4,), (3,)), strict=True)),
        seed=2,
        **options,
    )
    vae.compile(optimizer(), run_eagerly=True)
    return vae


def holes(rows=ROWS, seed=3):
    """Random masks of the modalities that each example has; each has at least one."""
    rng = np.random.default_rng(seed)
    present = {name: rng.random(rows) < 0.6 for name in ("a", "b", "c")}
    present["c"] |= ~(present["a"] | present["b"])
    return present


def with_garbage(x, present, value):
    """x with `value` in the rows of what is missing."""
    rows = {name: there[:, None] for name, there in present.items()}
    return {**{n: np.where(rows[n], x[n], np.float32(value)) for n in x}, "present": present}
