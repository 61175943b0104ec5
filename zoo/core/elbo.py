"""What a `Pass` is worth, in nats per example: the quantities that losses and scores share."""

import math

import tensorflow as tf

from zoo.core.distributions import kl, log_prior
from zoo.core.samplers import tile, untile


def nll(out):
    """-log p(x|z), averaged over the draws: `[B]`, nats summed over the event."""
    return -_mean_over_samples(_log_likelihood(out), out)


def nll_by_modality(out):
    """The same for each modality: name -> `[B]`; empty where x is not made of named parts."""
    if not hasattr(out.likelihood, "log_prob_by_modality"):
        return {}
    found = out.likelihood.log_prob_by_modality(tile(out.target, out.samples))
    return {name: -_mean_over_samples(value, out) for name, value in found.items()}


def total_kl(out):
    """KL(q(z|x) || p(z)), summed over stochastic layers, averaged over draws: `[B]`, nats."""
    return sum(kl_by_level(out))


def kl_by_level(out):
    """The KL of each stochastic layer, averaged over draws: a list of `[B]`, nats, the top first.

    Of a level below the top it is E_q(z above|x)[KL(q(z_l|x, z above) || p(z_l|z above))].
    """
    return [_mean_over_samples(kl(draw), out) for draw in out.draws]


def elbo(out):
    """The evidence lower bound E_q[log p(x|z)] - KL(q(z|x) || p(z)) <= log p(x): `[B]`, nats.

    Kingma and Welling, Auto-encoding variational Bayes, 2014.
    """
    return -nll(out) - total_kl(out)


def log_weights(out):
    """log p(x, z) - log q(z|x) for each draw: `[S, B]`, nats.

    Their log-mean-exp over S is the importance-weighted bound (Burda et al., 2016): at least the
    ELBO, at most log p(x), in expectation.
    """
    joint = _log_likelihood(out)
    for draw in out.draws:
        joint += log_prior(draw) - draw.log_q
    return untile(joint, out.samples)


def posterior_means(out):
    """Where q(z|x) lies, of each stochastic layer: a list of `[B, D_l]`, averaged over draws."""
    found = []
    for draw in out.draws:
        q = draw.posterior
        centre = q.transformed_base_mean() if hasattr(q, "transformed_base_mean") else q.mean()
        # A ladder's lower layers have one for each draw of those above.
        size = tf.shape(tf.nest.flatten(out.target)[0])[0]
        found.append(tf.reduce_mean(tf.reshape(centre, [-1, size, centre.shape[-1]]), 0))
    return found


def mean_over_replicas(per_example):
    """A replica's share of the mean of `[B]` over the examples of all replicas, as Keras wants it.

    Replicas need not have equally many examples, nor any. The gradient is that of
    sum / (examples of all), which Keras adds up. The value is mean / replicas instead: Keras
    reports the mean of replicas * value, weighted by their examples.
    """
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    if replicas == 1:
        return tf.reduce_mean(per_example)
    context = tf.distribute.get_replica_context()
    here, total = tf.cast(tf.size(per_example), per_example.dtype), tf.reduce_sum(per_example)
    everywhere = context.all_reduce(tf.distribute.ReduceOp.SUM, here)
    share = tf.math.divide_no_nan(total, everywhere)
    reported = tf.math.divide_no_nan(total, here * replicas)
    return share + tf.stop_gradient(reported - share)


def mutual_information(q, z):
    """I(x; z) = E[log q(z|x) - log q(z)] in nats, q(z) the mean of q(z|x) over N examples.

    An estimate from one draw for each example, at most log N. The rest of the KL, KL - I(x; z), is
    how far the aggregated posterior q(z) is from the prior. Hoffman and Johnson, 2016.

    Args:
        q: a `tfd.Normal`, batch `[N, D]`, as `VAE.encode` gives it.
        z: a draw of each, `[N, D]`.
    """
    constant = 0.5 * math.log(2 * math.pi) * z.shape[-1]
    loc, precision = tf.convert_to_tensor(q.loc), 1.0 / tf.square(q.scale)
    log_scales = tf.reduce_sum(tf.math.log(q.scale), -1)

    def log_densities(z):
        """log q(z|x) for one z and each x, `[N]`."""
        return -0.5 * tf.reduce_sum(tf.square(z - loc) * precision, -1) - log_scales - constant

    n = tf.shape(z)[0]

    def gain(i):
        found = log_densities(z[i])
        return found[i] - tf.reduce_logsumexp(found) + tf.math.log(tf.cast(n, tf.float32))

    return tf.reduce_mean(tf.map_fn(gain, tf.range(n), fn_output_signature=tf.float32))


def bits_per_dimension(nats, event_shape):
    """Negative log-likelihood in nats per example -> bits per dimension: nats / (n log 2).

    >>> round(bits_per_dimension(784 * math.log(2), (28, 28, 1)), 6)
    1.0
    """
    return nats / (math.prod(event_shape) * math.log(2))


def _log_likelihood(out):
    return out.likelihood.log_prob(tile(out.target, out.samples))


def _mean_over_samples(values, out):
    """`[S * B]`, or `[B]` where all draws share the value, -> `[B]`."""
    if out.samples == 1:
        return values
    size = tf.shape(tf.nest.flatten(out.target)[0])[0]
    return tf.reduce_mean(tf.reshape(values, [-1, size]), 0)
