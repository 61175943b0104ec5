"""A mixture of Normals as p(z)."""

import importlib

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import bounded_scale, raw_of
from zoo.core.random import normal, uniform
from zoo.core.serialization import component, positive
from zoo.priors.base import Prior

tfd = tfp.distributions


class DiagonalMixture(tfd.MixtureSameFamily):
    """sum_k w_k Normal(loc_k, scale_k), event `[D]`, whose draws are the same in and out of XLA.

    Args:
        logits: `[K]`, of the weights w.
        loc, scale: `[K, D]`.
    """

    def __init__(self, logits, loc, scale, name="DiagonalMixture"):
        parameters = dict(locals())
        self.logits, self.locs, self.scales = logits, loc, scale
        super().__init__(
            tfd.Categorical(logits=logits), tfd.MultivariateNormalDiag(loc, scale), name=name
        )
        self._parameters = parameters

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
        properties = tfp.util.ParameterProperties
        return {
            "logits": properties(event_ndims=1),
            "loc": properties(event_ndims=2),
            "scale": properties(event_ndims=2),
        }

    def _sample_n(self, n, seed=None):
        which, noise = tfp.random.split_seed(tfp.random.sanitize_seed(seed), 2)
        edges = tf.cumsum(tf.nn.softmax(self.logits))
        places = uniform([n], tf.cast(which, tf.int32)) * edges[-1]
        drawn = tf.searchsorted(edges, places, side="right")
        drawn = tf.minimum(drawn, self.locs.shape[0] - 1)
        e = normal([n, self.locs.shape[-1]], tf.cast(noise, tf.int32))
        return tf.gather(self.locs, drawn) + tf.gather(self.scales, drawn) * e


@component
class MixturePrior(Prior):
    """p(z) = sum_k w_k Normal(loc_k, scale_k): learned, independent over dimensions in each part.

    Goes where the codes of the data are, in as many clusters as there are, so that what is
    generated looks less like something in between. The KL to it has no closed form and is
    estimated, log q(z|x) - log p(z) at the draws. Dilokthanakul et al., Deep unsupervised
    clustering with Gaussian mixture variational autoencoders, 2016; Tomczak and Welling, VAE with a
    VampPrior, 2018, compare it with others.

    Args:
        latent_dim: D.
        components: K, how many Normals.
        spread: standard deviation of the first locs around 0.
        initial_scale: of every Normal at the start.
        floor, ceiling: the smallest and the largest scale.

    Call: `prior.distribution()` -> a `tfd.Distribution` with event `[D]`.
    """

    def __init__(
        self,
        latent_dim,
        components=32,
        *,
        spread=1.0,
        initial_scale=0.7,
        floor=1e-2,
        ceiling=1e2,
        **kwargs,
    ):
        super().__init__(latent_dim, **kwargs)
        (components,) = positive(components=components)
        if not 0 < floor < initial_scale < ceiling:
            raise ValueError(
                "0 < floor < initial_scale < ceiling is needed, got "
                f"floor={floor}, initial_scale={initial_scale}, ceiling={ceiling}"
            )
        self.components, self.spread = components, spread
        self.initial_scale, self.floor, self.ceiling = initial_scale, floor, ceiling

    def build(self, input_shape=None):
        del input_shape
        shape = (self.components, self.latent_dim)
        around = keras.initializers.RandomNormal(stddev=self.spread)
        start = keras.initializers.Constant(raw_of(self.initial_scale, self.floor))
        self.locs = self.add_weight(shape=shape, initializer=around, name="locs")
        self.raw_scales = self.add_weight(shape=shape, initializer=start, name="raw_scales")
        self.logits = self.add_weight(shape=(self.components,), initializer="zeros", name="logits")

    def fit(self, codes, seed=0):
        """Become the mixture that explains codes `[N, D]` best, by EM; see `zoo.fit_prior`."""
        codes = np.asarray(codes)
        if len(codes) < self.components:
            raise ValueError(
                f"codes must be at least as many as components={self.components}, got {len(codes)}"
            )
        mixture = importlib.import_module("sklearn.mixture").GaussianMixture
        found = mixture(
            self.components,
            covariance_type="diag",
            reg_covar=self.floor**2,
            max_iter=500,
            random_state=seed,
        ).fit(codes)
        low, high = 1.01 * self.floor, 0.99 * self.ceiling
        above = np.clip(np.sqrt(found.covariances_), low, high) - self.floor
        self.locs.assign(found.means_)
        self.raw_scales.assign(above + np.log(-np.expm1(-above)))  # softplus, undone
        self.logits.assign(np.log(found.weights_))

    def distribution(self, encoder=None):
        """p(z), event `[D]`."""
        del encoder
        # As plain tensors: TFP holds on to what it is given, and these are made anew each time.
        locs, raw, logits = map(tf.convert_to_tensor, (self.locs, self.raw_scales, self.logits))
        return DiagonalMixture(logits, locs, bounded_scale(raw, self.floor, self.ceiling))
