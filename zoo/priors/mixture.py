"""Gaussian mixture prior."""

import importlib
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import increasing, is_float32, positive
from zoo.core.distributions import bounded_scale, raw_of
from zoo.core.random import normal, uniform
from zoo.core.serialization import component
from zoo.priors.base import Prior

tfd = tfp.distributions


class DiagonalMixture(tfd.MixtureSameFamily):
    """Mixture of diagonal Normals, sum_k w_k Normal(loc_k, scale_k), with event `[D]`.

    Draws are the same with and without XLA.

    Args:
        logits: `[K]`, of the weights w.
        loc, scale: `[K, D]`.
    """

    def __init__(self, logits, loc, scale, name="DiagonalMixture"):
        self.logits, self.locs, self.scales = logits, loc, scale
        super().__init__(
            tfd.Categorical(logits=logits), tfd.MultivariateNormalDiag(loc, scale), name=name
        )

    @property
    def parameters(self):
        """Constructor arguments, with which TFP copies and slices the distribution."""
        return {"logits": self.logits, "loc": self.locs, "scale": self.scales, "name": self.name}

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
        properties = tfp.util.ParameterProperties
        return {
            "logits": properties(event_ndims=1),
            "loc": properties(event_ndims=2),
            "scale": properties(event_ndims=2),
        }

    def _sample_n(self, n, seed=None):
        component_seed, noise_seed = tfp.random.split_seed(tfp.random.sanitize_seed(seed), 2)
        cdf = tf.cumsum(tf.nn.softmax(self.logits))
        u = uniform([n], tf.cast(component_seed, tf.int32)) * cdf[-1]
        components = tf.searchsorted(cdf, u, side="right")
        components = tf.minimum(components, self.locs.shape[0] - 1)
        e = normal([n, self.locs.shape[-1]], tf.cast(noise_seed, tf.int32))
        return tf.gather(self.locs, components) + tf.gather(self.scales, components) * e


@component
class MixturePrior(Prior):
    """Gaussian mixture prior: p(z) = sum_k w_k Normal(loc_k, scale_k), all parameters learned.

    The components fit the clusters of the codes, so that fewer draws fall between clusters than
    with one Normal. The covariance of a component is diagonal. The KL to it has no closed form; it
    is estimated by log q(z|x) - log p(z) at the draws of z. Dilokthanakul et al., Deep unsupervised
    clustering with Gaussian mixture variational autoencoders, 2016; Tomczak and Welling, VAE with a
    VampPrior, 2018, compare it with other priors.

    Args:
        latent_dim: D.
        components: K, number of Normals.
        init_std: standard deviation of the initial locs around 0.
        initial_scale: initial scale of every Normal.
        floor, ceiling: the smallest and the largest scale.

    Call: `prior.distribution()` -> a `tfd.Distribution` with event `[D]`.
    """

    def __init__(
        self,
        latent_dim: int,
        components: int = 32,
        *,
        init_std: float = 1.0,
        initial_scale: float = 0.7,
        floor: float = 1e-2,
        ceiling: float = 1e2,
        **kwargs,
    ):
        super().__init__(latent_dim, **kwargs)
        (components,) = positive(components=components)
        check_scales(floor, initial_scale, ceiling)
        if not is_float32(init_std) or init_std < 0:
            raise ValueError(f"init_std must be a finite number of at least 0, got {init_std!r}")
        self.components, self.init_std = components, init_std
        self.initial_scale, self.floor, self.ceiling = initial_scale, floor, ceiling

    def build(self, input_shape=None):
        del input_shape
        shape = (self.components, self.latent_dim)
        init_locs = keras.initializers.RandomNormal(stddev=self.init_std)
        init_raw = keras.initializers.Constant(raw_of(self.initial_scale, self.floor))
        self.locs = self.add_weight(shape=shape, initializer=init_locs, name="locs")
        self.raw_scales = self.add_weight(shape=shape, initializer=init_raw, name="raw_scales")
        self.logits = self.add_weight(shape=(self.components,), initializer="zeros", name="logits")

    def fit(self, codes: np.ndarray, seed: int = 0) -> None:
        """Fit the mixture to codes `[N, D]` by expectation maximization; see `zoo.fit_prior`."""
        codes = np.asarray(codes)
        if len(codes) < max(2, self.components):
            raise ValueError(
                f"codes must be at least two, and as many as components={self.components}, got "
                f"{len(codes)}: use more codes or fewer components"
            )
        family = importlib.import_module("sklearn.mixture").GaussianMixture
        mixture = family(
            self.components,
            covariance_type="diag",
            reg_covar=self.floor**2,
            max_iter=500,
            random_state=seed,
        ).fit(codes)
        low, high = 1.01 * self.floor, 0.99 * self.ceiling
        above_floor = np.clip(np.sqrt(mixture.covariances_), low, high) - self.floor
        self.locs.assign(mixture.means_)
        self.raw_scales.assign(above_floor + np.log(-np.expm1(-above_floor)))  # inverse softplus
        self.logits.assign(np.log(mixture.weights_))

    def distribution(self, encoder: Callable | None = None) -> tfd.Distribution:
        """p(z), event `[D]`."""
        del encoder
        # Tensors instead of variables, because TFP keeps references to its parameters, and each
        # call makes a new distribution.
        locs, raw, logits = map(tf.convert_to_tensor, (self.locs, self.raw_scales, self.logits))
        return DiagonalMixture(logits, locs, bounded_scale(raw, self.floor, self.ceiling))


def check_scales(floor, initial_scale, ceiling):
    """Raise `ValueError` unless 0 < floor < initial_scale < ceiling."""
    if not increasing(0, floor, initial_scale, ceiling):
        raise ValueError(
            "floor, initial_scale and ceiling must satisfy 0 < floor < initial_scale < ceiling, "
            f"got floor={floor!r}, initial_scale={initial_scale!r}, ceiling={ceiling!r}"
        )
