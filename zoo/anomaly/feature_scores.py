"""Anomaly scores of single features: pixels, time steps, columns."""

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core import inputs, validation
from zoo.core.forward import forward_pass
from zoo.core.samplers import CommonSampler, tile, untile
from zoo.inference import batching
from zoo.model import VAE

tfd = tfp.distributions

# Methods of distributions that return log p of each feature, in the shape of x.
METHODS = ("log_prob_per_column", "log_prob_per_value")


def feature_scores(
    vae: VAE,
    x: np.ndarray | tf.data.Dataset,
    *,
    samples: int = 16,
    seed: int = 0,
    batch_size: int = 256,
) -> np.ndarray:
    """E_q[log p(x_i|z)] of each feature i, `[N, *event]` nats; higher is more normal.

    The sum over the event is the score "reconstruction_probability". A missing value has the score
    0.

    Args:
        vae: a `VAE` whose likelihood factorises: log p(x|z) = sum_i log p(x_i|z).
        x: array or dataset.
        samples, seed: number of noise values for z, which all examples share, and their seed; as
            in `VAE.elbo`.
        batch_size: examples at a time.

    Raises:
        TypeError: the likelihood does not factorise, for example that of texts, where each token
            depends on those before it.
    """
    inputs.require_vae(vae, "vae")
    validation.check_counts(samples=samples)
    seed = validation.as_seed(seed)

    def mean_log_probs(batch, seed):
        out = forward_pass(vae, batch, CommonSampler(seed[0], samples))
        log_probs = log_prob_per_feature(out.likelihood, tile(out.target, samples))
        return tf.reduce_mean(untile(log_probs, samples), 0)

    return batching.map_batches(
        vae, ("feature_scores", samples), mean_log_probs, x, batch_size, seed
    )


def log_prob_per_feature(likelihood, x):
    """log p(x_i|z) in the shape of x, of a distribution p(x|z) = prod_i p(x_i|z)."""
    for method in METHODS:
        if hasattr(likelihood, method):
            return getattr(likelihood, method)(x)
    # Wrappers of this package hold the wrapped distribution as `distribution`; of TFP's wrappers,
    # only Independent is a product over features.
    product = likelihood
    if not isinstance(product, tfd.Distribution):
        product = getattr(product, "distribution", None)
    factorises = isinstance(product, tfd.Independent)
    if not factorises or len(product.distribution.batch_shape) != len(x.shape):
        raise TypeError(
            "the likelihood of vae must be a product over features, got "
            f"{type(likelihood).__name__}: use a score of whole examples, such as 'elbo'"
        )
    return product.distribution.log_prob(tf.cast(x, product.dtype))
