"""Preprocessor of texts: strings to token ids and back."""

import itertools

import numpy as np
import tensorflow as tf

from zoo.core import inputs
from zoo.core.arrays import as_array, unmasked
from zoo.likelihoods.preprocessing import Preprocessor
from zoo.likelihoods.text.inputs import is_text, padded, strings
from zoo.likelihoods.text.vocabulary import END, Vocabulary


class TextPreprocessor(Preprocessor):
    """Strings `[N]`, lists of token ids or an array of them `[N, L]`.

    Args:
        likelihood: a `Text`, which keeps the learned vocabulary in its config.
    """

    dtype = "int32"

    @property
    def needs_vocabulary(self):
        """True before the vocabulary is learned, without which strings are not ids."""
        return not self.adapted

    def __init__(self, likelihood):
        super().__init__(likelihood)
        self._vocabulary = None
        self._takes_ids = False  # the first data were token ids, which need no vocabulary

    @property
    def vocabulary(self):
        """The `Vocabulary` of the likelihood's tokens; None before it is learned."""
        text = self.likelihood
        if self._vocabulary is None and text.vocabulary is not None:
            self._vocabulary = Vocabulary(text.vocabulary, text.max_length, text.standardize)
        return self._vocabulary

    @property
    def resources(self):
        return () if self.vocabulary is None else (self.vocabulary,)

    @property
    def encoder_layers(self):
        return (self.likelihood,)

    @property
    def adapted(self):
        return self._takes_ids or self.likelihood.vocabulary is not None

    def adapt(self, parts):
        """Learn the vocabulary from an iterable of arrays of strings; token ids need none."""
        parts = iter(parts)
        first = next(parts, None)
        if first is None or not is_text(first):
            if first is not None:
                inputs.numeric(self.to_array(first), "x")
            self._takes_ids = True
            return
        text = self.likelihood
        if text.vocabulary is not None:
            raise ValueError(
                "adapt cannot learn a second vocabulary: the model's weights are for the words of "
                "its first one; make a new model"
            )
        texts = (strings(part, "x") for part in itertools.chain([first], parts))
        self._vocabulary = Vocabulary.from_texts(
            texts, text.vocabulary_size, text.max_length, text.standardize
        )
        text.set_vocabulary(self._vocabulary.words)

    def undo(self):
        text, built = self.likelihood, self.likelihood.built
        learned = self._vocabulary, self._takes_ids, text.vocabulary, text.vocabulary_size

        def restore():
            if text.vocabulary is not None and text.built and not built:
                return  # the weights that were made since then are for these words
            self._vocabulary, self._takes_ids, text.vocabulary, text.vocabulary_size = learned

        return restore

    def to_array(self, x, argument="x"):
        """Strings, lists of token ids or an array of them -> int32 `[N, L]`."""
        x = unmasked(x, argument, missing_allowed=False)
        if is_text(x):
            texts = tf.constant(strings(x, argument))
            return self._learned_vocabulary(argument).tokenize(texts).numpy()
        if isinstance(x, tf.RaggedTensor):
            x = x.to_list()
        if isinstance(x, (list, tuple)):
            rows = [as_array(row, f"{argument}[{i}]") for i, row in enumerate(x)]
            x = padded(rows, argument) if any(row.ndim == 1 for row in rows) else x
        x = as_array(x, argument)
        if x.dtype.kind not in "iu":
            raise TypeError(
                f"{argument} must be strings or integer token ids, got an array of {x.dtype}"
            )
        max_length = self.likelihood.max_length
        if x.ndim == 2 and not x[:, max_length:].any():
            x = x[:, :max_length]  # the rest is padding
        return x

    def _learned_vocabulary(self, argument):
        if self.vocabulary is None:
            raise ValueError(
                f"{argument} must be token ids while the model has no vocabulary, got strings: "
                "call fit or adapt with texts first, or give Text a vocabulary"
            )
        return self.vocabulary

    def extreme_rows(self, x):
        return np.zeros(len(x), bool)

    def validate(self, x, argument="x"):
        if x.ndim != 2:
            raise ValueError(
                f"{argument} must be texts [N] or token ids [N, L], got shape {x.shape}"
            )
        text = self.likelihood
        if x.shape[1] > text.max_length:
            raise ValueError(
                f"{argument} must have texts of at most max_length={text.max_length} tokens, "
                f"got {x.shape[1]}"
            )
        low, high = int(x.min()), int(x.max())
        if low < 0 or high >= text.token_count:
            raise ValueError(
                f"{argument} must hold token ids from 0 to {text.token_count - 1}, "
                f"got {low} to {high}"
            )
        broken = (x[:, :-1] == END) & (x[:, 1:] != END)
        if broken.any():
            row, column = (int(i) for i in np.argwhere(broken)[0])
            raise ValueError(
                f"{argument} must have only zeros after the 0 that ends a text, got token id "
                f"{x[row, column + 1]} at index ({row}, {column + 1})"
            )

    def to_tensor(self, x):
        if x.dtype == tf.string:
            return self._learned_vocabulary("x").tokenize(x)
        x = tf.cast(x, self.dtype)
        return x.to_tensor(END) if isinstance(x, tf.RaggedTensor) else x

    def from_tensor(self, x):
        return x if self.vocabulary is None else self.vocabulary.detokenize(x)

    def from_array(self, x):
        if self.vocabulary is None:
            return x
        texts = np.asarray(self.vocabulary.detokenize(tf.constant(x)))
        return np.vectorize(bytes.decode, otypes=[object])(texts)

    def signature(self, event_shape, name="x"):
        if self.vocabulary is None:
            return super().signature(event_shape, name)
        return tf.TensorSpec([None], tf.string, name=name)

    def encoder_inputs(self, x):
        """Embedded tokens `[B, L, width]`, NaN after a text's end."""
        inside = tf.expand_dims(x != END, -1)
        return tf.where(inside, self.likelihood.embed(x), float("nan"))

    def encoder_inputs_shape(self, event_shape):
        if len(event_shape) != 1:
            raise ValueError(
                f"x must be texts [N] or token ids [N, L], got examples of {tuple(event_shape)}"
            )
        return (*event_shape, self.likelihood.width)
