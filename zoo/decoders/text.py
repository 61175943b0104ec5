"""Decoder for texts: an autoregressive body that receives z at every step."""

import keras
import tensorflow as tf

from zoo import likelihoods
from zoo.core.argument_values import as_tuple, fraction
from zoo.core.identifiers import as_regularizer, resolve
from zoo.core.serialization import component, ensure_built
from zoo.decoders.base import Decoder
from zoo.layers import autoregressive
from zoo.layers.packed import Dropout
from zoo.likelihoods.text.distribution import AutoregressiveText
from zoo.likelihoods.text.vocabulary import END, UNKNOWN


@component
class TextDecoder(Decoder):
    """Code `[B, D]` -> p(x|z) over texts: each token depends on z and on the tokens before it.

    z, projected to the embedding's width, is added to the embedding of every token. In training a
    fraction of these tokens is replaced by the unknown token, so that the decoder has to use z:
    word dropout, Bowman et al., Generating sentences from a continuous space, 2016.

    Args:
        event_shape: `(L,)`, the number of token ids of an example; a `VAE` sets it from the first
            batch. Texts are generated up to the likelihood's `max_length`, unless a call passes
            another shape.
        body: "transformer", "lstm" or an object: the network that reads tokens left to right.
        word_dropout: fraction of the tokens that are hidden from the body in training.
        likelihood: "text" or a `Text`.
        kernel_regularizer: regularizer of the projection of z.
    """

    variable_axes = (0,)
    own_length = True  # the length of a text is drawn from p(x|z)

    def __init__(
        self,
        event_shape=None,
        *,
        body="transformer",
        word_dropout=0.0,
        likelihood="text",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.event_shape = None if event_shape is None else as_tuple(event_shape)
        self.body = resolve(body, autoregressive.IDENTIFIERS, "body")
        fraction(word_dropout=word_dropout)
        self.word_dropout = word_dropout
        self.word_dropout_mask = Dropout(word_dropout, name="word_dropout")
        self.likelihood = resolve(likelihood, likelihoods.IDENTIFIERS, "likelihood")
        if not isinstance(self.likelihood, likelihoods.Text):
            raise TypeError(
                f"likelihood must be 'text' or a zoo.likelihoods.Text, got {likelihood!r}"
            )
        self.kernel_regularizer = as_regularizer(kernel_regularizer)

    def build(self, input_shape):
        width = self.likelihood.width
        self.shift = keras.layers.Dense(
            width,
            use_bias=False,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="code",
        )
        ensure_built(self.shift, input_shape)
        ensure_built(self.body, (None, width))
        ensure_built(self.likelihood, (None, None, width))

    def call(self, code, event_shape=None, training=None):
        length = self.likelihood.max_length if event_shape is None else event_shape[0]
        return AutoregressiveText(self, code, length, bool(training))

    def drop_words(self, token_ids, training=False):
        """Token ids `[B, T]` with a fraction of them unknown, in training."""
        if not (training and self.word_dropout):
            return token_ids
        # Id 0 starts a text here and always stays.
        unchanged = self.word_dropout_mask.keep_mask(token_ids) | (token_ids == END)
        return tf.where(unchanged, token_ids, UNKNOWN)

    def states(self, code, token_ids, packed, training=False):
        """The body's states after each of the token ids `[M]`: `[M, width]`."""
        embedded = self.likelihood.embed(token_ids)
        shift = tf.gather(self.shift(code), packed.example)
        h = embedded + tf.cast(shift, embedded.dtype)
        return self.body(h, packed=packed, training=training)
