"""Sylvester flow."""

import keras
import numpy as np
import tensorflow as tf

from zoo.core.argument_values import not_empty, positive_tuples
from zoo.core.serialization import component, ensure_built
from zoo.flows.base import Flow
from zoo.flows.conditioner import Conditioner

# Diagonals lie within +-0.99, so that 1 plus their product is never 0, even after rounding.
MAX_DIAGONAL = 0.99

# Added to B's raw diagonal: if both A and B started at 0, neither would get a gradient.
INNER_BIAS = 1.0

# Number of times that the bracket, of width 2, is halved, down to the resolution of float32.
BISECTIONS = 30


@component
class SylvesterFlow(Flow):
    """Sylvester flow: a layer of D tanh units is added to u, with weights from the context.

    z = u + A tanh(B u + b), with A and B triangular, so that
    log |det dz/du| = sum_d log(1 + a_dd b_dd tanh'(.)_d), tanh' = 1 - tanh^2. The
    diagonals lie within +-0.99, which makes the flow invertible. A, B and b are computed from the
    context by dense layers; steps alternate between upper and lower triangles. In one dimension it
    is the planar flow. A draw costs one pass; log_prob of a z that the flow did not draw requires
    an equation to be solved for each dimension in turn. Van den Berg et al., Sylvester normalizing
    flows for variational inference, 2018 (their triangular variant).

    The last dense layer of a step has hidden * D (D + 2) weights, so the flow suits few latent
    dimensions.

    Args:
        steps: number of steps in the flow.
        hidden: widths of the hidden layers between context and matrices.

    Raises:
        ValueError: an argument is not made of positive integers, or hidden is empty.
    """

    def __init__(self, steps: int = 2, hidden: int | tuple[int, ...] = (32,), **kwargs):
        super().__init__(steps, **kwargs)
        (self.hidden,) = positive_tuples(hidden=hidden)
        not_empty(hidden=self.hidden)

    def step(self, size: int, context_size: int, reverse: bool) -> keras.layers.Layer:
        """Make one triangular step."""
        return TriangularStep(size, context_size, self.hidden, reverse)


class TriangularStep(keras.layers.Layer):
    """One step of a `SylvesterFlow`: with upper triangles, or lower ones if `reverse`."""

    def __init__(self, size, context_size, hidden, reverse, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.size, self.reverse = size, reverse
        self.network = Conditioner(0, context_size, hidden, size * (size + 2))

    def build(self, input_shape):
        ensure_built(self.network, input_shape)

    def forward(self, u, context=None):
        """Map u to z and log |det dz/du|."""
        outer, outer_diagonal, inner, inner_diagonal, bias = self._matrices(context)
        h = tf.tanh(tf.linalg.matvec(inner, u) + inner_diagonal * u + bias)
        z = u + tf.linalg.matvec(outer, h) + outer_diagonal * h
        slopes = 1.0 + outer_diagonal * inner_diagonal * (1.0 - tf.square(h))
        return z, tf.reduce_sum(tf.math.log(slopes), -1)

    def inverse(self, z, context=None):
        """Map z to u and log |det dz/du|."""
        outer, outer_diagonal, inner, inner_diagonal, bias = self._matrices(context)

        def solve_next_dimension(i, u, h):
            # Back substitution, from the last row of an upper triangle or the first of a lower one:
            # each row then has a single unknown, that of its diagonal entry.
            d = i if self.reverse else self.size - 1 - i
            a, b = tf.gather(outer_diagonal, d, axis=-1), tf.gather(inner_diagonal, d, axis=-1)
            c = tf.gather(bias, d, axis=-1)
            c += tf.reduce_sum(tf.gather(inner, d, axis=-2) * u, -1)
            target = tf.gather(z, d, axis=-1)
            target -= tf.reduce_sum(tf.gather(outer, d, axis=-2) * h, -1)
            u_d = _solve(a, b, c, target)
            one_hot = tf.one_hot(d, self.size)
            return (
                i + 1,
                u + one_hot * u_d[..., None],
                h + one_hot * tf.tanh(b * u_d + c)[..., None],
            )

        # XLA can differentiate a loop only if its number of iterations is bounded.
        state = (0, tf.zeros_like(z), tf.zeros_like(z))
        _, u, _ = tf.while_loop(
            lambda *_: True, solve_next_dimension, state, maximum_iterations=self.size
        )
        return u, self.forward(u, context)[1]

    def _matrices(self, context):
        """A and B, `[B, D, D]` off the diagonal and `[B, D]` on it, and b `[B, D]`."""
        size = self.size
        sizes = [size * size, size, size]
        square, inner_raw, bias = tf.split(self.network(None, context), sizes, -1)
        square = tf.reshape(square, tf.concat([tf.shape(square)[:-1], [size, size]], 0))
        triangle = np.triu(np.ones((size, size), "float32"), 1)
        triangle = tf.constant(triangle.T if self.reverse else triangle)
        # Not tf.linalg.diag_part, which does not convert to TFLite.
        diagonal = tf.reduce_sum(square * tf.eye(size), -1)
        outer, inner = square * triangle, tf.linalg.matrix_transpose(square) * triangle
        return (
            outer,
            MAX_DIAGONAL * tf.tanh(diagonal),
            inner,
            MAX_DIAGONAL * tf.tanh(inner_raw + INNER_BIAS),
            bias,
        )


def _solve(a, b, c, target):
    """Solve u + a tanh(b u + c) = target for u; all tensors have one shape.

    The left side increases with u, because a b > -1.
    """

    def excess(u):
        return u + a * tf.tanh(b * u + c) - target

    def halve(low, high):
        middle = 0.5 * (low + high)
        above = excess(middle) > 0
        return tf.where(above, low, middle), tf.where(above, middle, high)

    # u lies within 1 of the target because |a tanh| < 1.
    bracket = (target - 1.0, target + 1.0)
    low, high = tf.while_loop(lambda *_: True, halve, bracket, maximum_iterations=BISECTIONS)
    u = tf.stop_gradient(0.5 * (low + high))
    # One step of Newton's method, which also has the gradient of the exact solution.
    slope = 1.0 + a * b * (1.0 - tf.square(tf.tanh(b * u + c)))
    return u - excess(u) / tf.stop_gradient(slope)
