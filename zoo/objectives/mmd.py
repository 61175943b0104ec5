"""How far draws of z are from draws of the prior, without a density."""

import math
import numbers

import tensorflow as tf

from zoo.core.samplers import untile
from zoo.core.serialization import as_tuple, component, not_empty
from zoo.objectives.batch_ops import for_each, prior_draws
from zoo.objectives.terms import Term


class _Kernel:
    """The mean over scales s of k(d^2 / (s h)), d the distance of two points in D dimensions.

    h = 2 D, the mean squared distance of two draws of the standard Normal; k(0) = 1.

    Args:
        scales: several at once, since no single width sees both coarse and fine differences.
    """

    def __init__(self, scales=(0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)):
        self.scales = as_tuple(scales)
        not_empty(scales=self.scales)
        for scale in self.scales:
            if not isinstance(scale, numbers.Real) or not 0 < scale < math.inf:
                raise ValueError(f"scales must be made of positive numbers, got {scale!r}")

    def __call__(self, a, b):
        """k of each pair of rows of a `[..., N, D]` and b `[..., M, D]`: `[..., N, M]`."""
        squares = (tf.reduce_sum(tf.square(rows), -1) for rows in (a, b))
        of_a, of_b = squares
        apart = of_a[..., :, None] + of_b[..., None, :] - 2.0 * tf.matmul(a, b, transpose_b=True)
        wide = tf.maximum(apart, 0.0) / (2.0 * a.shape[-1])
        return sum(self.of(wide / scale) for scale in self.scales) / len(self.scales)


@component
class InverseMultiquadratic(_Kernel):
    """1 / (1 + d^2 / (s h)), the mean over scales s; h = 2 D, D the dimensions of z.

    Its tails are heavy, so a far outlier still feels a pull. Tolstikhin et al., 2018.

    Args:
        scales: factors of h; the kernel is the mean over them.
    """

    def of(self, ratio):
        return 1.0 / (1.0 + ratio)


@component
class RBF(_Kernel):
    """exp(-d^2 / (s h)), the mean over scales s; h = 2 D, D the dimensions of z.

    Args:
        scales: factors of h; the kernel is the mean over them.
    """

    def of(self, ratio):
        return tf.exp(-ratio)


@component
class MMD(Term):
    """The squared maximum mean discrepancy between draws z of q(z) and draws p of the prior.

    1 / (B (B - 1)) sum_{i != j} (k(z_i, z_j) + k(p_i, p_j)) - 2 / B^2 sum_{i, j} k(z_i, p_j): the
    unbiased estimate, negative at times, around 0 where q(z) is the prior. At most 2, and not nats:
    hence the large weight. In place of the KL it is the Wasserstein autoencoder, Tolstikhin et
    al., 2018; beside a KL of small weight InfoVAE, Zhao et al., 2017.

    One number of the batch. A batch of one has no pairs: their sums are 0. Several draws of an
    example: each by itself, averaged; several stochastic layers: added up. Several replicas: each
    takes its own part of the batch.

    Args:
        weight: in the loss.
        kernel: k, `InverseMultiquadratic()` by default, or `RBF()`.
    """

    def __init__(self, weight=100.0, kernel=None, name="mmd", **kwargs):
        super().__init__(weight, name=name, **kwargs)
        self.kernel = InverseMultiquadratic() if kernel is None else kernel

    def per_example(self, x, y, out):
        del x, y
        return for_each(sum(self._of(draw, out) for draw in out.draws), out)

    def _of(self, draw, out):
        z, p = (untile(a, out.samples) for a in (draw.z, prior_draws(draw, out.sampler)))
        between = tf.reduce_mean(self.kernel(z, p), [-2, -1])
        return tf.reduce_mean(self._within(z) + self._within(p) - 2.0 * between)

    def _within(self, rows):
        """The mean over pairs of different rows of `[S, B, D]`: `[S]`."""
        pairs = self.kernel(rows, rows)
        pairs = tf.linalg.set_diag(pairs, tf.zeros_like(tf.linalg.diag_part(pairs)))
        n = tf.cast(tf.shape(rows)[1], pairs.dtype)
        return tf.reduce_sum(pairs, [-2, -1]) / tf.maximum(n * (n - 1.0), 1.0)
