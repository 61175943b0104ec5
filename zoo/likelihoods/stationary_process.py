"""Stationary vector autoregression, every parameter of which is unbounded."""

import dataclasses

import numpy as np
import tensorflow as tf

from zoo.core.triangular import log_diagonal


@dataclasses.dataclass(frozen=True)
class StationaryProcess:
    """Stationary VAR(p) of C channels, each of which has the mean 0 and the variance 1.

        u_t = sum_(i <= k) Phi_(k,i) u_(t-i) + S_k e_t,    k = min(t, p),    e_t ~ Normal(0, I)

    The first p steps have predictors of their own, from the steps before them alone, with which the
    process is stationary from its first step on.

    Args:
        coefficients: (Phi_(k,1), ..., Phi_(k,p)) for k = 0, ..., p, `[p + 1, C, p C]`; zeros for
            i > k.
        factors: S_k, lower triangular, `[p + 1, C, C]`.
        whitening: S_k^-1, `[p + 1, C, C]`.
    """

    coefficients: tf.Tensor
    factors: tf.Tensor
    whitening: tf.Tensor

    @property
    def order(self):
        """p."""
        return self.coefficients.shape[0] - 1

    @property
    def channels(self):
        """C."""
        return self.factors.shape[-1]

    def at_steps(self, parameters, steps):
        """Those of `parameters` `[p + 1, ...]` that hold at each step, `[steps, ...]`."""
        return tf.gather(parameters, tf.minimum(tf.range(steps), self.order))

    def innovations(self, u):
        """e_t of wholly observed series u, and log |de_t / du_t| by channels.

        Args:
            u: `[T, B, C]`, time first.

        Returns:
            `[T, B, C]` both, the second in nats.
        """
        steps = tf.shape(u)[0]
        lagged = [tf.pad(u, [[i, 0], [0, 0], [0, 0]])[:steps] for i in range(1, self.order + 1)]
        coefficients = self.at_steps(self.coefficients, steps)
        whitening = self.at_steps(self.whitening, steps)
        predicted = tf.matmul(tf.concat(lagged, -1), coefficients, transpose_b=True)
        log_det = log_diagonal(whitening)
        innovations = tf.matmul(u - predicted, whitening, transpose_b=True)
        return innovations, tf.broadcast_to(tf.expand_dims(log_det, 1), tf.shape(u))

    def draw(self, noise):
        """u of innovations e, `[T, B, C]`, time first."""
        steps = tf.shape(noise)[0]
        coefficients = self.at_steps(self.coefficients, steps)
        shocks = tf.matmul(noise, self.at_steps(self.factors, steps), transpose_b=True)

        def step(past, at_step):
            shock, coefficient = at_step
            u = shock + tf.matmul(past, coefficient, transpose_b=True)
            return tf.concat([u, past], -1)[:, : past.shape[-1]]

        start = tf.tile(tf.zeros_like(noise[0]), [1, self.order])
        return tf.scan(step, (shocks, coefficients), start)[..., : self.channels]


def stationary_process(correlation, partial):
    """The `StationaryProcess` of unbounded parameters.

    The covariance of one step is L L^T, where L has rows of length 1. A_k are made into partial
    autocorrelations, matrices with singular values below 1, which a recursion in k turns into the
    predictors of order k:

        P_k = (I + A_k A_k^T)^(-1/2) A_k,    Phi_(k,k) = S_(k-1) P_k S*_(k-1)^-1

    Every stationary process of this order has such parameters. Ansley and Kohn, A note on
    reparameterizing a vector autoregressive moving average model to enforce stationarity, 1986.

    Args:
        correlation: `[C, C]`, of which the part below the diagonal is used; zeros for independent
            channels.
        partial: A_1, ..., A_p, `[p, C, C]`; zeros for independent steps.
    """
    order, channels = partial.shape[0], partial.shape[-1]
    unit = tf.eye(channels)
    below = tf.constant(np.tri(channels, k=-1), unit.dtype)
    factor = correlation * below + unit
    factor = tf.math.l2_normalize(factor, -1)
    forward = backward = _Predictor([], factor, _inverse(factor))
    predictors = [forward]
    for k in range(order):
        forward, backward = _longer(forward, backward, partial[k])
        predictors.append(forward)
    empty = tf.zeros_like(unit)
    rows = [p.coefficients + [empty] * (order - len(p.coefficients)) for p in predictors]
    return StationaryProcess(
        tf.stack([tf.concat(row, -1) for row in rows]),
        tf.stack([p.factor for p in predictors]),
        tf.stack([p.whitening for p in predictors]),
    )


@dataclasses.dataclass(frozen=True)
class _Predictor:
    """Best linear predictor of a step from its neighbours on one side.

    Args:
        coefficients: list of `[C, C]`, nearest neighbour first.
        factor: S, `[C, C]`, where the covariance of the errors is S S^T.
        whitening: S^-1.
    """

    coefficients: list
    factor: tf.Tensor
    whitening: tf.Tensor


def _longer(forward, backward, a):
    """The predictors from the past and from the future with one more neighbour."""
    gram, dual = (tf.eye(a.shape[-1]) + m for m in (a @ tf.transpose(a), tf.transpose(a) @ a))
    root, dual_root = (_inverse(tf.linalg.cholesky(m)) for m in (gram, dual))
    partial = root @ a
    last = forward.factor @ partial @ backward.whitening
    first = backward.factor @ tf.transpose(partial) @ forward.whitening
    return (
        _Predictor(
            [*_updated(forward, backward, last), last],
            forward.factor @ root,
            tf.transpose(root @ gram) @ forward.whitening,
        ),
        _Predictor(
            [*_updated(backward, forward, first), first],
            backward.factor @ tf.transpose(dual_root),
            dual_root @ dual @ backward.whitening,
        ),
    )


def _updated(predictor, opposite, last):
    """The coefficients of the nearer neighbours, after one more with the coefficient `last`."""
    reversed_opposite = opposite.coefficients[::-1]
    return [a - last @ b for a, b in zip(predictor.coefficients, reversed_opposite, strict=True)]


def _inverse(factor):
    """Inverse of a lower triangular matrix, which in an exported function is a constant."""
    return tf.linalg.triangular_solve(factor, tf.eye(factor.shape[-1]))
