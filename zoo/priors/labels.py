"""A Normal for each class as p(z|y), and what is to be known of their mixture."""

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import bounded_scale, raw_of
from zoo.core.serialization import component, positive
from zoo.priors.base import Prior
from zoo.priors.mixture import DiagonalMixture

tfd = tfp.distributions


class LabelMixture(DiagonalMixture):
    """p(z) = sum_y p(y) p(z|y), p(z|y) = Normal(loc_y, scale_y): event `[D]`; nats throughout.

    Args:
        logits: `[C]`, of the classes.
        loc, scale: `[C, D]`.
    """

    @property
    def log_shares(self):
        """log p(y), `[C]`."""
        return tf.math.log_softmax(self.logits)

    def given(self, labels):
        """p(z|y) of labels `[B]`, integers in 0 .. C - 1: batch `[B]`, event `[D]`."""
        loc, scale = tf.gather(self.locs, labels), tf.gather(self.scales, labels)
        return tfd.Independent(tfd.Normal(loc, scale), 1)

    def log_prob_by_class(self, z):
        """log p(z|y), z `[..., D]` -> `[..., C]`."""
        return self.components_distribution.log_prob(z[..., None, :])

    def log_class(self, z):
        """log p(y|z) by Bayes' rule, p(y) p(z|y) / p(z): z `[..., D]` -> `[..., C]`."""
        return tf.math.log_softmax(self.log_shares + self.log_prob_by_class(z))

    def kl_by_class(self, q):
        """KL(q || p(z|y)) of a `tfd.Normal` q, batch `[B, D]`, to each class: `[B, C]`, exact."""
        apart = tfd.Normal(q.loc[:, None], q.scale[:, None])
        return tf.reduce_sum(apart.kl_divergence(tfd.Normal(self.locs, self.scales)), -1)


@component
class LabelPrior(Prior):
    """p(z|y) = Normal(loc_y, scale_y), learned for each of C classes; p(z) = sum_y p(y) p(z|y).

    With `zoo.objectives.LabelKL` labelled examples are drawn to their class's Normal and the others
    to wherever they fit; then p(y|x) is Bayes' rule: `VAE.classify`. With the plain `KL` no
    label is read, and the classes are clusters. Kingma et al., Semi-supervised learning with deep
    generative models, 2014, have y beside z; Normals of classes in z are those of Jiang et al.,
    Variational deep embedding, 2017.

    Args:
        latent_dim: D.
        classes: C, at least 2.
        learn_shares: whether p(y) is learned; it begins uniform and stays so otherwise.
        spread: standard deviation of the first locs around 0; those of two classes are about
            spread * sqrt(2 D) apart.
        initial_scale: of every Normal at the start.
        floor, ceiling: the smallest and the largest scale.

    Raises:
        ValueError: one of the numbers is not as said above.

    Call: `prior.distribution()` -> a `LabelMixture`.
    """

    def __init__(
        self,
        latent_dim,
        classes,
        *,
        learn_shares=False,
        spread=1.0,
        initial_scale=1.0,
        floor=1e-2,
        ceiling=1e2,
        **kwargs,
    ):
        super().__init__(latent_dim, **kwargs)
        (self.classes,) = positive(classes=classes)
        if self.classes < 2:
            raise ValueError(f"classes must be at least 2, got {classes!r}")
        if not spread > 0:
            raise ValueError(f"spread must be above 0, so that classes differ, got {spread!r}")
        if not 0 < floor < initial_scale < ceiling:
            raise ValueError(
                "0 < floor < initial_scale < ceiling is needed, got "
                f"floor={floor!r}, initial_scale={initial_scale!r}, ceiling={ceiling!r}"
            )
        self.learn_shares, self.spread = learn_shares, spread
        self.initial_scale, self.floor, self.ceiling = initial_scale, floor, ceiling

    def build(self, input_shape=None):
        del input_shape
        shape = (self.classes, self.latent_dim)
        apart = keras.initializers.RandomNormal(stddev=self.spread)
        start = keras.initializers.Constant(raw_of(self.initial_scale, self.floor))
        self.locs = self.add_weight(shape=shape, initializer=apart, name="locs")
        self.raw_scales = self.add_weight(shape=shape, initializer=start, name="raw_scales")
        self.logits = self.add_weight(
            shape=shape[:1], initializer="zeros", trainable=self.learn_shares, name="logits"
        )

    def distribution(self, encoder=None):
        """p(z), event `[D]`: a `LabelMixture`."""
        del encoder
        logits, locs, raw = map(tf.convert_to_tensor, (self.logits, self.locs, self.raw_scales))
        return LabelMixture(logits, locs, bounded_scale(raw, self.floor, self.ceiling))

    def check_labels(self, y, argument="y"):
        """Raise `ValueError` unless y is a vector of classes, -1 where none is known."""
        y = np.asarray(y)
        expected = f"expected integers [N]: a class, 0 .. {self.classes - 1}, or -1 where unknown"
        if not np.issubdtype(y.dtype, np.integer):
            raise ValueError(f"{argument} has dtype {y.dtype}, {expected}")
        if y.ndim != 1:
            raise ValueError(f"{argument} has shape {y.shape}, {expected}")
        wrong = y[(y < -1) | (y >= self.classes)]
        if wrong.size:
            raise ValueError(f"{argument} holds {wrong[0]}, {expected}")
