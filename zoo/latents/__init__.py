"""Latents: the stochastic layers between an encoder and a decoder."""

from zoo.latents.base import Latents
from zoo.latents.fusion import (
    Concatenation,
    Fusion,
    MixtureOfExperts,
    MixtureOfProducts,
    ProductOfExperts,
)
from zoo.latents.ladder import LadderLatent
from zoo.latents.levels import ConvLevel, DenseLevel
from zoo.latents.posteriors import NormalPosterior
from zoo.latents.single import MultimodalLatent, SingleLatent

__all__ = [
    "Concatenation",
    "ConvLevel",
    "DenseLevel",
    "Fusion",
    "LadderLatent",
    "Latents",
    "MixtureOfExperts",
    "MixtureOfProducts",
    "MultimodalLatent",
    "NormalPosterior",
    "ProductOfExperts",
    "SingleLatent",
]
