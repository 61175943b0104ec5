"""Decoder to texts."""

import keras
import tensorflow as tf

from zoo import likelihoods
from zoo.core.identifiers import resolve
from zoo.core.serialization import as_tuple, component, ensure_built, fraction
from zoo.layers import autoregressive
from zoo.layers.packed import Dropout
from zoo.likelihoods.text.distribution import AutoregressiveText
from zoo.likelihoods.text.vocabulary import END, UNKNOWN


@component
class TextDecoder(keras.Model):
    """Code `[B, D]` -> p(x|z) over texts: each word is drawn given z and the words before it.

    z, projected to the width of the words, is added to the embedding of every word that is read.
    While training a fraction of these words is hidden, so that z has to say what they said: word
    dropout, Bowman et al., Generating sentences from a continuous space, 2016.

    Args:
        event_shape: `(L,)`, the width of word numbers; a `VAE` fills it in. Texts are written up to
            the likelihood's `max_length`, unless a call says otherwise.
        body: "transformer", "lstm" or an object: what reads the words from left to right.
        word_dropout: fraction of the words that are hidden from the body while training.
        likelihood: "text" or a `Text`.
        kernel_regularizer: of the projection of z.
    """

    variable_axes = (0,)
    own_length = True  # a text ends where it ends, not where the batch that held it did

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
        self.hide = Dropout(word_dropout, name="word_dropout")
        self.likelihood = resolve(likelihood, likelihoods.IDENTIFIERS, "likelihood")
        if not isinstance(self.likelihood, likelihoods.Text):
            raise TypeError(
                f"likelihood must be 'text' or a zoo.likelihoods.Text, got {likelihood!r}"
            )
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

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

    def hidden(self, words, training=False):
        """The words `[B, T]` with a fraction of them unknown, in training."""
        if not (training and self.word_dropout):
            return words
        seen = self.hide.keep_mask(words) | (words == END)  # which starts a text here
        return tf.where(seen, words, UNKNOWN)

    def states(self, code, words, packed, training=False):
        """What is known after reading each of the words `[M]`: `[M, width]`."""
        embedded = self.likelihood.embed(words)
        shift = tf.gather(self.shift(code), packed.example)
        h = embedded + tf.cast(shift, embedded.dtype)
        return self.body(h, packed=packed, training=training)
