"""Terms that penalize dependence between the dimensions of the aggregate posterior q(z)."""

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import is_float32
from zoo.core.outputs import Pass
from zoo.core.serialization import component
from zoo.objectives.batch_ops import (
    broadcast_to_batch,
    global_mean,
    mean_over_samples,
    normal_posterior,
)
from zoo.objectives.terms import Term

tfd = tfp.distributions


@component
class TotalCorrelation(Term):
    """log q(z) - sum_d log q(z_d) at the drawn z, q the mean of q(z|x) over the batch, in nats.

    Its expectation is the KL from q(z) to the product of its marginals: 0 if the dimensions of z
    are independent. Added to the KL with weight beta - 1 it is beta-TCVAE: Chen et al., Isolating
    sources of disentanglement in variational autoencoders, 2018. Their minibatch-weighted sampling
    from N examples adds (D - 1) log N, a constant: the gradient is the same.

    For any data the value is at most (D - 1) log B nats. It needs memory for B^2 D numbers for each
    draw of an example. The values of several stochastic layers are summed. Each replica estimates
    q(z) from its own part of the batch.

    Args:
        weight: weight in the loss.

    Raises:
        ValueError: a posterior is not Normal.
    """

    def __init__(self, weight: float = 1.0, name: str = "total_correlation", **kwargs):
        super().__init__(weight, name=name, **kwargs)

    def per_example(self, x, y, out: Pass) -> tf.Tensor:
        """The estimate at each example's draws, `[B]` nats."""
        del x, y
        return sum(mean_over_samples(self._of_layer(draw), out) for draw in out.draws)

    def _of_layer(self, draw):
        """`[S * B]` nats."""
        q = normal_posterior(draw, self)
        log_q = tfd.Normal(q.loc[None], q.scale[None]).log_prob(draw.z[:, None])  # [S * B, B, D]
        log_size = tf.math.log(tf.cast(tf.shape(q.loc)[0], tf.float32))
        joint = tf.reduce_logsumexp(tf.reduce_sum(log_q, -1), 1) - log_size
        marginals = tf.reduce_logsumexp(log_q, 1) - log_size
        return joint - tf.reduce_sum(marginals, -1)


class _Covariance(Term):
    """Base class of the covariance penalties. A subclass has `_covariance(draw)`, `[D, D]`."""

    def __init__(self, weight, diagonal, **kwargs):
        super().__init__(weight, **kwargs)
        if not is_float32(diagonal) or diagonal < 0:
            raise ValueError(f"diagonal must be a finite number of at least 0, got {diagonal!r}")
        self.diagonal = float(diagonal)

    def per_example(self, x, y, out: Pass) -> tf.Tensor:
        """The penalty of the batch, the same for each example, `[B]`."""
        del x, y
        penalties = [self._penalty(self._covariance(draw)) for draw in out.draws]
        return broadcast_to_batch(sum(penalties), out)

    def _penalty(self, covariance):
        variances = tf.linalg.diag_part(covariance)
        off_diagonal = tf.linalg.set_diag(covariance, tf.zeros_like(variances))
        squares = tf.reduce_sum(tf.square(off_diagonal))
        return squares + self.diagonal * tf.reduce_sum(tf.square(variances - 1.0))


@component
class MeanCovariance(_Covariance):
    """sum_{i != j} C_ij^2 + diagonal * sum_i (C_ii - 1)^2, C = Cov[E[z|x]]: DIP-VAE-I.

    Add it to the KL to decorrelate the dimensions of the posterior's mean. Kumar et al.,
    Variational inference of disentangled latent concepts from unlabeled observations, 2018. Its
    unit is the squared variance of z, not nats, so the weight sets its scale. The batch has a
    single value, over all replicas; the values of several stochastic layers are summed.

    Args:
        weight: weight in the loss, the paper's lambda_od.
        diagonal: the paper's lambda_d / lambda_od.
    """

    def __init__(
        self,
        weight: float = 10.0,
        diagonal: float = 10.0,
        name: str = "mean_covariance",
        **kwargs,
    ):
        super().__init__(weight, diagonal, name=name, **kwargs)

    def _covariance(self, draw):
        return _covariance(draw.posterior.mean())


@component
class AggregateCovariance(_Covariance):
    """The same penalty for the covariance of z ~ q(z), Cov[E[z|x]] + E[Cov[z|x]]: DIP-VAE-II.

    `MeanCovariance` drives the variance of the means to 1, without the posterior's own variance;
    this term drives the sum of both to 1, the variance of the prior. Kumar et al., 2018.

    Args:
        weight: weight in the loss, the paper's lambda_od.
        diagonal: the paper's lambda_d / lambda_od.

    Raises:
        ValueError: a posterior is not Normal.
    """

    def __init__(
        self,
        weight: float = 10.0,
        diagonal: float = 1.0,
        name: str = "aggregate_covariance",
        **kwargs,
    ):
        super().__init__(weight, diagonal, name=name, **kwargs)

    def _covariance(self, draw):
        q = normal_posterior(draw, self)
        return _covariance(q.loc) + tf.linalg.diag(global_mean(tf.square(q.scale)))


def _covariance(rows):
    """Covariance of `[N, D]` over the rows of all replicas, divided by N: `[D, D]`."""
    centred = rows - global_mean(rows)
    return global_mean(centred[:, :, None] * centred[:, None, :])
