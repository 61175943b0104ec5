"""Packed batches: the valid positions of a padded batch, as the rows of one matrix.

Layers that treat each position independently work on these rows, so that padding costs nothing.
"""

import tensorflow as tf

TILE = 256  # row counts are rounded up to a multiple of it, to limit recompilation


class PackedBatch:
    """Packing of a padded batch `[B, T, ...]` into one row for each valid position, `[M, ...]`.

    Args:
        mask: `[B, T]` bool, True where a position is valid; M counts the valid positions.
        round_up: whether M is rounded up to a multiple of `TILE`, with rows of zeros that `unpack`
            ignores. XLA does not support it.
        allow_split: whether layers may split the batch into halves; False for a half.

    Attributes:
        mask, allow_split: the arguments.
        example, step: for each row, the index of its example and of its step, `[M]` int32 each.
    """

    def __init__(self, mask: tf.Tensor, round_up: bool = False, allow_split: bool = True):
        self.mask, self.allow_split = mask, allow_split
        flat = tf.reshape(mask, [-1])
        valid = tf.cast(flat, tf.int32)
        count = tf.reduce_sum(valid)
        # For each row, its index in the flat batch.
        self._flat_index = tf.cast(tf.where(flat)[:, 0], tf.int32)
        self._is_valid_row = None
        if round_up:
            missing = -count % TILE
            self._flat_index = tf.pad(self._flat_index, [[0, missing]])
            self._is_valid_row = tf.range(count + missing) < count
            count += missing
        self.example = self._flat_index // tf.shape(mask)[1]
        self.step = self._flat_index % tf.shape(mask)[1]
        # For each index of the flat batch, its row; padding gets the row after the last.
        self._row = tf.where(flat, tf.cumsum(valid) - 1, count)

    # `pack` and `unpack` are transposes of each other, so each is the gradient of the other, and
    # both are gathers. TensorFlow's gradient of a gather would sum over repeated indices, of which
    # there are none here.

    def pack(self, padded: tf.Tensor) -> tf.Tensor:
        """`[B, T, ...]` -> `[M, ...]`."""
        return _with_gradient(self._pack, self._unpack, padded)

    def unpack(self, rows: tf.Tensor) -> tf.Tensor:
        """`[M, ...]` -> `[B, T, ...]`, zeros at positions that are not valid."""
        return _with_gradient(self._unpack, self._pack, rows)

    def _pack(self, padded):
        flat = tf.reshape(padded, tf.concat([[-1], tf.shape(padded)[2:]], 0))
        rows = tf.ensure_shape(tf.gather(flat, self._flat_index), [None, *padded.shape[2:]])
        if self._is_valid_row is None:
            return rows
        valid = tf.reshape(self._is_valid_row, [-1] + [1] * (len(rows.shape) - 1))
        return tf.where(valid, rows, tf.zeros_like(rows))

    def _unpack(self, rows):
        zeros = tf.zeros([1, *rows.shape[1:]], rows.dtype)
        flat = tf.gather(tf.concat([rows, zeros], 0), self._row)
        padded = tf.reshape(flat, tf.concat([tf.shape(self.mask), tf.shape(rows)[1:]], 0))
        return tf.ensure_shape(padded, [*self.mask.shape, *rows.shape[1:]])


def _with_gradient(function, transpose, x):
    if not x.dtype.is_floating:
        return function(x)
    return tf.custom_gradient(lambda x: (function(x), transpose))(x)
