"""p(x|z) over texts, word by word."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from zoo.core import execution
from zoo.layers import sequence_masks
from zoo.layers.batch_split import map_in_halves
from zoo.layers.packing import PackedBatch
from zoo.likelihoods.text.token_sampling import greedy, nucleus
from zoo.likelihoods.text.vocabulary import END


@dataclasses.dataclass(frozen=True)
class AutoregressiveText:
    """p(x|z) = prod_t p(x_t | x_<t, z), given the codes of a batch.

    Args:
        decoder: a `TextDecoder`.
        code: `[B, D]`.
        length: L, how many words may be written.
        training: whether words and states are dropped.
    """

    decoder: Any
    code: Any
    length: Any
    training: bool = False

    def log_prob(self, x):
        """log p(x|z) in nats of word numbers `[B, T]`, their end included: `[B]`."""
        return tf.reduce_sum(self.log_prob_per_word(x), -1)

    def log_prob_per_word(self, x):
        """The same for each word, then for the end: `[B, T + 1]`, 0 after it."""
        dynamic_shapes = not execution.xla_may_compile()

        def teach(x, code):
            return self._teach(x, code, dynamic_shapes)

        split = self.training and dynamic_shapes
        return map_in_halves(teach, tf.cast(x, tf.int32), self.code, when=split)

    def _teach(self, x, code, dynamic_shapes):
        """Teacher forcing: each word given those before it."""
        before = self.decoder.hidden(tf.pad(x, [[0, 0], [1, 0]]), self.training)
        after = tf.pad(x, [[0, 0], [0, 1]])
        there = tf.pad(x != END, [[0, 0], [1, 0]], constant_values=True)
        length = None
        if dynamic_shapes:
            length = sequence_masks.rounded_max(tf.reduce_sum(tf.cast(there, tf.int32), -1))
        split = self.training and dynamic_shapes
        packed = PackedBatch(there[:, :length], round_up=split, allow_split=not split)
        h = self.decoder.states(code, packed.pack(before[:, :length]), packed, self.training)
        found = packed.unpack(-self.decoder.likelihood.nats(h, packed.pack(after[:, :length])))
        return tf.pad(found, [[0, 0], [0, tf.shape(there)[1] - tf.shape(found)[1]]])

    def mode(self):
        """The most probable next word each time: word numbers `[B, L]`."""
        return self._write(greedy)

    def mean(self):
        """`mode()`: words have no mean."""
        return self.mode()

    def sample(self, seed=None, temperature=1.0, top_p=1.0):
        """Word numbers `[B, L]`, drawn word by word.

        Args:
            seed: an integer or an int32 tensor `[2]`; None draws another each time.
            temperature: below 1 sharpens p(x_t | x_<t, z), above 1 flattens it.
            top_p: draws from the most probable words that together have this probability.
        """
        if seed is None:
            seed = int(np.random.default_rng().integers(2**31))
        if isinstance(seed, (int, np.integer)):
            seed = tf.constant([seed, 0], tf.int32)
        return self._write(nucleus(seed, temperature, top_p))

    def _write(self, choose):
        """Vocabulary one after the other, each with a cache of those before."""
        decoder, batch = self.decoder, tf.shape(self.code)[0]
        shift = tf.cast(decoder.shift(self.code), tf.float32)

        def step(t, word, going, written, cache):
            h, cache = decoder.body.step(decoder.likelihood.embed(word) + shift, cache, t)
            word = tf.where(going, choose(decoder.likelihood.logits(h), t), END)
            written = tf.tensor_scatter_nd_update(written, [[t]], word[None])
            return t + 1, word, going & (word != END), written, cache

        start = (
            tf.constant(0),
            tf.zeros([batch], tf.int32),
            tf.ones([batch], tf.bool),
            tf.zeros([self.length, batch], tf.int32),
            decoder.body.init_cache(batch, self.length),
        )
        *_, written, _ = tf.while_loop(
            lambda t, word, going, *_: (t < self.length) & tf.reduce_any(going), step, start
        )
        return tf.transpose(written)
