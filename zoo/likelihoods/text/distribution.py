"""Autoregressive distribution over texts: teacher forcing and sampling, token by token."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from zoo.core import execution
from zoo.layers import sequence_masks
from zoo.layers.batch_split import map_in_halves
from zoo.layers.packing import PackedBatch
from zoo.likelihoods.text.token_sampling import greedy, top_p_sampling
from zoo.likelihoods.text.vocabulary import END


@dataclasses.dataclass(frozen=True)
class AutoregressiveText:
    """p(x|z) = prod_t p(x_t | x_<t, z), for the codes of a batch.

    Args:
        decoder: a `TextDecoder`.
        code: `[B, D]`.
        length: L, the longest text that `sample` and `mode` generate.
        training: whether dropout and word dropout are on.
    """

    decoder: Any
    code: Any
    length: Any
    training: bool = False

    def log_prob(self, x):
        """log p(x|z) in nats of token ids `[B, T]`, the end token included: `[B]`."""
        return tf.reduce_sum(self.log_prob_per_token(x), -1)

    def log_prob_per_token(self, x):
        """log p of each token, then of the end token: `[B, T + 1]`, 0 after it."""
        dynamic_shapes = not execution.xla_may_compile()

        def teacher_forcing(x, code):
            return self._teacher_forcing(x, code, dynamic_shapes)

        split = self.training and dynamic_shapes
        return map_in_halves(teacher_forcing, tf.cast(x, tf.int32), self.code, when=split)

    def _teacher_forcing(self, x, code, dynamic_shapes):
        """log p of each token given those before it."""
        inputs = self.decoder.drop_words(tf.pad(x, [[0, 0], [1, 0]]), self.training)
        targets = tf.pad(x, [[0, 0], [0, 1]])
        inside = tf.pad(x != END, [[0, 0], [1, 0]], constant_values=True)
        length = None
        if dynamic_shapes:
            length = sequence_masks.rounded_max(tf.reduce_sum(tf.cast(inside, tf.int32), -1))
        split = self.training and dynamic_shapes
        packed = PackedBatch(inside[:, :length], round_up=split, allow_split=not split)
        h = self.decoder.states(code, packed.pack(inputs[:, :length]), packed, self.training)
        nll = packed.unpack(self.decoder.likelihood.nll(h, packed.pack(targets[:, :length])))
        return tf.pad(-nll, [[0, 0], [0, tf.shape(inside)[1] - tf.shape(nll)[1]]])

    def mode(self):
        """Greedy decoding, the most probable token at each step: token ids `[B, L]`."""
        return self._generate(greedy)

    def mean(self):
        """`mode()`, since tokens have no mean."""
        return self.mode()

    def sample(self, seed=None, temperature=1.0, top_p=1.0):
        """Draw token ids `[B, L]`, token by token.

        Args:
            seed: an integer or an int32 tensor `[2]`; None draws a new seed each time.
            temperature: below 1 sharpens p(x_t | x_<t, z), above 1 flattens it.
            top_p: restricts draws to the most probable tokens that together have this probability.
        """
        if seed is None:
            seed = int(np.random.default_rng().integers(2**31))
        if isinstance(seed, (int, np.integer)):
            seed = tf.constant([seed, 0], tf.int32)
        return self._generate(top_p_sampling(seed, temperature, top_p))

    def _generate(self, choose):
        """Generate token ids one by one, with the body's cache of the earlier ones."""
        decoder, batch = self.decoder, tf.shape(self.code)[0]
        shift = tf.cast(decoder.shift(self.code), tf.float32)

        def step(t, token, going, tokens, cache):
            h, cache = decoder.body.step(decoder.likelihood.embed(token) + shift, cache, t)
            token = tf.where(going, choose(decoder.likelihood.logits(h), t), END)
            tokens = tf.tensor_scatter_nd_update(tokens, [[t]], token[None])
            return t + 1, token, going & (token != END), tokens, cache

        start = (
            tf.constant(0),
            tf.zeros([batch], tf.int32),
            tf.ones([batch], tf.bool),
            tf.zeros([self.length, batch], tf.int32),
            decoder.body.init_cache(batch, self.length),
        )
        *_, tokens, _ = tf.while_loop(
            lambda t, token, going, *_: (t < self.length) & tf.reduce_any(going), step, start
        )
        return tf.transpose(tokens)
