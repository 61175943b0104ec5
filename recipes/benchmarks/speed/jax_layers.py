"""Layers of the JAX networks; parameters are nested dicts of arrays."""

import numpy as np
from jax import numpy as jnp


def glorot(rng, *shape):
    receptive = int(np.prod(shape[:-2]))
    limit = np.sqrt(6.0 / (receptive * (shape[-2] + shape[-1])))
    return jnp.asarray(rng.uniform(-limit, limit, shape), jnp.float32)


def init_dense(rng, n_in, n_out):
    return {"w": glorot(rng, n_in, n_out), "b": jnp.zeros(n_out)}


def dense(p, x):
    return x @ p["w"] + p["b"]


def init_norm(channels):
    return {"gamma": jnp.ones(channels), "beta": jnp.zeros(channels)}
