"""Classes of examples, and examples of classes, for models whose prior is a `LabelPrior`."""

import numpy as np
import tensorflow as tf

from zoo.core import inputs, validation
from zoo.core.random import normal
from zoo.core.samplers import CommonSampler, untile
from zoo.core.serialization import is_integer
from zoo.inference import batching
from zoo.priors import LabelPrior


def classify(model, x, samples=4, seed=0, batch_size=256):
    """p(y|x) = E_q[p(y|z)], p(y|z) = p(y) p(z|y) / p(z): `[N, C]`, each row sums to 1.

    Deterministic: the mean over a few fixed, balanced values of z's noise, as in `VAE.elbo`.

    Args:
        model: a `VAE` whose latents have a `zoo.LabelPrior`.
        x: array or dataset.
        samples: how many values of the noise.
        seed: an integer; the same seed gives the same noise.
        batch_size: examples at a time.

    Raises:
        TypeError: the model's prior is another one.
    """
    validation.count(samples=samples)
    seed = validation.seed(seed)
    _label_prior(model)

    def probabilities(batch, unused):  # the noise is a constant of the program
        (draw,) = model.run(batch, CommonSampler(seed, samples)).draws
        return tf.reduce_mean(untile(tf.exp(draw.prior.log_class(draw.z)), samples), 0)

    return batching.over_batches(model, ("classify", samples, seed), probabilities, x, batch_size)


def generate(model, n, *, label, seed=None, batch_size=256):
    """n new examples of one class: E[x|z] for z from p(z|y), `[n, *event]`.

    Args:
        model: a `VAE` whose latents have a `zoo.LabelPrior`.
        n: how many.
        label: the class, in 0 .. C - 1; or one for each, integers `[n]`.
        seed: an integer; None: new each time.
        batch_size: codes to decode at a time.

    Raises:
        TypeError: the model's prior is another one.
        ValueError: label is no such class, or not one for each.
    """
    validation.count(n=n)
    prior = _label_prior(model)
    inputs.built(model)
    labels = np.full(n, label) if is_integer(label) else np.asarray(label)
    if labels.shape != (n,) or not np.isin(labels, np.arange(prior.classes)).all():
        raise ValueError(
            f"label must be a class in 0 .. {prior.classes - 1}, or one for each of n={n}, "
            f"got {label!r}"
        )
    seed = int(np.random.default_rng().integers(2**31)) if seed is None else validation.seed(seed)
    given = prior.distribution().conditional(labels.astype("int32")).distribution
    noise = normal([n, prior.latent_dim], tf.constant([seed, 0]))
    return batching.decode_means(model, given.loc + given.scale * noise, batch_size)


def _label_prior(model):
    prior = getattr(model.latents, "prior", None)
    if not isinstance(prior, LabelPrior):
        raise TypeError(
            "a model with prior=zoo.LabelPrior(...) is needed, this one's is a "
            f"{type(prior).__name__}"
        )
    return prior
