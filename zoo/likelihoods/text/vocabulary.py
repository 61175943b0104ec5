"""Texts as word numbers, and back."""

import keras
import tensorflow as tf

END, UNKNOWN = 0, 1
RESERVED = 2  # the first number that is a word's
UNKNOWN_WORD = "[UNK]"

# Anything but letters, digits, spaces, apostrophes, hyphens and angle brackets is a word by itself.
_MARK = r"([^\p{L}\p{M}\p{N}\s'\x{2019}<>_-])"
# How marks are set in running text: what to take spaces away from, and what then stays.
_SET = (
    (r" ([.,;:!?)\]}%])", r"\1"),
    (r"([(\[{$]) ", r"\1"),
    (r"\" ([^\"]*?) \"", r'"\1"'),
)


class Vocabulary(tf.Module):
    """A vocabulary, and the way from strings to its numbers: Keras' `TextVectorization`.

    Number 0 ends a text (and pads), 1 stands for any word that is not in the vocabulary, words
    follow from 2. All of it is TensorFlow's own operations, so a SavedModel that holds it loads
    with TensorFlow alone; tokenizers of subwords need a library of operations beside it.

    Args:
        vocabulary: the words, without the reserved two.
        max_length: words of a text beyond this many are cut off.
        standardize: whether to lower the case and set punctuation apart; a corpus whose words are
            separated by spaces already wants False.
    """

    def __init__(self, vocabulary, max_length, standardize=True):
        super().__init__(name="words")
        self.vocabulary = tuple(vocabulary)
        self.max_length, self.standardize = max_length, standardize
        self.vectorization = _vectorization(vocabulary)
        self.table = tf.constant(["", UNKNOWN_WORD, *vocabulary])

    @classmethod
    def from_texts(cls, parts, size, max_length, standardize=True):
        """The most frequent words of an iterable of arrays of strings, at most `size` numbers."""
        parts, broken = iter(parts), []

        def texts():
            try:
                yield from parts
            except (TypeError, ValueError) as error:
                broken.append(error)
                raise

        dataset = tf.data.Dataset.from_generator(
            texts, output_signature=tf.TensorSpec([None], tf.string)
        )
        vectorization = _vectorization(None, size)
        try:
            vectorization.adapt(dataset.map(lambda texts: _spaced(texts, standardize)))
        except tf.errors.InvalidArgumentError:
            if broken:  # not as TensorFlow tells it
                raise broken[0] from None
            raise
        words = vectorization.get_vocabulary(include_special_tokens=False)
        if not words:
            raise ValueError("x must hold at least one word, got none")
        return cls([str(word) for word in words], max_length, standardize)

    def read(self, texts):
        """Strings `[B]` -> numbers `[B, max_length]`, int32."""
        numbers = self.vectorization(_spaced(texts, self.standardize))
        cut = numbers[:, : self.max_length].to_tensor(shape=[None, self.max_length])
        return tf.cast(cut, tf.int32)

    def write(self, numbers):
        """Numbers `[..., L]` -> strings `[...]`; what follows the first 0 is left out."""
        going = tf.math.cumprod(tf.cast(numbers != END, tf.int32), axis=-1)
        words = tf.gather(self.table, numbers * going)
        text = tf.strings.strip(tf.strings.reduce_join(words, -1, separator=" "))
        if not self.standardize:
            return text
        for found, kept in _SET:
            text = tf.strings.regex_replace(text, found, kept)
        return text


def _spaced(texts, standardize):
    """One space or more between any two words; what is no UTF-8 becomes a mark that says so."""
    texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8")
    if not standardize:
        return texts
    return tf.strings.regex_replace(tf.strings.lower(texts, encoding="utf-8"), _MARK, r" \1 ")


def _vectorization(vocabulary, size=None):
    return keras.layers.TextVectorization(
        max_tokens=size,
        standardize=None,
        split="whitespace",
        output_mode="int",
        ragged=True,
        vocabulary=None if vocabulary is None else list(vocabulary),
    )
