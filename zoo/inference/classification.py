"""Classes of examples, and codes of classes, for models whose prior is a `LabelPrior`."""

import numpy as np
import tensorflow as tf

from zoo.core import validation
from zoo.core.argument_values import is_integer
from zoo.core.arrays import as_array
from zoo.core.forward import forward_pass
from zoo.core.random import normal
from zoo.core.samplers import CommonSampler, untile
from zoo.inference.batching import map_batches
from zoo.priors import LabelPrior


def classify(model, x, samples=4, seed=0, batch_size=256):
    """p(y|x) = E_q[p(y|z)], p(y|z) = p(y) p(z|y) / p(z): `[N, C]`, each row sums to 1.

    Deterministic: the mean over a few fixed, balanced values of z's noise, as in `VAE.elbo`.

    Args:
        model: a `VAE` whose latents have a `zoo.LabelPrior`.
        x: array or dataset.
        samples: number of values of the noise.
        seed: an integer; the same seed gives the same noise.
        batch_size: examples at a time.

    Raises:
        TypeError: the model has another prior.
    """
    validation.check_counts(samples=samples)
    seed = validation.as_seed(seed)
    label_prior(model)

    def probabilities(batch, seed):
        (draw,) = forward_pass(model, batch, CommonSampler(seed[0], samples)).draws
        return tf.reduce_mean(untile(tf.exp(draw.prior.log_class(draw.z)), samples), 0)

    return map_batches(model, ("classify", samples), probabilities, x, batch_size, seed)


def class_codes(model, n, label, seed):
    """n codes from p(z|y), `[n, D]`.

    Args:
        model: a `VAE`, built, whose latents have a `zoo.LabelPrior`.
        n: number of codes.
        label: the class, in 0 .. C - 1; or one for each code, integers `[n]`.
        seed: an integer.

    Raises:
        TypeError: the model has another prior.
        ValueError: label is not a class of the prior, or not one for each code.
    """
    prior = label_prior(model)
    labels = np.full(n, label) if is_integer(label) else as_array(label, "label")
    if labels.shape != (n,) or not np.isin(labels, np.arange(prior.classes)).all():
        raise ValueError(
            f"label must be a class in 0 .. {prior.classes - 1}, or one for each of n={n}, "
            f"got {label!r}"
        )
    given = prior.distribution().conditional(labels.astype("int32")).distribution
    return given.loc + given.scale * normal([n, prior.latent_dim], tf.constant([seed, 0]))


def label_prior(model):
    """The model's `LabelPrior`; raises `TypeError` if it has another prior."""
    prior = getattr(model.latents, "prior", None)
    if not isinstance(prior, LabelPrior):
        raise TypeError(
            f"the model's prior must be a zoo.LabelPrior, got a {type(prior).__name__}: pass "
            "prior=zoo.LabelPrior(...) to zoo.get"
        )
    return prior
