"""Decoders: subclassed Keras models, code -> p(x|z)."""

from zoo.decoders.base import Decoder
from zoo.decoders.conv import ConvDecoder
from zoo.decoders.dense import DenseDecoder, SkipDenseDecoder
from zoo.decoders.lstm import LSTMDecoder
from zoo.decoders.multimodal import MultimodalDecoder
from zoo.decoders.text import TextDecoder

__all__ = [
    "ConvDecoder",
    "Decoder",
    "DenseDecoder",
    "LSTMDecoder",
    "MultimodalDecoder",
    "SkipDenseDecoder",
    "TextDecoder",
]
