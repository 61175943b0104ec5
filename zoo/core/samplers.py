"""Samplers, which draw z from a distribution; a sampler is an argument of a pass through a model.

A sampler is called with a distribution (batch `[B]`, event `[D]`) and returns `(z, log_q)` with
batch `[S * B]`, sample-major; `tile` repeats other tensors so that they align with z.
"""

import functools
import statistics

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import NormalMixture, TransformedDistribution, as_event
from zoo.core.random import SeedStream, normal, uniform

tfd = tfp.distributions


class MeanSampler:
    """Deterministic sampler: z is the mean of the distribution."""

    samples = 1

    def __call__(self, distribution: tfd.Distribution) -> tuple[tf.Tensor, tf.Tensor]:
        """The mean and its log-density: batch `[B]` -> z `[B, D]`, log_q `[B]`."""
        z = distribution.mean()
        return z, as_event(distribution).log_prob(z)

    each = __call__

    def tile(self, x: tf.Tensor) -> tf.Tensor:
        """Return x unchanged: there is one sample for each example."""
        return x


class _NoiseSampler:
    """Base of the samplers that draw from a Normal, or from the Normal that a flow transforms.

    A subclass implements `_draw(base)`: Normal or `NormalMixture`, batch `[B, D]` -> `[S, B, D]`.
    """

    def __init__(self, seed, samples):
        self.seed, self.samples, self._calls = seed, samples, 0

    def __call__(self, distribution: tfd.Distribution) -> tuple[tf.Tensor, tf.Tensor]:
        """S draws for each example: batch `[B]` -> z `[S * B, D]`, log_q `[S * B]`."""
        z, log_q = sample_and_log_prob(distribution, self._draw(base_of(distribution)))
        return _merge(z), _merge(log_q)

    def each(self, distribution: tfd.Distribution) -> tuple[tf.Tensor, tf.Tensor]:
        """One draw for each element of a tiled batch `[S * B]`: z `[S * B, D]`, log_q `[S * B]`.

        For the lower levels of a ladder, whose distributions depend on the draws of higher levels.
        """
        base = base_of(distribution)
        untiled = tfd.Normal(untile(base.loc, self.samples), untile(base.scale, self.samples))
        return sample_and_log_prob(distribution, _merge(self._draw(untiled)))

    def tile(self, x: tf.Tensor) -> tf.Tensor:
        """Repeat a batch for each draw: `[B, ...]` -> `[S * B, ...]`."""
        return tile(x, self.samples)


class RandomSampler(_NoiseSampler):
    """Sampler with fresh noise, from a seed generator's next state or from a fixed seed.

    Args:
        seed: a `SeedStream`, whose state advances at each call, or an int32 tensor `[2]`, which
            each call combines with the number of the call, so that calls differ.
        samples: S, the number of draws for each example.
    """

    def __init__(self, seed: SeedStream | tf.Tensor, samples: int = 1):
        super().__init__(seed, samples)

    def __call__(self, distribution: tfd.Distribution) -> tuple[tf.Tensor, tf.Tensor]:
        """S draws for each example: batch `[B]` -> z `[S * B, D]`, log_q `[S * B]`."""
        if isinstance(base_of(distribution), (tfd.Normal, NormalMixture)):
            return super().__call__(distribution)
        q = as_event(distribution)
        z, log_q = q.experimental_sample_and_log_prob(self.samples, seed=self.next_seed())
        return _merge(z), _merge(log_q)

    def _draw(self, base):
        seed = self.next_seed()
        loc, scale = self._parameters(base)
        shape = tf.concat([[self.samples], tf.shape(loc)[-2:]], 0)
        return loc + scale * normal(shape, seed)

    def _parameters(self, distribution):
        """Loc and scale of a Normal, or of the drawn components of a mixture.

        Components are stratified over the batch and over the draws of an example. Each single draw
        has each of the example's components with equal probability.
        """
        if isinstance(distribution, tfd.Normal):
            return distribution.loc, distribution.scale
        size = tf.shape(distribution.locs)[0]
        order, within = (uniform([size], self.next_seed()) for _ in range(2))
        stratum = tf.cast(tf.argsort(order), tf.float32)
        first = (stratum + within) / tf.cast(size, tf.float32)
        step = tf.range(self.samples, dtype=tf.float32)[:, None] / self.samples
        return distribution.components_at(tf.math.floormod(first + step, 1.0))

    def next_seed(self) -> tf.Tensor:
        """An int32 `[2]` seed that this sampler has not used before."""
        if isinstance(self.seed, SeedStream):
            return self.seed.next()
        self._calls += 1
        return tf.random.experimental.stateless_fold_in(self.seed, self._calls)


class CommonSampler(_NoiseSampler):
    """Sampler with common random numbers: the same standard normal noise for every example.

    The score of an example then does not depend on its batch or on its position in the batch. The
    error of noise that all examples share does not average out, so the noise is balanced
    (`balanced_noise`) instead of independent.

    Args:
        seed: an integer, for which the noise is a constant of the graph, so that it has no random
            op and can be exported; or an int32 scalar tensor, for which the noise is drawn on the
            host when the graph runs, so that a new seed does not trace it again.
        samples: S, the number of draws for each example.
    """

    def __init__(self, seed: int = 0, samples: int = 4):
        super().__init__(seed, samples)

    def _draw(self, base):
        self._calls += 1
        if isinstance(base, NormalMixture):
            quantiles = (np.arange(self.samples, dtype="float32") + 0.5) / self.samples
            size = tf.shape(base.locs)[0]
            loc, scale = base.components_at(tf.tile(quantiles[:, None], [1, size]))
        else:
            loc, scale = base.loc, base.scale
        return loc + scale * self._noise(loc.shape[-1], loc.dtype)[:, None, :]

    def _noise(self, size, dtype):
        if not tf.is_tensor(self.seed):
            return tf.constant(_seeded_noise(self.seed, self._calls, self.samples, size), dtype)
        arguments = [self.seed, self._calls, self.samples, size]
        noise = tf.numpy_function(_seeded_noise, arguments, tf.float32, stateful=False)
        return tf.cast(tf.ensure_shape(noise, [self.samples, size]), dtype)


def _seeded_noise(seed, call, samples, size):
    """Balanced noise of one call, float32 `[samples, size]`."""
    return _cached_noise(int(seed), int(call), int(samples), int(size))


@functools.lru_cache(maxsize=64)  # every batch of a call, and every step of a loop, asks for it
def _cached_noise(seed, call, samples, size):
    rng = np.random.default_rng((seed, call))
    return balanced_noise(rng, samples, size).astype("float32")


def balanced_noise(rng, samples, size):
    """Stratified, antithetic standard normal noise `[samples, size]`.

    In each dimension the magnitudes represent equally likely parts of |N(0, 1)|, in random order
    and with random signs, in pairs (e, -e). For an even number of samples, mean and variance in
    each dimension are exactly those of N(0, 1), so that a sum of quadratic functions of single
    dimensions is integrated without error.
    """
    pairs = -(-samples // 2)
    magnitudes = np.tile(_magnitudes(pairs)[:, None], size)
    e = rng.permuted(magnitudes, axis=0) * rng.choice([-1.0, 1.0], (pairs, size))
    return np.stack([e, -e], 1).reshape(-1, size)[:samples]


def _magnitudes(n):
    """Root mean square of each of n equally likely parts of |N(0, 1)|, `[n]`.

    E[e^2 | a < |e| < b] = 1 - 2 n (b phi(b) - a phi(a)), phi the standard normal density.
    """
    normal = statistics.NormalDist()
    edges = [normal.inv_cdf(0.5 + k / (2 * n)) for k in range(n)]
    moments = [*(edge * normal.pdf(edge) for edge in edges), 0.0]
    return np.sqrt(1.0 - 2.0 * n * np.diff(moments))


def tile(x, samples):
    """Repeat a batch: `[B, ...]` -> `[samples * B, ...]`, sample-major; x may be nested."""
    if samples == 1:
        return x
    # The TFLite converter drops a tf.tile of x before a product that might broadcast.
    indices = tf.tile(tf.range(tf.shape(tf.nest.flatten(x)[0])[0]), [samples])
    return tf.nest.map_structure(lambda leaf: tf.gather(leaf, indices), x)


def untile(x, samples):
    """Inverse of `tile`: `[S * B, ...]` -> `[S, B, ...]`; x may be nested."""

    def split(leaf):
        return tf.reshape(leaf, tf.concat([[samples, -1], tf.shape(leaf)[1:]], 0))

    return tf.nest.map_structure(split, x)


def base_of(distribution):
    """The distribution to draw noise for: the base of a flow, otherwise `distribution` itself."""
    return distribution.base if _is_transformed(distribution) else distribution


def sample_and_log_prob(distribution, u):
    """z and log q(z) of draws u of `base_of(distribution)`; z is u unless a flow transforms it."""
    if _is_transformed(distribution):
        return distribution.transform_base_sample(u)
    return u, as_event(distribution).log_prob(u)


def _is_transformed(distribution):
    return isinstance(distribution, TransformedDistribution)


def _merge(x):
    """`[S, B, ...]` -> `[S * B, ...]`."""
    merged = tf.reshape(x, tf.concat([[-1], tf.shape(x)[2:]], 0))
    merged.set_shape([None, *x.shape[2:]])
    return merged
