"""Small flows whose weights are not zero, and inputs for them."""

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo import flows

tfd = tfp.distributions

NAMES = tuple(flows.IDENTIFIERS)
ROWS = 4


def built(name, size=3, *, conditional=True, std=0.3, **options):
    """A small flow that is not the identity, unless std is 0."""
    keras.utils.set_random_seed(2)
    flow = flows.IDENTIFIERS[name](hidden=(16,), **{"steps": 2, **options})
    flow.build((None, size), conditional=conditional)
    rng = np.random.default_rng(0)
    for weight in flow.weights:
        weight.assign_add(std * rng.standard_normal(weight.shape))
    return flow


def numbers(*shape, seed=1):
    return tf.constant(np.random.default_rng(seed).standard_normal(shape), tf.float32)


def normal(size=3, rows=ROWS):
    """A Normal as an encoder returns it."""
    return tfd.Normal(numbers(rows, size), tf.exp(0.3 * numbers(rows, size, seed=2)))
