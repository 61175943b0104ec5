"""Terms of the aggregated posterior q(z), the mean of q(z|x) over examples: its dependences."""

import math

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.serialization import component
from zoo.objectives.batch_ops import for_each, mean_of_all, normal_posterior, over_samples
from zoo.objectives.terms import Term

tfd = tfp.distributions


@component
class TotalCorrelation(Term):
    """log q(z) - sum_d log q(z_d) at the drawn z, q the mean of q(z|x) over the batch, in nats.

    Its expectation is the KL from q(z) to the product of its marginals: 0 where the dimensions of
    z are independent. Added to the KL at weight beta - 1 it is beta-TCVAE: Chen et al., Isolating
    sources of disentanglement in variational autoencoders, 2018. Their minibatch-weighted sampling
    from N examples adds (D - 1) log N, a constant: the gradient is the same.

    Of at most (D - 1) log B nats, whatever the data; B^2 D numbers are in memory for each draw of
    an example. Several stochastic layers: each by itself, added up. Several replicas: each takes
    its own part of the batch for q(z).

    Args:
        weight: in the loss.

    Raises:
        ValueError: a posterior is not Normal.
    """

    def __init__(self, weight=1.0, name="total_correlation", **kwargs):
        super().__init__(weight, name=name, **kwargs)

    def per_example(self, x, y, out):
        del x, y
        return sum(over_samples(self._of(draw), out) for draw in out.draws)

    def _of(self, draw):
        """`[S * B]` nats."""
        q = normal_posterior(draw, self)
        single = tfd.Normal(q.loc[None], q.scale[None]).log_prob(draw.z[:, None])  # [S * B, B, D]
        log_size = tf.math.log(tf.cast(tf.shape(q.loc)[0], tf.float32))
        joint = tf.reduce_logsumexp(tf.reduce_sum(single, -1), 1) - log_size
        marginals = tf.reduce_logsumexp(single, 1) - log_size
        return joint - tf.reduce_sum(marginals, -1)


class _Covariance(Term):
    """What the two penalties share. A subclass has `_covariance(draw)`, `[D, D]`."""

    def __init__(self, weight, diagonal, **kwargs):
        super().__init__(weight, **kwargs)
        if not 0 <= diagonal < math.inf:
            raise ValueError(f"diagonal must be a finite number of at least 0, got {diagonal!r}")
        self.diagonal = float(diagonal)

    def per_example(self, x, y, out):
        del x, y
        return for_each(sum(self._penalty(self._covariance(draw)) for draw in out.draws), out)

    def _penalty(self, covariance):
        variances = tf.linalg.diag_part(covariance)
        others = tf.linalg.set_diag(covariance, tf.zeros_like(variances))
        off_diagonal = tf.reduce_sum(tf.square(others))
        return off_diagonal + self.diagonal * tf.reduce_sum(tf.square(variances - 1.0))


@component
class MeanCovariance(_Covariance):
    """sum_{i != j} C_ij^2 + diagonal * sum_i (C_ii - 1)^2, C = Cov[E[z|x]].

    DIP-VAE-I: makes the dimensions of the posterior's mean uncorrelated, to be added to the KL.
    Kumar et al., Variational inference of disentangled latent concepts from unlabeled observations,
    2018. Squares of variances of z, not nats: the weight says what one is worth. One number of the
    batch, of all replicas; of several stochastic layers each by itself, added up.

    Args:
        weight: in the loss, the paper's lambda_od.
        diagonal: the paper's lambda_d / lambda_od.
    """

    def __init__(self, weight=10.0, diagonal=10.0, name="mean_covariance", **kwargs):
        super().__init__(weight, diagonal, name=name, **kwargs)

    def _covariance(self, draw):
        return _covariance(draw.posterior.mean())


@component
class AggregateCovariance(_Covariance):
    """The same penalty for C the covariance of z ~ q(z): Cov[E[z|x]] + E[Cov[z|x]].

    DIP-VAE-II of the same paper. Where `MeanCovariance` wants means of variance 1, to which the
    posterior's own variance comes, this wants variance 1 of both together, as the prior has it.

    Args:
        weight: in the loss, the paper's lambda_od.
        diagonal: the paper's lambda_d / lambda_od.

    Raises:
        ValueError: a posterior is not Normal.
    """

    def __init__(self, weight=10.0, diagonal=1.0, name="aggregate_covariance", **kwargs):
        super().__init__(weight, diagonal, name=name, **kwargs)

    def _covariance(self, draw):
        q = normal_posterior(draw, self)
        return _covariance(q.loc) + tf.linalg.diag(mean_of_all(tf.square(q.scale)))


def _covariance(rows):
    """Covariance of `[N, D]` over the rows of all replicas, divided by N: `[D, D]`."""
    centred = rows - mean_of_all(rows)
    return mean_of_all(centred[:, :, None] * centred[:, None, :])
