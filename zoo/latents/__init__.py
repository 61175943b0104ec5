"""Latents: how x becomes a random z, and z what a decoder eats."""

from zoo.latents.base import Latents
from zoo.latents.ladder import LadderLatent
from zoo.latents.levels import ConvRung, DenseRung
from zoo.latents.single import FusedLatent, SingleLatent

__all__ = ["ConvRung", "DenseRung", "FusedLatent", "LadderLatent", "Latents", "SingleLatent"]
