"""A class-conditional prior of three classes in two dimensions, in NumPy and as a distribution."""

import numpy as np
import tensorflow as tf
from scipy import special, stats

from zoo.priors.labels import LabelMixture

LOGITS = np.array([0.0, 1.0, -1.0], "float32")
LOC = np.array([[0.0, 1.0], [1.5, -0.5], [-1.0, -1.0]], "float32")
SCALE = np.array([[1.0, 0.5], [0.7, 0.8], [0.4, 1.2]], "float32")
WEIGHTS = special.softmax(LOGITS.astype("float64"))


def mixture():
    return LabelMixture(*map(tf.constant, (LOGITS, LOC, SCALE)))


def codes(n=6, seed=0):
    """Loc and scale of n posteriors."""
    rng = np.random.default_rng(seed)
    scale = np.exp(rng.uniform(-2, 0, (n, 2)))
    return rng.standard_normal((n, 2)).astype("float32"), scale.astype("float32")


def log_prob_by_class(z):
    return stats.norm.logpdf(np.asarray(z, "float64")[..., None, :], LOC, SCALE).sum(-1)


def log_prob(z):
    return special.logsumexp(log_prob_by_class(z) + np.log(WEIGHTS), -1)


def kl_by_class(loc, scale):
    loc, scale = (np.asarray(a, "float64")[:, None] for a in (loc, scale))
    nats = np.log(SCALE / scale) + (scale**2 + (loc - LOC) ** 2) / (2.0 * SCALE**2) - 0.5
    return nats.sum(-1)
