"""Kalman filter and smoother of a stationary process of which some values were not observed.

The state is (u_t, ..., u_(t-p+1)), flattened. All arrays have time first. Observed values are known
exactly, so that their rows and columns of a covariance are 0; where a value is missing, a row of
the identity takes its place among the innovations, which adds nothing. Durbin and Koopman, Time
series analysis by state space methods, 2012, chapter 4.
"""

import typing

import tensorflow as tf

from zoo.core.triangular import inverse_cholesky, log_diagonal


class Filtered(typing.NamedTuple):
    """Distribution of a state given the values up to its step, and the innovations e there.

    Args:
        mean, covariance: of the state, `[B, p C]` and `[B, p C, p C]`.
        innovations: independent and standard Normal, 0 where nothing was observed, `[B, C]`.
        whitening: matrix W with e = W (u - its prediction), `[B, C, C]`.
        gain: matrix by which e changes the mean, `[B, p C, C]`.
    """

    mean: tf.Tensor
    covariance: tf.Tensor
    innovations: tf.Tensor
    whitening: tf.Tensor
    gain: tf.Tensor


def innovations(process, u, observed, steps):
    """e of the steps, and log |de / du| by channels: `[T, B, C]` both, 0 where u is missing.

    Args:
        process: `StationaryProcess`.
        u: `[T, B, C]`; what it holds where values are missing is ignored.
        observed: float32 `[T, B, C]`, 1 where u was observed and 0 elsewhere.
        steps: number of steps to compute, int32 `[]`; both are 0 at the others.
    """
    length = tf.shape(u)[0]
    transition, noise = transitions(process, length), _noise_covariances(process, length)
    start = _nothing_known(process, u[0])

    def step(t, mean, covariance, values, log_dets):
        at_step = u[t], observed[t], transition[t], noise[t]
        known = _filter_step(mean, covariance, *at_step)
        # TFLite does not support a TensorArray with a variable batch size.
        values = tf.tensor_scatter_nd_update(values, [[t]], known.innovations[None])
        log_dets = tf.tensor_scatter_nd_update(log_dets, [[t]], log_diagonal(known.whitening)[None])
        return t + 1, known.mean, known.covariance, values, log_dets

    zeros = tf.zeros_like(u)
    return tf.while_loop(
        lambda t, *_: t < steps,
        step,
        (tf.constant(0), start.mean, start.covariance, zeros, zeros),
        maximum_iterations=length,
    )[-2:]


def smoothed(process, u, observed):
    """E[u | all observed values], `[T, B, C]`; the arguments are those of `innovations`."""
    steps, channels = tf.shape(u)[0], process.channels
    transition, noise = transitions(process, steps), _noise_covariances(process, steps)
    known = tf.scan(
        lambda before, at_step: _filter_step(before.mean, before.covariance, *at_step),
        (u, observed, transition, noise),
        _nothing_known(process, u[0]),
    )

    def step(gradient, at_step):
        """Gradient of log p of the values from a step on with respect to the mean before it."""
        known, observed, transition = at_step
        error = known.innovations - tf.linalg.matvec(known.gain, gradient, transpose_a=True)
        error = observed * tf.linalg.matvec(known.whitening, error, transpose_a=True)
        gradient += tf.pad(error, [[0, 0], [0, gradient.shape[-1] - channels]])
        return tf.matmul(gradient, transition)

    nothing = tf.zeros_like(known.mean[0])
    gradients = tf.scan(step, (known, observed, transition), nothing, reverse=True)
    gradients = tf.concat([gradients[1:], nothing[None]], 0)
    return (known.mean + tf.linalg.matvec(known.covariance, gradients))[..., :channels]


def transitions(process, steps):
    """Matrices that predict each state from the one before, `[T, p C, p C]`."""
    size, channels = process.order * process.channels, process.channels
    shift = tf.eye(size - channels, size, batch_shape=[steps])
    return tf.concat([process.at_steps(process.coefficients, steps), shift], 1)


def _noise_covariances(process, steps):
    """Covariance of what is new in the state at each step, `[T, p C, p C]`."""
    factors, more = process.factors, (process.order - 1) * process.channels
    covariances = tf.matmul(factors, factors, transpose_b=True)
    return process.at_steps(tf.pad(covariances, [[0, 0], [0, more], [0, more]]), steps)


def _nothing_known(process, u):
    """`Filtered` of zeros for u `[B, C]`."""
    state = tf.tile(tf.zeros_like(u), [1, process.order])
    square, gain = (tf.expand_dims(state, -1) * tf.expand_dims(a, -2) for a in (state, u))
    whitening = tf.expand_dims(tf.zeros_like(u), -1) * tf.expand_dims(u, -2)
    return Filtered(state, square, tf.zeros_like(u), whitening, gain)


def _filter_step(mean, covariance, u, observed, transition, noise):
    """Predict the state of the next step and observe its values."""
    channels, size = u.shape[-1], mean.shape[-1]
    mean = tf.matmul(mean, transition, transpose_b=True)
    covariance = tf.matmul(tf.matmul(transition, covariance), transition, transpose_b=True) + noise
    of_innovation = _masked(covariance[:, :channels, :channels], observed)
    whitening = inverse_cholesky(of_innovation + tf.linalg.diag(1.0 - observed))
    gain = covariance[:, :, :channels] * tf.expand_dims(observed, -2)
    gain = tf.matmul(gain, whitening, transpose_b=True)
    values = tf.linalg.matvec(whitening, observed * (u - mean[:, :channels]))
    covariance -= tf.matmul(gain, gain, transpose_b=True)
    more = [[0, 0], [0, size - channels]]
    unknown = tf.pad(1.0 - observed, more, constant_values=1.0)  # rounding leaves no exact zeros
    mean += tf.linalg.matvec(gain, values)
    return Filtered(mean, _masked(covariance, unknown), values, whitening, gain)


def _masked(matrix, mask):
    """Rows and columns of the matrix where the mask is 1, else 0."""
    return matrix * tf.expand_dims(mask, -1) * tf.expand_dims(mask, -2)
