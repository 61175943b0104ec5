"""Priors p(z): the distribution of z before x is observed."""

from zoo.priors.base import Prior, StandardNormal
from zoo.priors.flow import FlowPrior
from zoo.priors.labels import LabelPrior
from zoo.priors.mixture import MixturePrior
from zoo.priors.normal import NormalPrior
from zoo.priors.vamp import VampPrior

__all__ = [
    "FlowPrior",
    "LabelPrior",
    "MixturePrior",
    "NormalPrior",
    "Prior",
    "StandardNormal",
    "VampPrior",
]

# name -> class, called with latent_dim
IDENTIFIERS = {
    "standard_normal": StandardNormal,
    "normal": NormalPrior,
    "mixture": MixturePrior,
    "vamp": VampPrior,
    "flow": FlowPrior,
}
