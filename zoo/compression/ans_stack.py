"""A stack of bits: symbols are pushed by their probabilities, and popped from any bits at all."""

import importlib

import numpy as np


def constriction():
    """The library of entropy coders.

    Raises:
        ImportError: it is not installed.
    """
    try:
        return importlib.import_module("constriction")
    except ModuleNotFoundError as error:
        raise ImportError(
            f"compress and decompress need {error.name}: pip install 'zoo-vae[recipes]'"
        ) from error


class Stack:
    """Asymmetric numeral systems (Duda, 2015) of the library constriction (Bamler, 2022).

    To push a symbol of probability p takes -log2 p bits, to pop one gives as many: popping draws
    from the distribution, with the bits on the stack in the place of random ones, and a push undoes
    it. Probabilities are multiples of 2^-24, and none of a symbol is 0.

    Args:
        words: what `words()` gave, or None for an empty stack.
    """

    def __init__(self, words=None):
        library = constriction()
        self._models = library.stream.model
        coder = library.stream.stack.AnsCoder
        self._coder = coder() if words is None else coder(words.astype("uint32"))

    @property
    def bits(self):
        """How many bits are on the stack."""
        return self._coder.num_valid_bits()

    @property
    def empty(self):
        """Whether nothing is on the stack."""
        return self._coder.is_empty()

    def words(self):
        """All that is on the stack, as little-endian 32-bit words."""
        return self._coder.get_compressed().astype("<u4")

    def push_normal(self, k, loc, scale, most):
        """Integers k `[M]` from -most to most, Normal(loc, scale) rounded: arrays or two floats."""
        k = np.ascontiguousarray(k, "int32")
        self._coder.encode_reverse(k, *self._normal(loc, scale, most))

    def pop_normal(self, loc, scale, most, count=None):
        """Undo `push_normal`; `count` is M where loc and scale are floats."""
        model = self._normal(loc, scale, most)
        return self._coder.decode(*model, *([] if count is None else [count]))

    def _normal(self, loc, scale, most):
        if np.ndim(loc) == 0:
            return (self._models.QuantizedGaussian(-most, most, loc, scale),)
        arrays = (np.ascontiguousarray(a, "float64") for a in (loc, scale))
        return (self._models.QuantizedGaussian(-most, most), *arrays)

    def push_symbols(self, k, probabilities):
        """Integers k `[M]` of 0 .. K - 1 with a row of probabilities `[M, K]` each."""
        k = np.ascontiguousarray(k, "int32")
        self._coder.encode_reverse(k, self._models.Categorical(perfect=False), probabilities)

    def pop_symbols(self, probabilities):
        """Undo `push_symbols`."""
        return self._coder.decode(self._models.Categorical(perfect=False), probabilities)

    def whiten(self, bits):
        """Make the upper bits look like random ones, at no cost: fixed noise is added to them.

        What was pushed by other probabilities than its own left bits that are no good draws.
        """
        self._shift(bits, 1)

    def unwhiten(self, bits):
        """Undo `whiten`."""
        self._shift(bits, -1)

    def _shift(self, bits, sign):
        count = -(-int(bits) // 16)
        if not count:
            return
        noise = (np.random.PCG64(0).random_raw(count) >> np.uint64(48)).astype("int32")
        model = self._models.Uniform(2**16)
        drawn = self._coder.decode(model, count)
        self._coder.encode_reverse((drawn + sign * noise) % np.int32(2**16), model)
