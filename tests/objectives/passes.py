"""Passes with one stochastic layer of three dimensions, and values of terms for them."""

import dataclasses

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.outputs import Draw, Pass
from zoo.core.samplers import RandomSampler

tfd = tfp.distributions

STANDARD = tfd.Independent(tfd.Normal([0.0, 0.0, 0.0], 1.0), 1)


def passed(rows=6, samples=1, prior=STANDARD, seed=0, shift=0.0):
    """A pass with one stochastic layer of three dimensions."""
    rng = np.random.default_rng(seed)
    loc = tf.constant(rng.standard_normal((rows, 3)) + shift, tf.float32)
    return of(loc, tf.constant(rng.uniform(0.4, 0.8, (rows, 3)), tf.float32), samples, prior)


def of(loc, scale, samples=1, prior=STANDARD):
    q = tfd.Normal(loc + 0.0, scale + 0.0)
    sampler = RandomSampler(tf.constant([1, 2]), samples)
    z, log_q = sampler(q)
    return Pass((Draw(q, prior, z, log_q),), None, tf.zeros([loc.shape[0], 5]), sampler)


def twice(out):
    return dataclasses.replace(out, draws=2 * out.draws)


def values_of(term, out):
    nats = np.asarray(term.per_example(None, None, out))
    assert nats.shape == (out.target.shape[0],)
    return nats


def parts(out):
    q = out.draws[0].posterior
    return (np.asarray(a, "float64") for a in (q.loc, q.scale, out.draws[0].z))
