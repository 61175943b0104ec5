"""Operations on triangular matrices of elementary operations alone, all of which TFLite has."""

import tensorflow as tf


def inverse_cholesky(matrix):
    """L^-1 `[..., n, n]` of positive definite matrices L L^T; n is known while tracing.

    By halves: L of ((A, B^T), (B, D)) has the blocks chol(A), B chol(A)^-T and the Cholesky factor
    of the Schur complement of A. Only the lower triangle of the matrices is used.
    """
    n = matrix.shape[-1]
    if n == 1:
        return tf.math.rsqrt(matrix)
    a = inverse_cholesky(matrix[..., : n // 2, : n // 2])
    b = tf.matmul(matrix[..., n // 2 :, : n // 2], a, transpose_b=True)
    d = inverse_cholesky(matrix[..., n // 2 :, n // 2 :] - tf.matmul(b, b, transpose_b=True))
    return _lower(a, -tf.matmul(tf.matmul(d, b), a), d)


def log_diagonal(matrix):
    """log of the diagonal of matrices `[..., n, n]`, `[..., n]`."""
    return tf.math.log(tf.reduce_sum(matrix * tf.eye(matrix.shape[-1]), -1))


def _lower(a, b, d):
    """Block matrix ((a, 0), (b, d))."""
    zeros = tf.zeros_like(tf.linalg.matrix_transpose(b))
    return tf.concat([tf.concat([a, zeros], -1), tf.concat([b, d], -1)], -2)
