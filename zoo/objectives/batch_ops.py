"""What terms need that look at a batch as a whole."""

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import as_event
from zoo.core.random import normal

tfd = tfp.distributions


def size(out):
    """B, how many examples a pass has here."""
    return tf.shape(tf.nest.flatten(out.target)[0])[0]


def for_each(value, out):
    """A number of the whole batch as each example's own, `[B]`."""
    return tf.fill([size(out)], value)


def over_samples(values, out):
    """`[S * B, ...]`, or `[B, ...]` where all draws share the value, -> its mean, `[B, ...]`."""
    if out.samples == 1:
        return values
    shape = tf.concat([[-1, size(out)], tf.shape(values)[1:]], 0)
    merged = tf.reduce_mean(tf.reshape(values, shape), 0)
    return tf.ensure_shape(merged, [None, *values.shape[1:]])


def mean_of_all(values):
    """The mean of `[N, ...]` over the rows of all replicas; gradients reach each replica's own."""
    total, count = tf.reduce_sum(values, 0), tf.cast(tf.shape(values)[0], values.dtype)
    context = tf.distribute.get_replica_context()
    if context is not None and context.num_replicas_in_sync > 1:
        total, count = context.all_reduce(tf.distribute.ReduceOp.SUM, [total, count])
    return total / tf.maximum(count, 1.0)


def prior_draws(draw, sampler):
    """A draw of the prior for each z, `[S * B, D]`, from the sampler's next seed."""
    prior, shape = draw.prior, tf.shape(draw.z)
    inner = prior.distribution if isinstance(prior, tfd.Independent) else prior
    if isinstance(inner, tfd.Normal):  # the same numbers in and out of XLA
        return inner.loc + inner.scale * normal(shape, sampler.next_seed())
    prior = as_event(prior)
    one_for_all = prior.batch_shape.rank == 0
    return prior.sample(shape[:1] if one_for_all else (), seed=sampler.next_seed())


def normal_posterior(draw, term):
    """The draw's posterior, which must be Normal for this term."""
    if not isinstance(draw.posterior, tfd.Normal):
        raise ValueError(
            f"{type(term).__name__} needs a Normal posterior, whose dimensions are independent, "
            f"got {type(draw.posterior).__name__}"
        )
    return draw.posterior
