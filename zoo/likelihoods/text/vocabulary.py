"""Vocabulary of a text model: strings to token ids and back."""

import keras
import tensorflow as tf

END, UNKNOWN = 0, 1
RESERVED = 2  # number of the ids above, and the first id of a word
UNKNOWN_WORD = "[UNK]"

# Anything but letters, digits, spaces, apostrophes, hyphens and angle brackets is a word by itself.
_MARK = r"([^\p{L}\p{M}\p{N}\s'\x{2019}<>_-])"
# Spaces that running text does not have around punctuation: pattern, replacement.
_SPACING = (
    (r" ([.,;:!?)\]}%])", r"\1"),
    (r"([(\[{$]) ", r"\1"),
    (r"\" ([^\"]*?) \"", r'"\1"'),
)


class Vocabulary(tf.Module):
    """Words and their token ids, through Keras' `TextVectorization`.

    Id 0 ends and pads a text, 1 is any word outside of the vocabulary, and words start at 2. It
    uses TensorFlow's own operations only, so that a SavedModel that contains it loads with
    TensorFlow alone; subword tokenizers would need the operations of another library.

    Args:
        words: the words, without the two reserved ids.
        max_length: a text is cut after this many words.
        standardize: whether to convert to lower case and separate punctuation; False for a corpus
            whose words are already separated by spaces.
    """

    def __init__(self, words, max_length, standardize=True):
        super().__init__(name="vocabulary")
        self.words = tuple(words)
        self.max_length, self.standardize = max_length, standardize
        self.vectorization = _vectorization(words)
        self.table = tf.constant(["", UNKNOWN_WORD, *words])

    @classmethod
    def from_texts(cls, parts, size, max_length, standardize=True):
        """Learn the most frequent words of an iterable of arrays of strings, at most `size` ids."""
        parts, errors = iter(parts), []

        def texts():
            try:
                yield from parts
            except (TypeError, ValueError) as error:
                errors.append(error)
                raise

        dataset = tf.data.Dataset.from_generator(
            texts, output_signature=tf.TensorSpec([None], tf.string)
        )
        vectorization = _vectorization(None, size)
        try:
            vectorization.adapt(dataset.map(lambda texts: _spaced(texts, standardize)))
        except tf.errors.InvalidArgumentError:
            if errors:  # the error itself, without TensorFlow's trace around it
                raise errors[0] from None
            raise
        words = vectorization.get_vocabulary(include_special_tokens=False)
        if not words:
            raise ValueError("x must hold at least one word, got none")
        return cls([str(word) for word in words], max_length, standardize)

    def tokenize(self, texts):
        """Strings `[B]` -> token ids `[B, max_length]`, int32."""
        token_ids = self.vectorization(_spaced(texts, self.standardize))
        cut = token_ids[:, : self.max_length].to_tensor(shape=[None, self.max_length])
        return tf.cast(cut, tf.int32)

    def detokenize(self, token_ids):
        """Token ids `[..., L]` -> strings `[...]`; a text ends at its first 0."""
        token_ids = tf.cast(token_ids, tf.int32)
        before_end = tf.math.cumprod(tf.cast(token_ids != END, tf.int32), axis=-1)
        words = tf.gather(self.table, token_ids * before_end)
        text = tf.strings.strip(tf.strings.reduce_join(words, -1, separator=" "))
        if not self.standardize:
            return text
        for pattern, replacement in _SPACING:
            text = tf.strings.regex_replace(text, pattern, replacement)
        return text


def _spaced(texts, standardize):
    """Separate words by spaces; bytes that are not UTF-8 become the replacement character."""
    texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8")
    if not standardize:
        return texts
    return tf.strings.regex_replace(tf.strings.lower(texts, encoding="utf-8"), _MARK, r" \1 ")


def _vectorization(words, size=None):
    return keras.layers.TextVectorization(
        max_tokens=size,
        standardize=None,
        split="whitespace",
        output_mode="int",
        ragged=True,
        vocabulary=None if words is None else list(words),
    )
