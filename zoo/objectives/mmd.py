"""Maximum mean discrepancy between draws of z and draws of the prior."""

import tensorflow as tf

from zoo.core.argument_values import as_tuple, is_float32, not_empty
from zoo.core.outputs import Pass
from zoo.core.samplers import untile
from zoo.core.serialization import component
from zoo.objectives.batch_ops import broadcast_to_batch, sample_prior
from zoo.objectives.terms import Term


class _Kernel:
    """Mean over scales s of k(d^2 / (s h)), d the distance of two points in D dimensions.

    h = 2 D, the mean squared distance of two draws of the standard Normal; k(0) = 1. A subclass
    implements k as `of_ratio`.

    Args:
        scales: several at once, because no single scale detects both coarse and fine differences.
    """

    def __init__(self, scales: tuple[float, ...] = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)):
        self.scales = as_tuple(scales)
        not_empty(scales=self.scales)
        for scale in self.scales:
            if not is_float32(scale) or scale <= 0:
                raise ValueError(f"scales must be made of positive numbers, got {scale!r}")

    def __call__(self, a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
        """k of each pair of rows of a `[..., N, D]` and b `[..., M, D]`: `[..., N, M]`."""
        a_squares, b_squares = (tf.reduce_sum(tf.square(rows), -1) for rows in (a, b))
        products = tf.matmul(a, b, transpose_b=True)
        distances = a_squares[..., :, None] + b_squares[..., None, :] - 2.0 * products
        ratios = tf.maximum(distances, 0.0) / (2.0 * a.shape[-1])
        return sum(self.of_ratio(ratios / scale) for scale in self.scales) / len(self.scales)


@component
class InverseMultiquadratic(_Kernel):
    """Inverse multiquadratic kernel: 1 / (1 + d^2 / (s h)), the mean over scales s; h = 2 D.

    Its tails are heavy, so that far outliers still receive a gradient. Tolstikhin et al.,
    Wasserstein auto-encoders, 2018.

    Args:
        scales: factors of h; the kernel is the mean over them.
    """

    def of_ratio(self, ratio):
        return 1.0 / (1.0 + ratio)


@component
class RBF(_Kernel):
    """Radial basis function kernel: exp(-d^2 / (s h)), the mean over scales s; h = 2 D.

    Args:
        scales: factors of h; the kernel is the mean over them.
    """

    def of_ratio(self, ratio):
        return tf.exp(-ratio)


@component
class MMD(Term):
    """Squared maximum mean discrepancy between draws z of q(z) and draws p of the prior.

    1 / (B (B - 1)) sum_{i != j} (k(z_i, z_j) + k(p_i, p_j)) - 2 / B^2 sum_{i, j} k(z_i, p_j): the
    unbiased estimate, which may be negative; its mean is 0 if q(z) is the prior. It is at most 2
    and not in nats, hence the large default weight. In place of the KL it gives a Wasserstein
    autoencoder (Tolstikhin et al., 2018), together with a KL of small weight an InfoVAE (Zhao et
    al., 2017).

    The batch has a single value. In a batch of one the sums over pairs are 0. Several draws of an
    example are averaged, and the values of several stochastic layers are summed. Each replica uses
    its own part of the batch.

    Args:
        weight: weight in the loss.
        kernel: k, `InverseMultiquadratic()` by default, or `RBF()`.
    """

    def __init__(
        self,
        weight: float = 100.0,
        kernel: InverseMultiquadratic | RBF | None = None,
        name: str = "mmd",
        **kwargs,
    ):
        super().__init__(weight, name=name, **kwargs)
        self.kernel = InverseMultiquadratic() if kernel is None else kernel

    def per_example(self, x, y, out: Pass) -> tf.Tensor:
        """The discrepancy of the batch, the same for each example, `[B]`."""
        del x, y
        return broadcast_to_batch(sum(self._of_layer(draw, out) for draw in out.draws), out)

    def _of_layer(self, draw, out):
        z, p = (untile(a, out.samples) for a in (draw.z, sample_prior(draw, out.sampler)))
        between = tf.reduce_mean(self.kernel(z, p), [-2, -1])
        return tf.reduce_mean(self._within(z) + self._within(p) - 2.0 * between)

    def _within(self, rows):
        """Mean of k over pairs of different rows of `[S, B, D]`: `[S]`."""
        pairs = self.kernel(rows, rows)
        pairs = tf.linalg.set_diag(pairs, tf.zeros_like(tf.linalg.diag_part(pairs)))
        n = tf.cast(tf.shape(rows)[1], pairs.dtype)
        return tf.reduce_sum(pairs, [-2, -1]) / tf.maximum(n * (n - 1.0), 1.0)
