"""Decoders: subclassed Keras models, code -> p(x|z)."""

from zoo.decoders.conv import ConvDecoder
from zoo.decoders.dense import DenseDecoder

__all__ = ["ConvDecoder", "DenseDecoder"]
