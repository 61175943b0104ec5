"""The one mask rule of sequences: NaN is a value that was not observed.

A sequence ends with the last step at which anything was observed, so padding with NaN is the same
as not being there, and a gap in the middle is a gap. Everything that reads sequences asks here.
"""

import numpy as np
import tensorflow as tf

from zoo.core import execution

ROUNDING = 8


def observed(x):
    """True where x was observed, in the shape of x."""
    return tf.logical_not(tf.math.is_nan(x))


def lengths(seen):
    """Steps up to the last observed one, `[B]` int32, from `seen` `[B, T, C]`."""
    step = tf.range(1, tf.shape(seen)[1] + 1)
    return tf.reduce_max(tf.where(tf.reduce_any(seen, -1), step, 0), -1)


def reverse(x, n):
    """Each sequence of `[B, T, ...]` turned round within its own length n, `[B]`."""
    return tf.reverse_sequence(x, n, seq_axis=1)


def last(h, n):
    """The state after each sequence's own last step, `[B, U]`; zeros where its length n is 0."""
    rows = tf.gather(h, tf.maximum(n - 1, 0), axis=1, batch_dims=1)
    return tf.where(n[:, None] > 0, rows, tf.zeros_like(rows))


def longest(n):
    """Where to cut a batch of sequences of lengths n, `[B]`, so that all they hold stays.

    In a plain graph after the longest, rounded up a little: what is compiled for each size meets
    few. Elsewhere nowhere, None.
    """
    if not execution.is_plain_graph():
        return None
    return -(-tf.maximum(tf.reduce_max(n), 1) // ROUNDING) * ROUNDING


def pad(sequences, argument="x"):
    """Sequences of different lengths as one float array, `[N, T]` or `[N, T, C]`, padded with NaN.

    Args:
        sequences: list of arrays `[T_i]` or `[T_i, C]`, or a ragged tensor; an array stays.
        argument: its name, for errors.

    >>> pad([[1.0], [2.0, 3.0]])
    array([[ 1., nan],
           [ 2.,  3.]], dtype=float32)
    """
    if isinstance(sequences, tf.RaggedTensor):
        sequences = [row.numpy() for row in sequences]
    if not isinstance(sequences, (list, tuple)) or not sequences:
        return np.asarray(sequences)
    rows = [np.asarray(row) for row in sequences]
    for i, row in enumerate(rows):
        if row.dtype.kind not in "fiub" or row.ndim != rows[0].ndim or row.ndim not in (1, 2):
            raise TypeError(
                f"{argument}[{i}] must be a numeric array [steps] or [steps, channels] like the "
                f"others, got {row.dtype} of shape {row.shape}"
            )
        if row.shape[1:] != rows[0].shape[1:]:
            raise ValueError(
                f"{argument}[{i}] has {row.shape[1]} channels, {argument}[0] has {rows[0].shape[1]}"
            )
    steps = max(len(row) for row in rows)
    padded = np.full((len(rows), steps, *rows[0].shape[1:]), np.nan, "float32")
    for target, row in zip(padded, rows, strict=True):
        target[: len(row)] = row
    return padded
