"""A prior made of posteriors: what the encoder says of examples that are learned."""

import math

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import as_normal
from zoo.core.random import normal, uniform
from zoo.core.serialization import component, is_integer, positive
from zoo.priors.base import Prior

tfd = tfp.distributions


class VampMixture(tfd.MixtureSameFamily):
    """Equal parts of many Normals: (1/K) sum_k Normal(loc_k, scale_k), event `[D]`.

    Nothing is as large as draws times K times D: neither log p(z), by matrix products, nor draws.

    Args:
        loc, scale: `[K, D]`.
    """

    def __init__(self, loc, scale, name="VampMixture"):
        parameters = dict(locals())
        self.locs, self.scales = loc, scale
        super().__init__(
            tfd.Categorical(logits=tf.zeros([loc.shape[0]])),
            tfd.MultivariateNormalDiag(loc, scale),
            name=name,
        )
        self._parameters = parameters

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
        properties = tfp.util.ParameterProperties
        return {"loc": properties(event_ndims=2), "scale": properties(event_ndims=2)}

    def log_prob_by_component(self, z):
        """log Normal(z; loc_k, scale_k), z `[..., D]` -> `[..., K]`, nats.

        sum_d ((z - m) / s)^2 = z^2 . 1/s^2 - 2 z . m/s^2 + sum_d m^2/s^2 takes differences of large
        numbers where s is small: in 64 bits, which a GPU does not round to fewer either.
        """
        z, loc = tf.cast(z, tf.float64), tf.cast(self.locs, tf.float64)
        precision = 1.0 / tf.square(tf.cast(self.scales, tf.float64))
        squares = tf.reduce_sum(tf.square(loc) * precision, -1)
        squares += tf.tensordot(tf.square(z), precision, [[-1], [1]])
        squares -= 2.0 * tf.tensordot(z, loc * precision, [[-1], [1]])
        volume = tf.reduce_sum(tf.math.log(self.scales), -1)
        constant = 0.5 * math.log(2 * math.pi) * self.locs.shape[-1]
        return tf.cast(-0.5 * squares, tf.float32) - volume - constant

    def _log_prob(self, z):
        return tf.reduce_logsumexp(self.log_prob_by_component(z), -1) - math.log(self.locs.shape[0])

    def _sample_n(self, n, seed=None):
        which, noise = tfp.random.split_seed(tfp.random.sanitize_seed(seed), 2)
        count, size = self.locs.shape
        drawn = tf.cast(uniform([n], tf.cast(which, tf.int32)) * count, tf.int32)
        drawn = tf.minimum(drawn, count - 1)  # where u * count rounds up
        e = normal([n, size], tf.cast(noise, tf.int32))
        return tf.gather(self.locs, drawn) + tf.gather(self.scales, drawn) * e


@component
class VampPrior(Prior):
    """p(z) = (1/K) sum_k q(z|u_k): posteriors of K pseudo-inputs u_k, which are learned.

    As close to the aggregated posterior, the best prior there is, as K examples can come. The
    pseudo-inputs begin as training examples, which `fit` chooses before its first step. They are
    encoded as in inference: statistics of a batch and dropout are left to the data. The KL is
    estimated, log q(z|x) - log p(z) at the draws. Tomczak and Welling, VAE with a VampPrior, 2018.

    With a flow, q(z|u_k) is what the encoder emits, before the flow. Pseudo-inputs are not held in
    the range of the data. log p(z) is computed in 64 bits, so that a SavedModel's `score`, and no
    other of its signatures, does not convert to TFLite.

    Args:
        latent_dim: D.
        components: K. Of fewer training examples each is taken as often as any other, up to one.
        seed: of the choice among training examples.

    Raises:
        ValueError: components or seed is no such number; built for several modalities or for
            examples of varying shape; before training, examples in which values are missing, as
            they are after the end of a text.

    Call: `prior.distribution(encoder)` -> a `tfd.Distribution` with event `[D]`.
    """

    def __init__(self, latent_dim, components=500, *, seed=0, **kwargs):
        super().__init__(latent_dim, **kwargs)
        (self.components,) = positive(components=components)
        if not is_integer(seed) or seed < 0:
            raise ValueError(f"seed must be an integer of at least 0, got {seed!r}")
        self.seed = int(seed)

    def build(self, input_shape=None):
        if isinstance(input_shape, dict) or input_shape is None or None in input_shape[1:]:
            raise ValueError(
                "VampPrior needs examples of one array of a known shape, to learn some: got "
                f"input_shape={input_shape}"
            )
        self.pseudo_inputs = self.add_weight(
            shape=(self.components, *input_shape[1:]),
            initializer=keras.initializers.RandomUniform(0.0, 1.0),
            name="pseudo_inputs",
        )
        # Saved, or a model that was loaded would begin anew.
        self.started = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="started"
        )

    @property
    def adapted(self):
        """Whether the pseudo-inputs have begun as training examples."""
        return self.built and bool(np.asarray(self.started) > 0)

    def adapt(self, features):
        """Let the pseudo-inputs be examples chosen at random, of an iterable of batches."""
        chosen = self._chosen(features)
        if not np.isfinite(chosen).all():
            raise ValueError(
                "VampPrior needs examples without missing values, to learn some: got NaN in what "
                "the encoder sees, of padded texts or of gaps"
            )
        self.pseudo_inputs.assign(chosen)
        self.started.assign(1.0)

    def _chosen(self, features):
        """`[K, ...]` of all examples: those that drew the smallest random numbers."""
        rng = np.random.default_rng(self.seed)
        kept, numbers = None, np.zeros(0)
        for batch in features:
            batch = np.asarray(batch)
            drawn = rng.random(len(batch))
            few = np.argsort(drawn, kind="stable")[: self.components]
            kept = batch[few] if kept is None else np.concatenate([kept, batch[few]])
            numbers = np.concatenate([numbers, drawn[few]])
            order = np.argsort(numbers, kind="stable")[: self.components]
            kept, numbers = kept[order], numbers[order]
        return kept[np.arange(self.components) % len(kept)]

    def distribution(self, encoder=None):
        """p(z), event `[D]`; `encoder` is x -> q(z|x)."""
        q = as_normal(encoder(tf.convert_to_tensor(self.pseudo_inputs), training=False))
        return VampMixture(q.loc, q.scale)
