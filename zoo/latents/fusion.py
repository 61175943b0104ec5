"""How the posteriors of single modalities become one: objects, passed in.

A fusion takes the experts' loc and scale `[B, M, D]` and who is present, bool `[B, M]`, at least
one in each row, and gives q(z|x): a `tfd.Normal`, or a `NormalMixture`. An expert that is not
present has no influence on it or its gradients.
"""

import itertools

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import NormalMixture
from zoo.core.serialization import component, ensure_built
from zoo.latents.posteriors import NormalPosterior

tfd = tfp.distributions

MAX_FOR_SUBSETS = 8  # 255 of them


class Fusion(keras.layers.Layer):
    """What fusions share."""

    needs_all = False  # whether each example must have each modality
    subsets = 0.0  # how often training should encode a part of an example's modalities

    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})

    def build(self, input_shape):
        """`input_shape` is that of loc: `[B, M, D]`."""
        del input_shape


@component
class ProductOfExperts(Fusion):
    """q(z|x) = p(z) prod_m q_m(z|x_m), normalised; the prior N(0, 1) is an expert too.

    With precisions t_m = 1 / scale_m^2 and t_0 = 1 of the prior: scale^2 = 1 / sum_m t_m and
    loc = sum_m t_m loc_m / sum_m t_m, computed from log t_m. Sharp where any modality is: an AND.
    Wu and Goodman, Multimodal generative models for scalable weakly-supervised learning, 2018.
    """

    subsets = 0.5  # or no encoder would learn to stand alone

    def call(self, loc, scale, present):
        return tfd.Normal(*product(loc, scale, present))


@component
class MixtureOfExperts(Fusion):
    """q(z|x) = (1 / M) sum_m q_m(z|x_m) over the modalities that are present: an OR.

    Shi et al., Variational mixture-of-experts autoencoders for multi-modal deep generative models,
    2019.
    """

    def call(self, loc, scale, present):
        return NormalMixture(loc, scale, present)


@component
class MixtureOfProducts(Fusion):
    """The mean over all non-empty subsets of the modalities present of their products of experts.

    2^M - 1 components; each product has the prior as an expert. Sutter et al., Generalized
    multimodal ELBO (MoPoE), 2021.
    """

    def build(self, input_shape):
        if input_shape[1] > MAX_FOR_SUBSETS:
            raise ValueError(
                f"MixtureOfProducts has a component for each subset of up to {MAX_FOR_SUBSETS} "
                f"modalities, got {input_shape[1]}"
            )

    def call(self, loc, scale, present):
        subsets = _subsets(loc.shape[1])
        parts = [product(loc, scale, tf.logical_and(present, subset)) for subset in subsets]
        locs, scales = (tf.stack(part, 1) for part in zip(*parts, strict=True))
        # A subset counts where all of it is present.
        whole = tf.reduce_all(tf.logical_or(present[:, None], ~subsets), -1)
        return NormalMixture(locs, scales, whole)


@component
class Concatenation(Fusion):
    """A dense layer over what all encoders say of x: for data in which nothing is ever missing.

    Its input is each expert's loc and log scale. No modality can be left out, in training or later.
    """

    needs_all = True

    def build(self, input_shape):
        self.head = NormalPosterior(input_shape[-1], name="head")
        ensure_built(self.head, (None, 2 * input_shape[1] * input_shape[2]))

    def call(self, loc, scale, present):
        del present
        both = tf.concat([loc, tf.math.log(scale)], -1)
        return self.head(tf.reshape(both, [-1, both.shape[1] * both.shape[2]]))


def product(loc, scale, present):
    """Loc and scale `[B, D]` of the product of the experts present and N(0, 1)."""
    log_precision = tf.where(present[..., None], -2.0 * tf.math.log(scale), -np.inf)
    log_precision = tf.concat([tf.zeros_like(log_precision[:, :1]), log_precision], 1)
    total = tf.reduce_logsumexp(log_precision, 1)
    share = tf.exp(log_precision - total[:, None])[:, 1:]
    return tf.reduce_sum(share * loc, 1), tf.exp(-0.5 * total)


def _subsets(size):
    """Non-empty subsets of so many, bool `[2^M - 1, M]`; the whole comes last."""
    members = itertools.product([False, True], repeat=size)
    return np.array(sorted(members, key=sum)[1:])


IDENTIFIERS = {
    "product": ProductOfExperts,
    "mixture": MixtureOfExperts,
    "mixture_of_products": MixtureOfProducts,
    "concatenation": Concatenation,
}
