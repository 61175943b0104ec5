"""Kalman filter and smoother of a stationary process of which some values were not observed.

The state is (u_t, ..., u_(t-p+1)), flattened. All arrays have time first. Observed values are known
exactly, so that their rows and columns of a covariance are 0; where a value is missing, a row of
the identity takes its place among the innovations, which adds nothing. Durbin and Koopman, Time
series analysis by state space methods, 2012, chapter 4.
"""

import typing

import tensorflow as tf

from zoo.core.triangular import cholesky_with_rows, log_diagonal


class Step(typing.NamedTuple):
    """Values and masks that the filter reads at a step.

    Args:
        u: observed values, `[B, C]`; 0 where they are missing.
        past: the state before the step if all of it was observed, `[B, p C]`; else 0.
        observed: 1 where u was observed and 0 elsewhere, `[B, C]`.
        known: the same for the state, `[B, p C]`.
        goes_on: 0 where `past` is the state before the step, else 1, `[B, 1]`.
        order: 1 at min(t, p) and 0 elsewhere, `[B, p + 1]`.
    """

    u: tf.Tensor
    past: tf.Tensor
    observed: tf.Tensor
    known: tf.Tensor
    goes_on: tf.Tensor
    order: tf.Tensor


class Filtered(typing.NamedTuple):
    """Distribution of a state given the values up to its step, and the innovations e there.

    Args:
        state: covariance of the state and below it its mean, `[B, p C + 1, p C]`.
        innovations: independent and standard Normal, 0 where nothing was observed, `[B, C]`.
        gain: matrix by which e changes the mean, `[B, p C, C]`.
        whitening: transpose of the matrix W with e = W (u - its prediction), `[B, C, C]`.
    """

    state: tf.Tensor
    innovations: tf.Tensor
    gain: tf.Tensor
    whitening: tf.Tensor


def innovations(process, u, observed):
    """e of the steps, and log |de / du| by channels, `[T, B, C]` both; any value after the last.

    Only steps near gaps are filtered: those with a missing value in them or in the p steps before.
    Each series begins with its first one, however late it is, and leaves out what lies between two
    gaps, so that the loop is as long as most of such steps in one series.

    Args:
        process: `StationaryProcess`.
        u: `[T, B, C]`, 0 where values are missing.
        observed: float32 `[T, B, C]`, 1 where u was observed and 0 elsewhere.
    """
    near_gap = _near_gaps(observed, process.order)
    count = tf.cumsum(tf.cast(near_gap, tf.int32))
    steps = _near_gaps_first(_steps(process, u, observed, _before(near_gap, False)), near_gap)
    filtered = _filtered(process, steps, tf.reduce_max(count[-1]))
    filtered = _taken(tf.concat(filtered, -1), tf.maximum(count - 1, 0))
    without_gaps = tf.concat(process.innovations(u), -1)
    return tf.split(tf.where(tf.expand_dims(near_gap, -1), filtered, without_gaps), 2, -1)


def smoothed(process, u, observed):
    """E[u | all observed values], `[T, B, C]`; the arguments are those of `innovations`."""
    channels = process.channels
    steps = _steps(process, u, observed, _before(tf.ones_like(u[..., 0], tf.bool), False))
    transition, noise = _transitions(process)
    known = tf.scan(
        lambda before, row: _filter_step(before.state, _step(process, row), transition, noise),
        steps,
        _nothing_known(process, u[0]),
    )

    def step(gradient, at_step):
        """Gradient of log p of the values from a step on with respect to the mean before it."""
        known, step = at_step[0], _step(process, at_step[1])
        error = known.innovations - tf.linalg.matvec(known.gain, gradient, transpose_a=True)
        error = step.observed * tf.linalg.matvec(known.whitening, error)
        gradient += tf.pad(error, [[0, 0], [0, gradient.shape[-1] - channels]])
        return tf.linalg.matvec(_of_order(transition, step.order), gradient, transpose_a=True)

    nothing = tf.zeros_like(known.state[0, :, -1])
    gradients = tf.scan(step, (known, steps), nothing, reverse=True)
    gradients = tf.concat([gradients[1:], nothing[None]], 0)
    covariance, mean = known.state[..., :-1, :], known.state[..., -1, :]
    return (mean + tf.linalg.matvec(covariance, gradients))[..., :channels]


def _near_gaps(observed, order):
    """Steps with a missing value in them or in the `order` steps before, bool `[T, B]`.

    Padding is no gap: False after the last observed step.
    """
    gap = tf.reduce_min(observed, -1) < 0.5
    near = [gap]
    for _ in range(order):
        near.append(_before(near[-1], False))
    seen = tf.cumsum(tf.reduce_max(observed, -1), reverse=True) > 0.5
    return tf.reduce_any(tf.stack(near), 0) & seen


def _steps(process, u, observed, goes_on):
    """The `Step` of all steps, side by side, `[T, B, n]`."""
    time = tf.minimum(tf.range(tf.shape(u)[0]), process.order)
    order = tf.expand_dims(tf.one_hot(time, process.order + 1), 1)
    state, known = [u], [observed]
    for _ in range(process.order):
        state.append(_before(state[-1], 0.0))
        known.append(_before(known[-1], 1.0))
    goes_on = tf.expand_dims(tf.cast(goes_on, u.dtype), -1)
    past = tf.concat(state[1:], -1) * (1.0 - goes_on)
    order = tf.broadcast_to(order, tf.concat([tf.shape(u)[:2], [process.order + 1]], 0))
    return tf.concat([u, past, observed, *known[:-1], goes_on, order], -1)


def _step(process, row):
    """`Step` of a row of `_steps`, `[B, n]`."""
    channels, order = process.channels, process.order
    sizes = [channels, order * channels]
    values, masks = tf.split(row, [sum(sizes), sum(sizes) + order + 2], -1)
    masks = tf.split(tf.stop_gradient(masks), [*sizes, 1, order + 1], -1)
    return Step(*tf.split(values, sizes, -1), *masks)


def _before(x, first):
    """x of the step before each, `[T, B, ...]`; `first` at the first step."""
    return tf.concat([tf.fill(tf.shape(x[:1]), first), x[:-1]], 0)


def _near_gaps_first(steps, near_gap):
    """The steps of each series in which those where `near_gap` is True come first, in order."""
    time = tf.expand_dims(tf.range(tf.shape(near_gap)[0]), 1)
    return _taken(
        steps, tf.argsort(tf.where(near_gap, time, tf.shape(near_gap)[0]), 0, stable=True)
    )


def _taken(x, steps):
    """x `[T, B, n]` at the steps `[T, B]` of each series."""
    taken = tf.gather(tf.transpose(x, [1, 0, 2]), tf.transpose(steps), batch_dims=1)
    return tf.transpose(taken, [1, 0, 2])


def _filtered(process, steps, count):
    """e and log |de / du| of the first `count` steps, `[T, B, C]` both; 0 at the others."""
    transition, noise = _transitions(process)
    zeros = tf.zeros_like(steps[..., : process.channels])

    def step(t, state, values, log_dets):
        known = _filter_step(state, _step(process, steps[t]), transition, noise)
        # TFLite does not support a TensorArray with a variable batch size.
        values = tf.tensor_scatter_nd_update(values, [[t]], known.innovations[None])
        log_dets = tf.tensor_scatter_nd_update(log_dets, [[t]], log_diagonal(known.whitening)[None])
        return t + 1, known.state, values, log_dets

    return tf.while_loop(
        lambda t, *_: t < count,
        step,
        (tf.constant(0), _nothing_known(process, zeros[0]).state, zeros, zeros),
        maximum_iterations=tf.shape(zeros)[0],
    )[-2:]


def _transitions(process):
    """Matrices that predict a state from the one before, and covariances of what is new in it.

    Both `[p + 1, p C, p C]`, for min(t, p) = 0, ..., p.
    """
    order, channels = process.order, process.channels
    more = (order - 1) * channels
    shift = tf.eye(more, order * channels, batch_shape=[order + 1])
    covariances = tf.matmul(process.factors, process.factors, transpose_b=True)
    covariances = tf.pad(covariances, [[0, 0], [0, more], [0, more]])
    return tf.concat([process.coefficients, shift], 1), covariances


def _of_order(matrices, order):
    """Those of `matrices`, `[p + 1, n, n]`, that hold at a step of each series, `[B, n, n]`.

    A product, since the gradient of `tf.gather` is sparse.
    """
    size = matrices.shape[-1]
    flat = tf.matmul(order, tf.reshape(matrices, [-1, size * size]))
    return tf.reshape(flat, [-1, size, size])


def _nothing_known(process, u):
    """`Filtered` of zeros for u `[B, C]`."""
    size = process.order * process.channels
    zeros = tf.zeros_like(u)
    state = tf.tile(zeros[:, None], [1, size + 1, process.order])
    square = tf.tile(zeros[:, None], [1, process.channels, 1])
    return Filtered(state, zeros, tf.tile(square, [1, process.order, 1]), square)


def _filter_step(state, step, transition, noise):
    """Predict the state of the next step and observe its values."""
    size = state.shape[-1]
    state = state * tf.expand_dims(step.goes_on, -1) + _as_mean(step.past, size)
    state = _predicted(state, _of_order(transition, step.order), _of_order(noise, step.order))
    errors, gain, whitening = _regression(state, step)
    state -= tf.matmul(tf.concat([gain, errors], 1), gain, transpose_b=True)
    unknown = 1.0 - step.known  # rounding leaves no exact zeros
    kept = tf.expand_dims(unknown, 1) * tf.expand_dims(unknown, 2)
    state *= tf.pad(kept, [[0, 0], [0, 1], [0, 0]], constant_values=1.0)
    return Filtered(state, -tf.squeeze(errors, 1), gain, whitening)


def _predicted(state, transition, noise):
    """Covariance and mean of the next state."""
    moved = tf.matmul(state, transition, transpose_b=True)
    covariance, mean = tf.split(moved, [state.shape[-1], 1], 1)
    return tf.concat([tf.matmul(transition, covariance) + noise, mean], 1)


def _regression(state, step):
    """The last row of the state, whitened, and its other rows: -e, the gain, and W^T."""
    channels, size = step.u.shape[-1], state.shape[-1]
    rows = state[:, :, :channels] - _as_mean(step.u, size)
    rows *= tf.expand_dims(step.observed, 1)
    observed, identity = tf.expand_dims(step.observed, -1), tf.eye(channels)
    covariance = rows[:, :channels] * observed + identity * (1.0 - observed)
    identity = tf.zeros_like(covariance) + identity
    whitened = cholesky_with_rows(tf.concat([covariance, rows, identity], 1))
    _, gain, errors, whitening = tf.split(whitened, [channels, size, 1, channels], 1)
    return errors, gain, whitening


def _as_mean(values, size):
    """Values `[B, n]` below a covariance of zeros, `[B, size + 1, n]`."""
    return tf.pad(tf.expand_dims(values, 1), [[0, 0], [size, 0], [0, 0]])
