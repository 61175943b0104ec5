"""Lossless compression with the probabilities of a model.

Also available as the methods `vae.compress(x)` and `vae.decompress(stream)`. It needs the library
constriction, which is imported on the first call.
"""

from zoo.compression.codec import compress, decompress, decompress_parts
from zoo.compression.symbols import Alphabet, alphabet

__all__ = ["Alphabet", "alphabet", "compress", "decompress", "decompress_parts"]
