"""Mixture of discretized logistics over the channels of a pixel."""

import dataclasses

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.discrete_distributions import DiscretizedLogistic


@dataclasses.dataclass(frozen=True)
class PixelMixture:
    """Pixels that are independent given z, each a mixture with K components for all its channels.

        p(pixel) = sum_k w_k prod_c DiscretizedLogistic(x_c; m_kc, s_kc)
        m_kc = loc_kc + sum_(d < c) links_kcd (x_d - 1/2)

    Salimans et al., PixelCNN++, 2017.

    Args:
        logits: log w_k up to a constant, `[B, *pixels, K]`.
        loc, scale: in units of [0, 1], `[B, *pixels, K, C]`.
        links: for (c, d) = (1, 0), (2, 0), (2, 1), ..., `[B, *pixels, K, C (C - 1) / 2]`.
        levels: number of values that a channel can take.
    """

    logits: tf.Tensor
    loc: tf.Tensor
    scale: tf.Tensor
    links: tf.Tensor
    levels: int = 256

    def log_prob(self, x):
        """log p(x) in nats, `[B]`, of x `[B, *pixels, C]`."""
        x = tf.expand_dims(tf.cast(x, tf.float32), -2)
        elements = DiscretizedLogistic(self._moved(x), self.scale, self.levels)
        by_component = tf.reduce_sum(elements.log_prob(x), -1) + tf.nn.log_softmax(self.logits)
        by_pixel = tf.reduce_logsumexp(by_component, -1)
        return tf.reduce_sum(by_pixel, list(range(1, len(by_pixel.shape))))

    def channel_probabilities(self, x):
        """p(x_c | x_0 .. x_(c - 1)) of each value of the next channel.

        The values of the channels before it also tell which component is likely.

        Args:
            x: the channels before it, `[B, *pixels, c]` with c < C.

        Returns:
            Probabilities `[B, *pixels, levels]`.
        """
        c = x.shape[-1]
        x = tf.expand_dims(tf.cast(x, tf.float32), -2)
        log_weights = tf.nn.log_softmax(self.logits)
        if c:
            loc = tf.concat([self._moved_channel(x, d) for d in range(c)], -1)
            before = DiscretizedLogistic(loc, self.scale[..., :c], self.levels)
            log_weights += tf.reduce_sum(before.log_prob(x), -1)
        weights = tf.nn.softmax(log_weights)
        locs = self._moved_channel(x, c)[..., 0]
        total = 0.0
        for k in range(self.logits.shape[-1]):  # one by one, to bound the memory
            element = DiscretizedLogistic(locs[..., k], self.scale[..., k, c], self.levels)
            total += weights[..., k, tf.newaxis] * element.probabilities()
        return total

    def mean(self):
        """E[x], `[B, *pixels, C]`, in which each E[x_c | k] is that of the logistic, clipped."""
        weights = tf.expand_dims(tf.nn.softmax(self.logits), -1)
        means = self._by_channel(lambda elements, seed: elements.mean())
        return tf.reduce_sum(weights * means, -2)

    def sample(self, seed=None):
        """One draw, `[B, *pixels, C]`."""
        component_seed, seed = tfp.random.split_seed(seed, 2)
        chosen = tfp.distributions.Categorical(logits=self.logits).sample(seed=component_seed)
        rank = len(chosen.shape)
        of_chosen = PixelMixture(
            *(
                tf.expand_dims(tf.gather(a, chosen, axis=rank, batch_dims=rank), rank)
                for a in (self.logits, self.loc, self.scale, self.links)
            ),
            self.levels,
        )
        draw = of_chosen._by_channel(lambda elements, seed: elements.sample(seed=seed), seed)
        return tf.squeeze(draw, -2)

    def _by_channel(self, value, seed=(0, 0)):
        """Values of the channels in order, each given those before it, `[B, *pixels, K, C]`."""
        channels = self.loc.shape[-1]
        seeds = tfp.random.split_seed(seed, channels)
        x = tf.zeros_like(self.loc[..., :0])
        for c in range(channels):
            loc = self._moved_channel(x, c)
            elements = DiscretizedLogistic(loc, self.scale[..., c : c + 1], self.levels)
            x = tf.concat([x, value(elements, seeds[c])], -1)
        return x

    def _moved(self, x):
        """m_kc of all channels of x."""
        channels = range(self.loc.shape[-1])
        return tf.concat([self._moved_channel(x, c) for c in channels], -1)

    def _moved_channel(self, x, c):
        """m_kc of channel c, `[B, *pixels, K, 1]`, given x of the channels before it."""
        first = c * (c - 1) // 2
        links = self.links[..., first : first + c]
        shift = tf.reduce_sum(links * (x[..., :c] - 0.5), -1, keepdims=True)
        return self.loc[..., c : c + 1] + shift
