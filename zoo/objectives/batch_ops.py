"""Operations on a batch that several terms share: means over draws and replicas, prior draws."""

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import as_event
from zoo.core.random import normal

tfd = tfp.distributions


def batch_size(out):
    """B, the number of examples of a pass on this replica."""
    return tf.shape(tf.nest.flatten(out.target)[0])[0]


def broadcast_to_batch(value, out):
    """A scalar of the whole batch as the value of each example, `[B]`."""
    return tf.fill([batch_size(out)], value)


def mean_over_samples(values, out):
    """`[S * B, ...]`, or `[B, ...]` if all draws share the value, -> mean over draws `[B, ...]`."""
    if out.samples == 1:
        return values
    shape = tf.concat([[-1, batch_size(out)], tf.shape(values)[1:]], 0)
    means = tf.reduce_mean(tf.reshape(values, shape), 0)
    return tf.ensure_shape(means, [None, *values.shape[1:]])


def global_mean(values):
    """Mean of `[N, ...]` over the rows of all replicas; gradients flow to this replica's rows."""
    total, count = tf.reduce_sum(values, 0), tf.cast(tf.shape(values)[0], values.dtype)
    context = tf.distribute.get_replica_context()
    if context is not None and context.num_replicas_in_sync > 1:
        total, count = context.all_reduce(tf.distribute.ReduceOp.SUM, [total, count])
    return total / tf.maximum(count, 1.0)


def sample_prior(draw, sampler):
    """A draw of the prior for each z, `[S * B, D]`, with the sampler's next seed."""
    prior, shape = draw.prior, tf.shape(draw.z)
    marginals = prior.distribution if isinstance(prior, tfd.Independent) else prior
    if isinstance(marginals, tfd.Normal):
        # `zoo.core.random.normal` gives the same draws inside XLA and outside of it.
        return marginals.loc + marginals.scale * normal(shape, sampler.next_seed())
    prior = as_event(prior)
    has_batch = prior.batch_shape.rank != 0
    return prior.sample(() if has_batch else shape[:1], seed=sampler.next_seed())


def normal_posterior(draw, term):
    """The draw's posterior, if it is a `tfd.Normal`; otherwise raise `ValueError`."""
    if not isinstance(draw.posterior, tfd.Normal):
        raise ValueError(
            f"posterior must be Normal for {type(term).__name__}, which needs independent "
            f"dimensions, got {type(draw.posterior).__name__}: use a model without flow or mixture"
        )
    return draw.posterior
