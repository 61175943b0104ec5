"""Decoders: subclassed Keras models, code -> p(x|z)."""

from zoo.decoders.conv import ConvDecoder
from zoo.decoders.dense import DenseDecoder
from zoo.decoders.joint import JointDecoder
from zoo.decoders.lstm import LSTMDecoder
from zoo.decoders.text import TextDecoder

__all__ = ["ConvDecoder", "DenseDecoder", "JointDecoder", "LSTMDecoder", "TextDecoder"]
