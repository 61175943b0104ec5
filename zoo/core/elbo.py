"""The ELBO and its parts, from a `Pass`, in nats per example."""

import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import is_integer, is_real
from zoo.core.arrays import as_array
from zoo.core.distributions import TransformedDistribution, kl, log_prior
from zoo.core.outputs import Pass
from zoo.core.samplers import tile, untile


def nll(out: Pass) -> tf.Tensor:
    """-log p(x|z), averaged over the draws: `[B]`, nats summed over the event."""
    return -_mean_over_samples(_log_likelihood(out), out)


def nll_by_modality(out: Pass) -> dict[str, tf.Tensor]:
    """-log p(x_m|z) of each modality m: name -> `[B]`, nats; empty for a model of one modality."""
    if not hasattr(out.likelihood, "log_prob_by_modality"):
        return {}
    log_probs = out.likelihood.log_prob_by_modality(tile(out.target, out.samples))
    return {name: -_mean_over_samples(value, out) for name, value in log_probs.items()}


def total_kl(out: Pass) -> tf.Tensor:
    """KL(q(z|x) || p(z)), summed over stochastic layers, averaged over draws: `[B]`, nats."""
    return sum(kl_by_level(out))


def kl_by_level(out: Pass) -> list[tf.Tensor]:
    """KL of each stochastic layer, averaged over draws: a list of `[B]`, nats, top level first.

    For a level below the top it is E_q(z above|x)[KL(q(z_l|x, z above) || p(z_l|z above))].
    """
    return [_mean_over_samples(kl(draw), out) for draw in out.draws]


def elbo(out: Pass) -> tf.Tensor:
    """Evidence lower bound E_q[log p(x|z)] - KL(q(z|x) || p(z)) <= log p(x): `[B]`, nats.

    Kingma and Welling, Auto-encoding variational Bayes, 2014.
    """
    return -nll(out) - total_kl(out)


def log_weights(out: Pass) -> tf.Tensor:
    """log p(x, z) - log q(z|x) for each draw: `[S, B]`, nats.

    Their log-mean-exp over S is the importance-weighted bound (Burda et al., 2016). Its expectation
    is at least the ELBO and at most log p(x).
    """
    log_weight = _log_likelihood(out)
    for draw in out.draws:
        log_weight += log_prior(draw) - draw.log_q
    return untile(log_weight, out.samples)


def posterior_means(out: Pass) -> list[tf.Tensor]:
    """Mean of q(z|x) of each stochastic layer, averaged over draws: a list of `[B, D_l]`.

    For a flow it is the transformed mean of the base, which is cheap and close to the mean.
    """
    means = []
    for draw in out.draws:
        q = draw.posterior
        transformed = isinstance(q, TransformedDistribution)
        mean = q.transformed_base_mean() if transformed else q.mean()
        # The posterior of a ladder's lower level has a mean for each draw of the levels above.
        size = tf.shape(tf.nest.flatten(out.target)[0])[0]
        means.append(tf.reduce_mean(tf.reshape(mean, [-1, size, mean.shape[-1]]), 0))
    return means


def mean_over_replicas(per_example):
    """Mean of `[B]` over the examples of all replicas: one replica's contribution, for Keras.

    Replicas may have different numbers of examples, or none. The gradient is that of
    sum / (examples of all replicas), which Keras adds up. The value is mean / replicas instead,
    because Keras reports the mean of replicas * value, weighted by their examples.
    """
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    if replicas == 1:
        return tf.reduce_mean(per_example)
    context = tf.distribute.get_replica_context()
    count, total = tf.cast(tf.size(per_example), per_example.dtype), tf.reduce_sum(per_example)
    count_of_all = context.all_reduce(tf.distribute.ReduceOp.SUM, count)
    contribution = tf.math.divide_no_nan(total, count_of_all)
    reported = tf.math.divide_no_nan(total, count * replicas)
    return contribution + tf.stop_gradient(reported - contribution)


def mutual_information(q: tfp.distributions.Normal, z: tf.Tensor) -> tf.Tensor:
    """I(x; z) = E[log q(z|x) - log q(z)] in nats, q(z) the mean of q(z|x) over N examples.

    An estimate from one draw for each example, at most log N. The rest of the KL, KL - I(x; z), is
    the KL of the aggregate posterior q(z) from the prior. Hoffman and Johnson, 2016.

    Args:
        q: a `tfd.Normal`, batch `[N, D]`, as returned by `VAE.encode`.
        z: a draw for each example, `[N, D]`.
    """
    constant = 0.5 * math.log(2 * math.pi) * z.shape[-1]
    loc, precision = tf.convert_to_tensor(q.loc), 1.0 / tf.square(q.scale)
    log_scales = tf.reduce_sum(tf.math.log(q.scale), -1)

    def log_densities(z):
        """Log q(z|x) of one z for each x, `[N]`."""
        return -0.5 * tf.reduce_sum(tf.square(z - loc) * precision, -1) - log_scales - constant

    n = tf.shape(z)[0]

    def log_ratio(i):
        log_q = log_densities(z[i])
        return log_q[i] - tf.reduce_logsumexp(log_q) + tf.math.log(tf.cast(n, tf.float32))

    return tf.reduce_mean(tf.map_fn(log_ratio, tf.range(n), fn_output_signature=tf.float32))


def bits_per_dimension(
    nats: float | np.ndarray, event_shape: tuple[int, ...]
) -> float | np.ndarray:
    """Convert a negative log-likelihood in nats per example to bits per dimension.

    That is nats / (n log 2) for an event of n numbers.

    >>> round(bits_per_dimension(784 * math.log(2), (28, 28, 1)), 6)
    1.0
    """
    nats = nats if is_real(nats) else as_array(nats, "nats")
    if not is_real(nats) and nats.dtype.kind not in "biuf":
        raise TypeError(f"nats must be a number or an array of numbers, got dtype {nats.dtype}")
    if not isinstance(event_shape, Sequence) or not all(
        is_integer(n) and n > 0 for n in event_shape
    ):
        raise ValueError(f"event_shape must be a tuple of positive integers, got {event_shape!r}")
    return nats / (math.prod(map(int, event_shape)) * math.log(2))


def _log_likelihood(out):
    log_prob = out.likelihood.log_prob(tile(out.target, out.samples))
    if log_prob.shape.rank not in (None, 1):
        raise ValueError(
            f"log_prob of p(x|z) must return one number for each example, [B], got shape "
            f"{log_prob.shape}: sum over the event, as tfd.Independent does"
        )
    return log_prob


def _mean_over_samples(values, out):
    """`[S * B]`, or `[B]` if the value does not depend on the draw, -> `[B]`."""
    if out.samples == 1:
        return values
    size = tf.shape(tf.nest.flatten(out.target)[0])[0]
    return tf.reduce_mean(tf.reshape(values, [-1, size]), 0)
