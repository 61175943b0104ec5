"""Asymmetric numeral systems: a stack of bits onto which symbols are pushed by probability."""

import importlib

import numpy as np


def load_constriction():
    """Import constriction, the library of entropy coders.

    Raises:
        ImportError: it is not installed.
    """
    try:
        return importlib.import_module("constriction")
    except ModuleNotFoundError as error:
        raise ImportError(
            f"compress and decompress need {error.name}: pip install 'zoo-vae[recipes]'"
        ) from error


class ANSStack:
    """Asymmetric numeral systems (Duda, 2015) by the library constriction (Bamler, 2022).

    Pushing a symbol of probability p adds -log2 p bits, and popping it removes as many. A pop draws
    from the distribution, with the bits on the stack as the source of randomness; a push undoes it.
    Probabilities are multiples of 2^-24, and never 0.

    Args:
        words: the result of `words()`, or None for an empty stack.
    """

    def __init__(self, words=None):
        library = load_constriction()
        self._models = library.stream.model
        coder = library.stream.stack.AnsCoder
        self._coder = coder() if words is None else coder(words.astype("uint32"))

    @property
    def bits(self):
        """Number of bits on the stack."""
        return self._coder.num_valid_bits()

    @property
    def empty(self):
        """True if no bits are on the stack."""
        return self._coder.is_empty()

    def words(self):
        """The content of the stack as little-endian 32-bit words."""
        return self._coder.get_compressed().astype("<u4")

    def push_normal(self, k, loc, scale, max_k):
        """Push integers k `[M]`, -max_k .. max_k, under a rounded Normal(loc, scale).

        loc and scale are arrays `[M]`, or two floats.
        """
        k = np.ascontiguousarray(k, "int32")
        self._coder.encode_reverse(k, *self._normal(loc, scale, max_k))

    def pop_normal(self, loc, scale, max_k, count=None):
        """Undo `push_normal`; `count` is M if loc and scale are floats."""
        model = self._normal(loc, scale, max_k)
        return self._coder.decode(*model, *([] if count is None else [count]))

    def _normal(self, loc, scale, max_k):
        if np.ndim(loc) == 0:
            return (self._models.QuantizedGaussian(-max_k, max_k, loc, scale),)
        arrays = (np.ascontiguousarray(a, "float64") for a in (loc, scale))
        return (self._models.QuantizedGaussian(-max_k, max_k), *arrays)

    def push_symbols(self, k, probabilities):
        """Push integers k `[M]`, 0 .. K - 1, each under its row of probabilities `[M, K]`."""
        k = np.ascontiguousarray(k, "int32")
        self._coder.encode_reverse(k, self._models.Categorical(perfect=False), probabilities)

    def pop_symbols(self, probabilities):
        """Undo `push_symbols`."""
        return self._coder.decode(self._models.Categorical(perfect=False), probabilities)

    def whiten(self, bits):
        """Add fixed noise to the upper bits, at no cost, so that they look random.

        Symbols that were pushed under probabilities other than their true ones leave bits that
        would bias the draws.
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
