"""Fusions: combine the posteriors of single modalities into one.

A fusion takes the experts' loc and scale `[B, M, D]` and `present`, bool `[B, M]` with at least one
True in each row, and returns q(z|x): a `tfd.Normal`, or a `NormalMixture`. An expert that is not
present has no influence on the result or its gradients.
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

# Largest number of modalities of a `MixtureOfProducts`: 255 subsets.
MAX_FOR_SUBSETS = 8


class Fusion(keras.layers.Layer):
    """Base class of fusions."""

    needs_all = False  # True if no modality of an example may be missing
    subsets = 0.0  # default probability that training encodes a random subset of the modalities

    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})

    def build(self, input_shape):
        """Create the weights; `input_shape` is that of loc: `[B, M, D]`."""
        del input_shape


@component
class ProductOfExperts(Fusion):
    """Product of experts: q(z|x) = p(z) prod_m q_m(z|x_m), normalised, with p(z) = N(0, 1).

    With precisions t_m = 1 / scale_m^2 and t_0 = 1 of the prior: scale^2 = 1 / sum_m t_m and
    loc = sum_m t_m loc_m / sum_m t_m, computed from log t_m. It is at least as sharp as the
    sharpest expert. Wu and Goodman, Multimodal generative models for scalable weakly-supervised
    learning, 2018.
    """

    subsets = 0.5  # without subsets no encoder would be trained on its modality alone

    def call(self, loc: tf.Tensor, scale: tf.Tensor, present: tf.Tensor) -> tfd.Normal:
        return tfd.Normal(*product(loc, scale, present))


@component
class MixtureOfExperts(Fusion):
    """Mixture of experts: q(z|x) = (1 / M) sum_m q_m(z|x_m) over the modalities that are present.

    Shi et al., Variational mixture-of-experts autoencoders for multi-modal deep generative models,
    2019.
    """

    def call(self, loc: tf.Tensor, scale: tf.Tensor, present: tf.Tensor) -> NormalMixture:
        return NormalMixture(loc, scale, present)


@component
class MixtureOfProducts(Fusion):
    """Mixture of products of experts, one for each non-empty subset of the modalities present.

    2^M - 1 components; each product has the prior as an expert. Sutter et al., Generalized
    multimodal ELBO (MoPoE), 2021.
    """

    def build(self, input_shape):
        if input_shape[1] > MAX_FOR_SUBSETS:
            raise ValueError(
                f"modalities must be at most {MAX_FOR_SUBSETS} for MixtureOfProducts, which has a "
                f"component for each subset, got {input_shape[1]}: use MixtureOfExperts"
            )

    def call(self, loc: tf.Tensor, scale: tf.Tensor, present: tf.Tensor) -> NormalMixture:
        subsets = _subsets(loc.shape[1])
        products = [product(loc, scale, tf.logical_and(present, subset)) for subset in subsets]
        locs, scales = (tf.stack(values, 1) for values in zip(*products, strict=True))
        # A subset is a component if all of its modalities are present.
        complete = tf.reduce_all(tf.logical_or(present[:, None], ~subsets), -1)
        return NormalMixture(locs, scales, complete)


@component
class Concatenation(Fusion):
    """Dense layer on the concatenated outputs of all encoders, if no modality is ever missing.

    Its input is each expert's loc and log scale. All modalities are needed, in training and later.
    """

    needs_all = True

    def build(self, input_shape):
        self.head = NormalPosterior(input_shape[-1], name="head")
        ensure_built(self.head, (None, 2 * input_shape[1] * input_shape[2]))

    def call(self, loc: tf.Tensor, scale: tf.Tensor, present: tf.Tensor) -> tfd.Normal:
        del present
        features = tf.concat([loc, tf.math.log(scale)], -1)
        return self.head(tf.reshape(features, [-1, features.shape[1] * features.shape[2]]))


def product(loc, scale, present):
    """Loc and scale `[B, D]` of the product of the experts present and N(0, 1)."""
    log_precision = tf.where(present[..., None], -2.0 * tf.math.log(scale), -np.inf)
    log_precision = tf.concat([tf.zeros_like(log_precision[:, :1]), log_precision], 1)
    log_total = tf.reduce_logsumexp(log_precision, 1)
    weights = tf.exp(log_precision - log_total[:, None])[:, 1:]
    return tf.reduce_sum(weights * loc, 1), tf.exp(-0.5 * log_total)


def _subsets(size):
    """Non-empty subsets of `size` modalities, bool `[2^M - 1, M]`; the full set comes last."""
    members = itertools.product([False, True], repeat=size)
    return np.array(sorted(members, key=sum)[1:])


IDENTIFIERS = {
    "product": ProductOfExperts,
    "mixture": MixtureOfExperts,
    "mixture_of_products": MixtureOfProducts,
    "concatenation": Concatenation,
}
