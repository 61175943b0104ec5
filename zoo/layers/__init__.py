"""Layers of the encoders and decoders."""

from zoo.layers.attention import TransformerBlock
from zoo.layers.autoregressive import CausalLSTM, CausalTransformer
from zoo.layers.convolution import ResidualBlock, UpsampleConv2D, UpsampleResidualBlock
from zoo.layers.dense import ResidualDense
from zoo.layers.normalization import BatchNormalization
from zoo.layers.pooling import AttentionPooling, MeanPooling
from zoo.layers.recurrent import GRU, LSTM
from zoo.layers.step_basis import BasisExpansion, BasisProjection

__all__ = [
    "GRU",
    "LSTM",
    "AttentionPooling",
    "BasisExpansion",
    "BasisProjection",
    "BatchNormalization",
    "CausalLSTM",
    "CausalTransformer",
    "MeanPooling",
    "ResidualBlock",
    "ResidualDense",
    "TransformerBlock",
    "UpsampleConv2D",
    "UpsampleResidualBlock",
]
