"""p(z): what z is expected to be before x is seen."""

from zoo.priors.base import Prior, StandardNormal
from zoo.priors.mixture import MixturePrior

__all__ = ["MixturePrior", "Prior", "StandardNormal"]

# name -> class, called with latent_dim
IDENTIFIERS = {"standard_normal": StandardNormal, "mixture": MixturePrior}
