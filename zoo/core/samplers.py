"""How a random variable becomes a value: a sampler is an argument, never a mode of the model.

A sampler is called with a distribution (batch `[B]`, event `[D]`) and returns `(z, log_q)` with
batch `[S * B]`, sample-major; `tile` repeats anything else that must line up with z.
"""

import statistics

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import NormalMixture, as_event
from zoo.core.random import normal, replica_seed, uniform

tfd = tfp.distributions


class MeanSampler:
    """z is the distribution's mean: what deterministic inference uses."""

    samples = 1

    def __call__(self, distribution):
        z = distribution.mean()
        return z, as_event(distribution).log_prob(z)

    each = __call__

    def tile(self, x):
        """x as it is: there is one sample."""
        return x


class _Drawing:
    """What the samplers that draw share. A subclass has `noise(loc)` and `_parameters`."""

    def __init__(self, seed, samples):
        self.seed, self.samples, self._calls = seed, samples, 0

    def __call__(self, distribution):
        """S draws for each row: batch `[B]` -> z `[S * B, D]`, log_q `[S * B]`."""
        u = self._drawn(getattr(distribution, "base", distribution))
        return tuple(_merge(found) for found in _pushed(distribution, u))

    def each(self, distribution):
        """One draw for each row of what was tiled before: batch `[S * B]` -> the same shapes.

        For the lower rungs of a ladder, whose distribution hangs on the draws above.
        """
        base = getattr(distribution, "base", distribution)
        apart = tfd.Normal(untile(base.loc, self.samples), untile(base.scale, self.samples))
        return _pushed(distribution, _merge(self._drawn(apart)))

    def tile(self, x):
        """`[B, ...]` -> `[S * B, ...]`."""
        return tile(x, self.samples)


class RandomSampler(_Drawing):
    """Fresh draws: from a seed generator's next state, or from a fixed two-number seed.

    Args:
        seed: a `keras.random.SeedGenerator` (its state moves on at each call) or an int32 tensor
            `[2]` (each call folds a running number into it, so several calls differ).
        samples: S, how many draws for each example.
    """

    def __init__(self, seed, samples=1):
        super().__init__(seed, samples)

    def __call__(self, distribution):
        if isinstance(getattr(distribution, "base", distribution), (tfd.Normal, NormalMixture)):
            return super().__call__(distribution)
        q = as_event(distribution)
        z, log_q = q.experimental_sample_and_log_prob(self.samples, seed=self.next_seed())
        return _merge(z), _merge(log_q)

    def _drawn(self, base):
        """Draws `[S, B, D]`."""
        seed = self.next_seed()
        loc, scale = self._parameters(base)
        shape = tf.concat([[self.samples], tf.shape(loc)[-2:]], 0)
        return loc + scale * normal(shape, seed)

    def _parameters(self, distribution):
        """Loc and scale of a Normal; of a mixture, those of the components that are drawn from.

        Stratified: over the batch, and over the draws of an example, components are drawn as evenly
        as can be. Each draw alone falls on each of an example's components equally often.
        """
        if isinstance(distribution, tfd.Normal):
            return distribution.loc, distribution.scale
        size = tf.shape(distribution.locs)[0]
        places, within = (uniform([size], self.next_seed()) for _ in range(2))
        places = tf.cast(tf.argsort(places), tf.float32)
        first = (places + within) / tf.cast(size, tf.float32)
        step = tf.range(self.samples, dtype=tf.float32)[:, None] / self.samples
        return distribution.chosen(tf.math.floormod(first + step, 1.0))

    def next_seed(self):
        """An int32 `[2]` seed that this sampler has not used before."""
        if hasattr(self.seed, "next"):
            return replica_seed(tf.cast(self.seed.next(), tf.int32))
        self._calls += 1
        return tf.random.experimental.stateless_fold_in(self.seed, self._calls)


class CommonSampler(_Drawing):
    """The same few standard-normal numbers for every example, drawn once, when traced.

    A score then depends on the example alone: not on its batch, its place in it or the day. The
    graph holds constants and no random op. Noise that all examples share does not average out over
    them, so it is chosen for small error rather than independence: see `balanced_noise`.

    Args:
        seed: an integer.
        samples: S, how many draws for each example.
    """

    def __init__(self, seed=0, samples=4):
        super().__init__(seed, samples)

    def _drawn(self, base):
        """Draws `[S, B, D]`."""
        self._calls += 1
        if isinstance(base, NormalMixture):
            # As evenly over an example's components as so many draws can be.
            places = (np.arange(self.samples, dtype="float32") + 0.5) / self.samples
            size = tf.shape(base.locs)[0]
            loc, scale = base.chosen(tf.tile(places[:, None], [1, size]))
        else:
            loc, scale = base.loc, base.scale
        rng = np.random.default_rng((self.seed, self._calls))
        noise = tf.constant(balanced_noise(rng, self.samples, loc.shape[-1]), loc.dtype)
        return loc + scale * noise[:, None, :]


def balanced_noise(rng, samples, size):
    """Standard-normal numbers `[samples, size]` that integrate well, few as they are.

    In each dimension the magnitudes stand for equal parts of |N(0, 1)|, in random order and with
    random signs, in pairs (e, -e). Mean and variance in each dimension are those of N(0, 1) exactly
    (for an even number of samples), so whatever is quadratic in z dimension by dimension is
    integrated without error.
    """
    half = -(-samples // 2)
    levels = np.tile(_levels(half)[:, None], size)
    e = rng.permuted(levels, axis=0) * rng.choice([-1.0, 1.0], (half, size))
    return np.stack([e, -e], 1).reshape(-1, size)[:samples]


def _levels(n):
    """|N(0, 1)| cut into n equally likely parts: the root mean square of each, `[n]`.

    E[e^2 | a < |e| < b] = 1 - 2 n (b phi(b) - a phi(a)), phi the standard normal density.
    """
    normal = statistics.NormalDist()
    edges = [normal.inv_cdf(0.5 + k / (2 * n)) for k in range(n)]
    moments = [*(edge * normal.pdf(edge) for edge in edges), 0.0]
    return np.sqrt(1.0 - 2.0 * n * np.diff(moments))


def tile(x, samples):
    """Repeat the whole batch: `[B, ...]` -> `[samples * B, ...]`, sample-major; x may be a tree."""
    if samples == 1:
        return x
    # Not tf.tile of x: the TFLite converter drops it before a product that might broadcast.
    rows = tf.tile(tf.range(tf.shape(tf.nest.flatten(x)[0])[0]), [samples])
    return tf.nest.map_structure(lambda leaf: tf.gather(leaf, rows), x)


def untile(x, samples):
    """Undo `tile`: `[S * B, ...]` -> `[S, B, ...]`; x may be a tree."""

    def apart(leaf):
        return tf.reshape(leaf, tf.concat([[samples, -1], tf.shape(leaf)[1:]], 0))

    return tf.nest.map_structure(apart, x)


def _pushed(distribution, u):
    """(z, log_q) for draws u of a distribution's base: u itself, but where a flow moves it."""
    if hasattr(distribution, "transform_base_sample"):
        return distribution.transform_base_sample(u)
    return u, as_event(distribution).log_prob(u)


def _merge(x):
    merged = tf.reshape(x, tf.concat([[-1], tf.shape(x)[2:]], 0))
    merged.set_shape([None, *x.shape[2:]])
    return merged
