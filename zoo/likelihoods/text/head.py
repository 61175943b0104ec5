"""Likelihood of texts: token embedding and the probability of each next token."""

import keras
import tensorflow as tf

from zoo.core.serialization import component, positive
from zoo.likelihoods.base import Likelihood
from zoo.likelihoods.text.cross_entropy import cross_entropy
from zoo.likelihoods.text.preprocessing import TextPreprocessor
from zoo.likelihoods.text.vocabulary import RESERVED, UNKNOWN

DEFAULT_SIZE = 10_000


@component
class Text(Likelihood):
    """p(x|z) = prod_t p(x_t | x_<t, z) over the tokens of a text and the end token after them.

    A token is a word or a punctuation mark. x is strings, or token ids `[N, L]`: 0 ends a text and
    pads, 1 is a token outside of the vocabulary, tokens follow from 2. The vocabulary is learned
    from the first strings that `fit` (or `VAE.adapt`) gets, and saved with the model. Longer texts
    are cut to `max_length` tokens; an empty one is the end token alone. For token ids
    `vocabulary_size` is their number.

    One table embeds the tokens for encoder and decoder and gives the logits of the next one: Press
    and Wolf, Using the output embedding to improve language models, 2017.

    Args:
        vocabulary_size: V, the number of token ids, 0 and 1 included; None is 10,000, or as many
            as a given vocabulary needs. It shrinks where fewer tokens are learned.
        max_length: L, the longest text in tokens.
        width: of the embedding.
        standardize: whether to lower the case and separate punctuation from words.
        vocabulary: the tokens, most frequent first, instead of learning them.
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
        if isinstance(vocabulary, str):
            raise TypeError(
                f"vocabulary must be a sequence of words, got the string {vocabulary!r}"
            )
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
        """Take the learned tokens; before the table is built, it shrinks to their number."""
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

        Times the root of the width: as large as the positions, while the table's products with a
        state begin small.
        """
        return tf.gather(tf.convert_to_tensor(self.table), x) * self.width**0.5

    def nll(self, h, targets):
        """-log p of each row's target token in nats, `[M]`, from states `[M, width]`."""
        return cross_entropy(tf.cast(h, tf.float32), tf.convert_to_tensor(self.table), targets)

    def logits(self, h):
        """Logits of the next token, `[B, V]`, from a state `[B, width]`.

        -inf for the unknown token and for ids that no token has, which cannot be printed.
        """
        logits = tf.matmul(tf.cast(h, tf.float32), self.table, transpose_b=True)
        token_id = tf.range(self.vocabulary_size)
        unprintable = (token_id == UNKNOWN) | (token_id >= self.token_count)
        return tf.where(unprintable, float("-inf"), logits)

    def call(self, raw):
        raise TypeError("Text needs a decoder that reads tokens in order: zoo.decoders.TextDecoder")
