"""Operations on triangular matrices of elementary operations alone, all of which TFLite has."""

import tensorflow as tf


def cholesky_with_rows(matrix):
    """Cholesky factor of A, and further rows B multiplied by the inverse of its transpose.

        A = L L^T,    rows (A, B) -> (L, B L^-T)

    B = I gives the inverse of L, B = y^T the whitened y. By halves: the first columns of L leave
    the Schur complement of their block to the others.

    Args:
        matrix: positive definite A `[..., n, n]` above B `[..., m, n]`; n and m are known while
            tracing. Only the lower triangle of A is used.

    Returns:
        `[..., n + m, n]`.
    """
    n = matrix.shape[-1]
    if n == 1:
        return matrix * tf.math.rsqrt(matrix[..., :1, :])
    half = n // 2
    left, right = tf.split(matrix, [half, n - half], -1)
    left = cholesky_with_rows(left)
    _, below = tf.split(left, [half, matrix.shape[-2] - half], -2)
    _, right = tf.split(right, [half, matrix.shape[-2] - half], -2)
    right -= tf.matmul(below, below[..., : n - half, :], transpose_b=True)
    above = [[0, 0]] * (len(matrix.shape) - 2) + [[half, 0], [0, 0]]
    return tf.concat([left, tf.pad(cholesky_with_rows(right), above)], -1)


def log_diagonal(matrix):
    """log of the diagonal of matrices `[..., n, n]`, `[..., n]`."""
    return tf.math.log(tf.reduce_sum(matrix * tf.eye(matrix.shape[-1]), -1))
