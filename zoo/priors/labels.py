"""Class-conditional Gaussian prior p(z|y), and the mixture of its classes."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import increasing, positive
from zoo.core.arrays import as_array
from zoo.core.distributions import bounded_scale, kl_of_normals, raw_of
from zoo.core.serialization import component
from zoo.priors.base import Prior
from zoo.priors.mixture import DiagonalMixture, check_scales

tfd = tfp.distributions


class LabelMixture(DiagonalMixture):
    """Mixture p(z) = sum_y p(y) p(z|y), p(z|y) = Normal(loc_y, scale_y), with event `[D]`.

    All log-probabilities are in nats.

    Args:
        logits: `[C]`, one for each class.
        loc, scale: `[C, D]`.
    """

    @property
    def log_weights(self):
        """log p(y), `[C]`."""
        return tf.math.log_softmax(self.logits)

    def conditional(self, labels):
        """p(z|y) for labels `[B]`, integers in 0 .. C - 1: batch `[B]`, event `[D]`."""
        loc, scale = tf.gather(self.locs, labels), tf.gather(self.scales, labels)
        return tfd.Independent(tfd.Normal(loc, scale), 1)

    def log_prob_by_class(self, z):
        """log p(z|y), z `[..., D]` -> `[..., C]`."""
        return self.components_distribution.log_prob(z[..., None, :])

    def log_class(self, z):
        """log p(y|z) by Bayes' rule, p(y) p(z|y) / p(z): z `[..., D]` -> `[..., C]`."""
        return tf.math.log_softmax(self.log_weights + self.log_prob_by_class(z))

    def kl_by_class(self, q):
        """KL(q || p(z|y)) from a `tfd.Normal` q, batch `[B, D]`, to each class: `[B, C]`, exact."""
        q = tfd.Normal(q.loc[:, None], q.scale[:, None])
        return tf.reduce_sum(kl_of_normals(q, tfd.Normal(self.locs, self.scales)), -1)


@component
class LabelPrior(Prior):
    """Class-conditional Gaussian prior: p(z|y) = Normal(loc_y, scale_y) for each of C classes.

    p(z) = sum_y p(y) p(z|y). `zoo.objectives.LabelKL` pulls the posterior of a labelled example
    towards the Normal of its class, and that of an unlabelled example towards the mixture. p(y|x)
    then follows from Bayes' rule; see `VAE.classify`. With the plain `KL`, labels are not used and
    the classes are clusters. In Kingma et al., Semi-supervised learning with deep generative
    models, 2014, the decoder has y as an input besides z; one Normal in z for each class is from
    Jiang et al., Variational deep embedding, 2017.

    Args:
        latent_dim: D.
        classes: C, at least 2.
        learn_class_probabilities: if True, p(y) is learned; otherwise it stays uniform.
        init_std: standard deviation of the initial locs around 0; the locs of two classes are about
            init_std * sqrt(2 D) apart.
        initial_scale: initial scale of every Normal.
        floor, ceiling: the smallest and the largest scale.

    Raises:
        ValueError: a number is out of its range.

    Call: `prior.distribution()` -> a `LabelMixture`.
    """

    def __init__(
        self,
        latent_dim: int,
        classes: int,
        *,
        learn_class_probabilities: bool = False,
        init_std: float = 1.0,
        initial_scale: float = 1.0,
        floor: float = 1e-2,
        ceiling: float = 1e2,
        **kwargs,
    ):
        super().__init__(latent_dim, **kwargs)
        (self.classes,) = positive(classes=classes)
        if self.classes < 2:
            raise ValueError(f"classes must be at least 2, got {classes!r}")
        if not increasing(0, init_std):
            raise ValueError(
                f"init_std must be above 0, so that classes start at different places, got "
                f"{init_std!r}"
            )
        check_scales(floor, initial_scale, ceiling)
        self.learn_class_probabilities, self.init_std = learn_class_probabilities, init_std
        self.initial_scale, self.floor, self.ceiling = initial_scale, floor, ceiling

    def build(self, input_shape=None):
        del input_shape
        shape = (self.classes, self.latent_dim)
        init_locs = keras.initializers.RandomNormal(stddev=self.init_std)
        init_raw = keras.initializers.Constant(raw_of(self.initial_scale, self.floor))
        self.locs = self.add_weight(shape=shape, initializer=init_locs, name="locs")
        self.raw_scales = self.add_weight(shape=shape, initializer=init_raw, name="raw_scales")
        self.logits = self.add_weight(
            shape=shape[:1],
            initializer="zeros",
            trainable=self.learn_class_probabilities,
            name="logits",
        )

    def distribution(self, encoder: Callable | None = None) -> LabelMixture:
        """p(z), event `[D]`: a `LabelMixture`."""
        del encoder
        logits, locs, raw = map(tf.convert_to_tensor, (self.logits, self.locs, self.raw_scales))
        return LabelMixture(logits, locs, bounded_scale(raw, self.floor, self.ceiling))

    def check_labels(self, y: np.ndarray, argument: str = "y") -> None:
        """Raise `ValueError` unless y is a vector of classes, -1 where the class is unknown."""
        y = as_array(y, argument)
        expected = (
            f"{argument} must be integers [N], each a class in 0 .. {self.classes - 1}, or -1 if "
            "unknown, got"
        )
        if not np.issubdtype(y.dtype, np.integer):
            raise ValueError(f"{expected} dtype {y.dtype}")
        if y.ndim != 1:
            raise ValueError(f"{expected} shape {y.shape}")
        out_of_range = y[(y < -1) | (y >= self.classes)]
        if out_of_range.size:
            raise ValueError(f"{expected} {out_of_range[0]}")
