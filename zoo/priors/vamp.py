"""VampPrior: a mixture of the posteriors of learned pseudo-inputs."""

import math
from collections.abc import Callable, Iterable

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import is_integer, positive
from zoo.core.distributions import as_normal
from zoo.core.random import normal, uniform
from zoo.core.reservoir import random_rows
from zoo.core.serialization import component
from zoo.priors.base import Prior

tfd = tfp.distributions


class VampMixture(tfd.MixtureSameFamily):
    """Mixture of Normals with equal weights: (1/K) sum_k Normal(loc_k, scale_k), event `[D]`.

    log p(z) is computed by matrix products, so no tensor has draws * K * D elements.

    Args:
        loc, scale: `[K, D]`.
    """

    def __init__(self, loc, scale, name="VampMixture"):
        self.locs, self.scales = loc, scale
        super().__init__(
            tfd.Categorical(logits=tf.zeros([loc.shape[0]])),
            tfd.MultivariateNormalDiag(loc, scale),
            name=name,
        )

    @property
    def parameters(self):
        """Constructor arguments, with which TFP copies and slices the distribution."""
        return {"loc": self.locs, "scale": self.scales, "name": self.name}

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
        properties = tfp.util.ParameterProperties
        return {"loc": properties(event_ndims=2), "scale": properties(event_ndims=2)}

    def log_prob_by_component(self, z):
        """log Normal(z; loc_k, scale_k), z `[..., D]` -> `[..., K]`, nats.

        sum_d ((z - m) / s)^2 = z^2 . 1/s^2 - 2 z . m/s^2 + sum_d m^2/s^2 subtracts large numbers
        where s is small. It is therefore computed in float64, which GPUs do not round to TF32.
        """
        z, loc = tf.cast(z, tf.float64), tf.cast(self.locs, tf.float64)
        precision = 1.0 / tf.square(tf.cast(self.scales, tf.float64))
        squares = tf.reduce_sum(tf.square(loc) * precision, -1)
        squares += tf.tensordot(tf.square(z), precision, [[-1], [1]])
        squares -= 2.0 * tf.tensordot(z, loc * precision, [[-1], [1]])
        log_volume = tf.reduce_sum(tf.math.log(self.scales), -1)
        constant = 0.5 * math.log(2 * math.pi) * self.locs.shape[-1]
        return tf.cast(-0.5 * squares, tf.float32) - log_volume - constant

    def _log_prob(self, z):
        return tf.reduce_logsumexp(self.log_prob_by_component(z), -1) - math.log(self.locs.shape[0])

    def _sample_n(self, n, seed=None):
        component_seed, noise_seed = tfp.random.split_seed(tfp.random.sanitize_seed(seed), 2)
        count, size = self.locs.shape
        u = uniform([n], tf.cast(component_seed, tf.int32))
        components = tf.minimum(tf.cast(u * count, tf.int32), count - 1)  # u * count may round up
        e = normal([n, size], tf.cast(noise_seed, tf.int32))
        return tf.gather(self.locs, components) + tf.gather(self.scales, components) * e


@component
class VampPrior(Prior):
    """VampPrior: p(z) = (1/K) sum_k q(z|u_k), the posteriors of K learned pseudo-inputs u_k.

    It approximates the aggregate posterior, which is the optimal prior, by the posteriors of K
    inputs. The pseudo-inputs are initialized with training examples, which `fit` chooses before its
    first step. They are encoded in inference mode, without dropout, and batch statistics are those
    of the data alone. The KL is estimated by log q(z|x) - log p(z) at the draws of z. Tomczak and
    Welling, VAE with a VampPrior, 2018.

    If the posterior has a flow, q(z|u_k) is the encoder's Normal before the flow. Pseudo-inputs may
    leave the range of the data. log p(z) is computed in float64; for that reason the signature
    `score` of a SavedModel does not convert to TFLite, while all others do.

    Args:
        latent_dim: D.
        components: K, the number of pseudo-inputs. If there are fewer training examples, each is
            used as often as any other, up to a difference of one.
        seed: seed of the choice among training examples.

    Raises:
        ValueError: components is not a positive integer, or seed is not an integer of at least 0;
            the model has several modalities or examples of varying shape; training examples have
            missing values, which includes the padding of texts.

    Call: `prior.distribution(encoder)` -> a `tfd.Distribution` with event `[D]`.
    """

    def __init__(self, latent_dim: int, components: int = 500, *, seed: int = 0, **kwargs):
        super().__init__(latent_dim, **kwargs)
        (self.components,) = positive(components=components)
        if not is_integer(seed) or seed < 0:
            raise ValueError(f"seed must be an integer of at least 0, got {seed!r}")
        self.seed = int(seed)

    def build(self, input_shape=None):
        if isinstance(input_shape, dict) or input_shape is None or None in input_shape[1:]:
            raise ValueError(
                "input_shape must be that of one array with known dimensions, because VampPrior "
                f"learns pseudo-inputs of that shape, got {input_shape}: use another prior"
            )
        self.pseudo_inputs = self.add_weight(
            shape=(self.components, *input_shape[1:]),
            initializer=keras.initializers.RandomUniform(0.0, 1.0),
            name="pseudo_inputs",
        )
        # A variable, so that a loaded model does not initialize its pseudo-inputs again.
        self.initialized = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="initialized"
        )

    @property
    def adapted(self):
        """True if the pseudo-inputs were initialized with training examples."""
        return self.built and bool(np.asarray(self.initialized) > 0)

    def adapt(self, encoder_inputs: Iterable) -> None:
        """Set the pseudo-inputs to examples chosen at random from an iterable of batches."""
        examples = random_rows(encoder_inputs, self.components, self.seed)
        examples = examples[np.arange(self.components) % len(examples)]
        if not np.isfinite(examples).all():
            raise ValueError(
                "x must not have missing values, because VampPrior learns pseudo-inputs from it, "
                "got NaN in the encoder inputs (of padded texts, or of gaps): use another prior"
            )
        self.pseudo_inputs.assign(examples)
        self.initialized.assign(1.0)

    def distribution(self, encoder: Callable | None = None) -> tfd.Distribution:
        """p(z), event `[D]`; `encoder` is x -> q(z|x)."""
        q = as_normal(encoder(tf.convert_to_tensor(self.pseudo_inputs), training=False))
        return VampMixture(q.loc, q.scale)
