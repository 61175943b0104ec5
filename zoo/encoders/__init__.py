"""Encoders: subclassed Keras models, x -> `tfd.Normal` with batch `[B, latent_dim]`."""

from zoo.encoders.conv import ConvEncoder
from zoo.encoders.dense import DenseEncoder

__all__ = ["ConvEncoder", "DenseEncoder"]
