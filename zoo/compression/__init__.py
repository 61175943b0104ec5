"""Lossless compression: bytes from a model's probabilities, and the data from the bytes.

Also as methods, `vae.compress(x)` and `vae.decompress(stream)`. Needs the library constriction,
which is imported when something is coded.
"""

from zoo.compression.codec import compress, decompress, decompress_parts
from zoo.compression.symbols import Alphabet, alphabet

__all__ = ["Alphabet", "alphabet", "compress", "decompress", "decompress_parts"]
