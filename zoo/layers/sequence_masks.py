"""Masks and lengths of sequences, in which NaN marks a value that was not observed.

A sequence ends with the last step at which any value was observed: NaN after it is padding, NaN
before it is a missing value.
"""

import numpy as np
import tensorflow as tf

from zoo.core.arrays import as_array

ROUNDING = 8  # lengths are rounded up to a multiple of it, to limit recompilation


def observed(x):
    """Mask in the shape of x, True where x is observed (not NaN)."""
    return tf.logical_not(tf.math.is_nan(x))


def lengths(mask):
    """Length of each sequence, `[B]` int32, from its mask of observed values `[B, T, C]`."""
    step = tf.range(1, tf.shape(mask)[1] + 1)
    return tf.reduce_max(tf.where(tf.reduce_any(mask, -1), step, 0), -1)


def last_observed(x, mask):
    """The last observed value before each step and the number of steps since then.

    Args:
        x: `[B, T, C]`.
        mask: bool `[B, T, C]`, True where x is observed.

    Returns:
        Values and int32 steps, both `[B, T, C]`; both are 0 where no value was observed before.

    >>> x = tf.constant([1.0, 2.0, 3.0, 4.0])[None, :, None]
    >>> mask = tf.constant([True, False, True, True])[None, :, None]
    >>> values, steps = last_observed(x, mask)
    >>> values[0, :, 0].numpy(), steps[0, :, 0].numpy()
    (array([0., 1., 1., 3.], dtype=float32), array([0, 1, 2, 1], dtype=int32))
    """
    x, mask = (tf.transpose(a, [0, 2, 1]) for a in (x, mask))  # sorting and gathering along time
    step = tf.range(tf.shape(mask)[2])
    count = tf.cumsum(tf.cast(mask, tf.int32), axis=2, exclusive=True)
    # Observed steps first, in order: the n-th of them is the last before a step with n before it.
    in_order = tf.argsort(tf.where(mask, step, tf.shape(mask)[2]), axis=2)
    last = tf.gather(in_order, tf.maximum(count - 1, 0), batch_dims=2)
    known = count > 0
    values = tf.where(known, tf.gather(x, last, batch_dims=2), tf.zeros_like(x))
    steps = tf.where(known, step - last, 0)
    return tf.transpose(values, [0, 2, 1]), tf.transpose(steps, [0, 2, 1])


def reverse(x, n):
    """Reverse each sequence of `[B, T, ...]` within its own length n, `[B]`."""
    return tf.reverse_sequence(x, n, seq_axis=1)


def last(h, n):
    """State after the last step of each sequence of length n, `[B, U]`; zeros if n is 0."""
    states = tf.gather(h, tf.maximum(n - 1, 0), axis=1, batch_dims=1)
    return tf.where(n[:, None] > 0, states, tf.zeros_like(states))


def rounded_max(n):
    """Largest of the lengths n, `[B]`, rounded up to a multiple of `ROUNDING`.

    A batch may be cut to this length. XLA cannot compile that, because the shape depends on values.
    """
    return -(-tf.maximum(tf.reduce_max(n), 1) // ROUNDING) * ROUNDING


def pad(sequences, argument="x"):
    """Pad sequences of different lengths with NaN to one float array, `[N, T]` or `[N, T, C]`.

    Integers and float64 stay exact: a unit of large numbers is subtracted before they are float32.

    Args:
        sequences: list of arrays `[T_i]` or `[T_i, C]`, or a ragged tensor; an array is returned
            unchanged.
        argument: name of the argument, for errors.

    >>> pad([[1.0], [2.0, 3.0]])
    array([[ 1., nan],
           [ 2.,  3.]])
    """
    if isinstance(sequences, tf.RaggedTensor):
        sequences = [row.numpy() for row in sequences]
    if not isinstance(sequences, (list, tuple)) or not sequences:
        return np.asarray(sequences)
    rows = [as_array(row, f"{argument}[{i}]") for i, row in enumerate(sequences)]
    for i, row in enumerate(rows):
        if row.dtype.kind not in "fiub" or row.ndim != rows[0].ndim or row.ndim not in (1, 2):
            raise TypeError(
                f"{argument}[{i}] must be a numeric array [steps] or [steps, channels] like the "
                f"others, got {row.dtype} of shape {row.shape}"
            )
        if row.shape[1:] != rows[0].shape[1:]:
            raise ValueError(
                f"{argument}[{i}] must have {rows[0].shape[1]} channels like {argument}[0], "
                f"got {row.shape[1]}"
            )
    steps = max(len(row) for row in rows)
    dtype = np.result_type(*{row.dtype for row in rows})
    dtype = dtype if dtype in (np.float16, np.float32) else "float64"
    padded = np.full((len(rows), steps, *rows[0].shape[1:]), np.nan, dtype)
    for target, row in zip(padded, rows, strict=True):
        target[: len(row)] = row
    return padded
