"""Which features of an example are strange: pixels, steps, columns."""

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core import validation
from zoo.core.forward import forward_pass
from zoo.core.samplers import CommonSampler, tile, untile
from zoo.inference import batching

tfd = tfp.distributions

# Methods of likelihoods that give log p of single features, in the shape of x.
METHODS = ("log_prob_per_column", "log_prob_per_value")


def feature_scores(vae, x, *, samples=16, seed=0, batch_size=256):
    """E_q[log p(x_i|z)] of each feature i, `[N, *event]` nats: higher is more normal.

    Their sum over the event is the score "reconstruction_probability". A missing value has 0.

    Args:
        vae: a `VAE` whose likelihood factorises: log p(x|z) = sum_i log p(x_i|z).
        x: array or dataset.
        samples, seed: values of z's noise, as in `VAE.elbo`.
        batch_size: examples at a time.

    Raises:
        TypeError: the likelihood is of another kind, one of texts for instance, in which each word
            depends on those before it.
    """
    validation.count(samples=samples)
    seed = validation.seed(seed)

    def scores(batch, unused):
        out = forward_pass(vae, batch, CommonSampler(seed, samples))
        found = log_prob_per_feature(out.likelihood, tile(out.target, samples))
        return tf.reduce_mean(untile(found, samples), 0)

    return batching.map_batches(vae, ("feature_scores", samples, seed), scores, x, batch_size)


def log_prob_per_feature(likelihood, x):
    """log p(x_i|z) in the shape of x, where p(x|z) is their product."""
    for method in METHODS:
        if hasattr(likelihood, method):
            return getattr(likelihood, method)(x)
    # zoo's own wrappers keep what they wrap; of TFP's, only Independent is a product.
    inner = likelihood
    if not isinstance(inner, tfd.Distribution):
        inner = getattr(inner, "distribution", None)
    if not isinstance(inner, tfd.Independent) or len(inner.distribution.batch_shape) != len(
        x.shape
    ):
        raise TypeError(
            "feature_scores needs a likelihood that is a product over features, got "
            f"{type(likelihood).__name__}"
        )
    return inner.distribution.log_prob(tf.cast(x, inner.dtype))
