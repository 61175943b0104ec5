"""The positions of a padded batch that are there, as the rows of one matrix.

Layers that look at one position at a time work on these rows alone: padding costs them nothing.
"""

import tensorflow as tf

from zoo.core import execution

# What is compiled for each number of rows meets few different ones.
TILE = 256


class PackedBatch:
    """Where in a batch `[B, T, ...]` something is.

    Args:
        seen: `[B, T]` bool; M is how many are true.
        training: in a plain graph M is rounded up to whole tiles then, with rows of zeros that no
            one reads.

    Attributes:
        example, step: of each row, `[M]` int32 each.
    """

    def __init__(self, seen, training=False):
        self.seen = seen
        flat = tf.reshape(seen, [-1])
        there = tf.cast(flat, tf.int32)
        count = tf.reduce_sum(there)
        # Each row's place in the batch; each place's row, or the one after the last.
        self._places = tf.cast(tf.where(flat)[:, 0], tf.int32)
        self._real = None
        if training and execution.is_plain_graph():
            missing = -count % TILE
            self._places = tf.pad(self._places, [[0, missing]])
            self._real = tf.range(count + missing) < count
            count += missing
        self.example = self._places // tf.shape(seen)[1]
        self.step = self._places % tf.shape(seen)[1]
        self._rows = tf.where(flat, tf.cumsum(there) - 1, count)

    # Each is the other's transpose. Written out, both ways are gathers; left to TensorFlow, the
    # gradient of a gather adds up what cannot coincide.

    def take(self, grid):
        """`[B, T, ...]` -> `[M, ...]`."""
        return _with_gradient(self._gathered, self._scattered, grid)

    def put(self, rows):
        """`[M, ...]` -> `[B, T, ...]`, zeros where nothing is."""
        return _with_gradient(self._scattered, self._gathered, rows)

    def _gathered(self, grid):
        flat = tf.reshape(grid, tf.concat([[-1], tf.shape(grid)[2:]], 0))
        rows = tf.ensure_shape(tf.gather(flat, self._places), [None, *grid.shape[2:]])
        if self._real is None:
            return rows
        real = tf.reshape(self._real, [-1] + [1] * (len(rows.shape) - 1))
        return tf.where(real, rows, tf.zeros_like(rows))

    def _scattered(self, rows):
        nothing = tf.zeros([1, *rows.shape[1:]], rows.dtype)
        flat = tf.gather(tf.concat([rows, nothing], 0), self._rows)
        grid = tf.reshape(flat, tf.concat([tf.shape(self.seen), tf.shape(rows)[1:]], 0))
        return tf.ensure_shape(grid, [*self.seen.shape, *rows.shape[1:]])


def _with_gradient(function, transpose, x):
    if not x.dtype.is_floating:
        return function(x)
    return tf.custom_gradient(lambda x: (function(x), transpose))(x)
