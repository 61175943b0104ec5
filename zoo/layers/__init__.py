"""Layers of the encoders and decoders."""

from zoo.layers.attention import TransformerBlock
from zoo.layers.autoregressive import CausalLSTM, CausalTransformer
from zoo.layers.convolution import ResidualBlock, UpsampleConv2D, UpsampleResidualBlock
from zoo.layers.dense import ResidualDense
from zoo.layers.normalization import BatchNormalization
from zoo.layers.pooling import AttentionPooling, MeanPooling
from zoo.layers.recurrent import GRU, LSTM

__all__ = [
    "GRU",
    "LSTM",
    "AttentionPooling",
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
