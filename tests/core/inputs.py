"""Models, data and calls for tests of bad input."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import data, optimizer, small

TABLE, IMAGES = data("dense_vae", 8), data("conv_vae", 8)


def ready(name, **options):
    vae = small(name, **options)
    vae.compile(optimizer(), run_eagerly=True)
    return vae


def fit(vae, x, *args, **kwargs):
    """`fit`, which must refuse its input before the first step."""
    try:
        return vae.fit(x, *args, verbose=0, **kwargs)
    finally:
        assert int(vae.optimizer.iterations.numpy()) == 0


def spoiled(value):
    x = TABLE.copy()
    x[3, 2] = value
    return x


METHODS = {
    "fit": fit,
    "evaluate": lambda vae, x: vae.evaluate(x, verbose=0),
    "predict": lambda vae, x: vae.predict(x, verbose=0),
    "encode": lambda vae, x: vae.encode(x),
    "reconstruct": lambda vae, x: vae.reconstruct(x),
    "elbo": lambda vae, x: vae.elbo(x),
    "log_likelihood": lambda vae, x: vae.log_likelihood(x, samples=2),
    "interpolate": lambda vae, x: vae.interpolate(x, x),
}
each_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


def batches(*xs):
    return tf.data.Dataset.from_tensor_slices(np.stack(xs))
