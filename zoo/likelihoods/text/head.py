"""Likelihood of texts: token embedding and the probability of each next token."""

import keras
import tensorflow as tf

from zoo.core.argument_values import positive
from zoo.core.serialization import component
from zoo.likelihoods.base import Likelihood
from zoo.likelihoods.text.cross_entropy import cross_entropy
from zoo.likelihoods.text.preprocessing import TextPreprocessor
from zoo.likelihoods.text.vocabulary import RESERVED, UNKNOWN

DEFAULT_SIZE = 10_000


def _is_words(vocabulary):
    return isinstance(vocabulary, list | tuple) and all(isinstance(w, str) for w in vocabulary)


@component
class Text(Likelihood):
    """p(x|z) = prod_t p(x_t | x_<t, z) over the tokens of a text and the end token after them.

    A token is a word or a punctuation mark. x holds strings, or token ids `[N, L]`: 0 ends and pads
    a text, 1 is any token outside of the vocabulary, and the tokens of the vocabulary start at 2.
    The first call of `fit` (or `VAE.adapt`) learns the vocabulary from strings; it is saved with
    the model. Longer texts are cut to `max_length` tokens; an empty text is the end token alone. If
    x holds token ids, set `vocabulary_size` to the number of different ids.

    One table embeds the tokens for encoder and decoder and computes the logits of the next token:
    Press and Wolf, Using the output embedding to improve language models, 2017.

    Args:
        vocabulary_size: V, the number of token ids, 0 and 1 included; None is 10,000, or as many
            as a given vocabulary needs. It is reduced if fewer tokens are learned.
        max_length: L, the length of the longest text, in tokens.
        width: width of the embedding.
        standardize: whether to convert to lower case and separate punctuation from words.
        vocabulary: the tokens, most frequent first; None learns them.
    """

    sample_options = ("temperature", "top_p")

    def __init__(
        self,
        vocabulary_size=None,
        max_length=64,
        width=128,
        standardize=True,
        vocabulary=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if vocabulary is not None and not _is_words(vocabulary):
            raise TypeError(f"vocabulary must be a sequence of words, got {vocabulary!r}")
        if vocabulary is not None and len({*vocabulary}) < len(vocabulary):
            repeated = next(word for word in vocabulary if [*vocabulary].count(word) > 1)
            raise ValueError(f"vocabulary must hold each word once, got {repeated!r} twice")
        min_size = RESERVED + (1 if vocabulary is None else len(vocabulary))
        if vocabulary_size is None:
            vocabulary_size = DEFAULT_SIZE if vocabulary is None else min_size
        vocabulary_size, max_length, width = positive(
            vocabulary_size=vocabulary_size, max_length=max_length, width=width
        )
        if vocabulary_size < min_size:
            raise ValueError(f"vocabulary_size must be at least {min_size}, got {vocabulary_size}")
        self.vocabulary_size, self.max_length, self.width = vocabulary_size, max_length, width
        self.standardize = standardize
        self.vocabulary = None if vocabulary is None else tuple(vocabulary)

    @property
    def token_count(self):
        """Number of token ids in use."""
        return self.vocabulary_size if self.vocabulary is None else RESERVED + len(self.vocabulary)

    def set_vocabulary(self, vocabulary):
        """Set the learned tokens; reduces `vocabulary_size` to their number before building."""
        self.vocabulary = tuple(vocabulary)
        if not self.built:
            self.vocabulary_size = self.token_count

    def build(self, input_shape):
        del input_shape
        self.table = self.add_weight(
            shape=(self.vocabulary_size, self.width),
            initializer=keras.initializers.RandomNormal(stddev=self.width**-0.5),
            name="table",
        )

    def params_size(self, channels):
        del channels
        return self.width

    def preprocessor(self):
        return TextPreprocessor(self)

    def embed(self, x):
        """Token ids of any shape `[...]` -> `[..., width]`.

        They are scaled by the root of the width, so that they are as large as position encodings,
        while the initial logits, products of the table with a state, are small.
        """
        return tf.gather(tf.convert_to_tensor(self.table), x) * self.width**0.5

    def nll(self, h, targets):
        """-log p of each row's target token in nats, `[M]`, from states `[M, width]`."""
        return cross_entropy(tf.cast(h, tf.float32), tf.convert_to_tensor(self.table), targets)

    def logits(self, h):
        """Logits of the next token, `[B, V]`, from a state `[B, width]`.

        -inf for the unknown token and for unused ids, which cannot be converted to text.
        """
        logits = tf.matmul(tf.cast(h, tf.float32), self.table, transpose_b=True)
        token_id = tf.range(self.vocabulary_size)
        unprintable = (token_id == UNKNOWN) | (token_id >= self.token_count)
        return tf.where(unprintable, float("-inf"), logits)

    def call(self, raw):
        raise TypeError("Text needs a decoder that reads tokens in order: zoo.decoders.TextDecoder")
