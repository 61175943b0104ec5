"""Encoders: Keras models that map x to q(z|x), a `tfd.Normal` with batch `[B, latent_dim]`."""

from zoo.encoders.conv import ConvEncoder
from zoo.encoders.dense import DenseEncoder, SkipDenseEncoder
from zoo.encoders.ladder import ConvLadderEncoder, DenseLadderEncoder
from zoo.encoders.lstm import LSTMEncoder
from zoo.encoders.multimodal import MultimodalEncoder
from zoo.encoders.transformer import TransformerEncoder

__all__ = [
    "ConvEncoder",
    "ConvLadderEncoder",
    "DenseEncoder",
    "DenseLadderEncoder",
    "LSTMEncoder",
    "MultimodalEncoder",
    "SkipDenseEncoder",
    "TransformerEncoder",
]
