"""Likelihood of texts: a vocabulary, an embedding, and the probability of each next word."""

import itertools

import keras
import numpy as np
import tensorflow as tf

from zoo.core.serialization import component, positive
from zoo.likelihoods.base import Likelihood
from zoo.likelihoods.text.cross_entropy import cross_entropy
from zoo.likelihoods.text.inputs import is_text, padded, strings
from zoo.likelihoods.text.vocabulary import END, RESERVED, UNKNOWN, Vocabulary

DEFAULT_SIZE = 10_000


@component
class Text(Likelihood):
    """p(x|z) = prod_t p(x_t | x_<t, z) over the words of a text and the end that follows them.

    x is strings, or word numbers `[N, L]`: 0 ends a text and pads, 1 is a word that is not in the
    vocabulary, words follow from 2. The vocabulary is learned from the first strings that `fit` (or
    `VAE.adapt`) sees, and saved with the model. Longer strings are cut to `max_length` words; an
    empty one is an end alone. For numbers `vocabulary_size` says how many there are.

    One table embeds the words for encoder and decoder and gives the logits of the next one: Press
    and Wolf, Using the output embedding to improve language models, 2017.

    Args:
        vocabulary_size: V, at most so many different numbers, 0 and 1 included; None is 10,000, or
            as many as a given vocabulary needs. Where fewer words are learned it shrinks.
        max_length: L, the longest text in words.
        width: of the embedding.
        standardize: whether to lower the case and set punctuation apart from words.
        vocabulary: the words, most frequent first, instead of learning them.
    """

    x_dtype = "int32"

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
            raise TypeError("vocabulary must be a sequence of words, got one string")
        least = RESERVED + (1 if vocabulary is None else len(vocabulary))
        if vocabulary_size is None:
            vocabulary_size = DEFAULT_SIZE if vocabulary is None else least
        vocabulary_size, max_length, width = positive(
            vocabulary_size=vocabulary_size, max_length=max_length, width=width
        )
        if vocabulary_size < least:
            raise ValueError(f"vocabulary_size must be at least {least}, got {vocabulary_size}")
        self.vocabulary_size, self.max_length, self.width = vocabulary_size, max_length, width
        self.standardize = standardize
        self.vocabulary = None if vocabulary is None else tuple(vocabulary)
        self.words, self._numbers = None, False
        if vocabulary is not None:
            self.words = Vocabulary(self.vocabulary, max_length, standardize)

    @property
    def size(self):
        """How many different numbers mean something."""
        return self.vocabulary_size if self.words is None else RESERVED + len(self.vocabulary)

    def build(self, input_shape):
        del input_shape
        self.table = self.add_weight(
            shape=(self.vocabulary_size, self.width),
            initializer=keras.initializers.RandomNormal(stddev=self.width**-0.5),
            name="table",
        )

    def outputs(self, channels):
        del channels
        return self.width

    # Data in

    @property
    def resources(self):
        return () if self.words is None else (self.words,)

    @property
    def adapted(self):
        return self.words is not None or self._numbers

    def adapt(self, parts):
        """Learn the vocabulary from an iterable of arrays of strings; numbers need none."""
        parts = iter(parts)
        first = next(parts, None)
        if first is None or not is_text(first):
            self._numbers = True
            return
        if self.words is not None:
            raise ValueError("this model has a vocabulary already: its weights are for those words")
        texts = (strings(part, "x") for part in itertools.chain([first], parts))
        self.words = Vocabulary.from_texts(
            texts, self.vocabulary_size, self.max_length, self.standardize
        )
        self.vocabulary = self.words.vocabulary
        if not self.built:
            self.vocabulary_size = self.size

    def prepare(self, x, argument="x"):
        """Strings, lists of word numbers or an array of them -> int32 `[N, L]`."""
        if is_text(x):
            return self._known(argument).read(tf.constant(strings(x, argument))).numpy()
        if isinstance(x, tf.RaggedTensor):
            x = x.to_list()
        if isinstance(x, (list, tuple)) and any(np.ndim(row) == 1 for row in x):
            x = padded([np.asarray(row) for row in x], argument)
        x = np.asarray(x)
        if x.dtype.kind not in "iu":
            raise TypeError(
                f"{argument} must be strings or integer word numbers, got an array of {x.dtype}"
            )
        if x.ndim == 2 and not x[:, self.max_length :].any():
            x = x[:, : self.max_length]  # nothing but padding is behind
        return x

    def check(self, x, argument="x"):
        if x.ndim != 2:
            raise ValueError(f"{argument} must be texts [N] or word numbers [N, L], got {x.shape}")
        if x.shape[1] > self.max_length:
            raise ValueError(
                f"{argument} has texts of {x.shape[1]} words, expected at most "
                f"max_length={self.max_length}"
            )
        low, high = int(x.min()), int(x.max())
        if low < 0 or high >= self.size:
            raise ValueError(
                f"{argument} holds word numbers from {low} to {high}, expected 0 to {self.size - 1}"
            )
        broken = (x[:, :-1] == END) & (x[:, 1:] != END)
        if broken.any():
            row, column = (int(i) for i in np.argwhere(broken)[0])
            raise ValueError(
                f"{argument} has a word at index ({row}, {column + 1}) after the 0 that ends its "
                "text"
            )

    def _known(self, argument):
        if self.words is None:
            raise ValueError(
                f"{argument} holds strings, and this model has no vocabulary yet: call fit or "
                "adapt with texts first, or give it a vocabulary"
            )
        return self.words

    def read(self, x):
        if x.dtype == tf.string:
            return self._known("x").read(x)
        x = tf.cast(x, self.x_dtype)
        return x.to_tensor(END) if isinstance(x, tf.RaggedTensor) else x

    def write(self, x):
        return x if self.words is None else self.words.write(x)

    def present(self, x):
        if self.words is None:
            return x
        texts = np.asarray(self.words.write(tf.constant(x)))
        return np.vectorize(bytes.decode, otypes=[object])(texts)

    def signature(self, event_shape, name="x"):
        if self.words is None:
            return super().signature(event_shape, name)
        return tf.TensorSpec([None], tf.string, name=name)

    # Mathematics

    def features_shape(self, event_shape):
        if len(event_shape) != 1:
            raise ValueError(
                f"x must be texts [N] or word numbers [N, L], got examples of {tuple(event_shape)}"
            )
        return (*event_shape, self.width)

    def features(self, x):
        """Embedded words `[B, L, width]`, NaN after a text's end."""
        there = tf.expand_dims(x != END, -1)
        return tf.where(there, self.embed(x), float("nan"))

    def embed(self, x):
        """Word numbers of any shape `[...]` -> `[..., width]`.

        Times the root of the width: as large as the positions, while the table's products with a
        state begin small.
        """
        return tf.gather(tf.convert_to_tensor(self.table), x) * self.width**0.5

    def nats(self, h, targets):
        """-log p of each row's target, `[M]`, from states `[M, width]`."""
        return cross_entropy(tf.cast(h, tf.float32), tf.convert_to_tensor(self.table), targets)

    def logits(self, h):
        """Of the next word, `[B, V]`, from a state `[B, width]`; -inf for what no one can read."""
        logits = tf.matmul(tf.cast(h, tf.float32), self.table, transpose_b=True)
        number = tf.range(self.vocabulary_size)
        return tf.where((number == UNKNOWN) | (number >= self.size), float("-inf"), logits)

    def call(self, raw):
        raise TypeError("a text is read word by word: use zoo.decoders.TextDecoder")
