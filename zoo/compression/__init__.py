"""Lossless compression by the probabilities of a model.

Also available as methods, `vae.compress(x)` and `vae.decompress(stream)`. Needs the library
constriction, which is imported on the first call.
"""

from zoo.compression.codec import compress, decompress, decompress_parts
from zoo.compression.symbols import Alphabet, alphabet

__all__ = ["Alphabet", "alphabet", "compress", "decompress", "decompress_parts"]
