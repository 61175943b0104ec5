"""The negative ELBO, and weighted sums like it."""

from zoo.core.serialization import component
from zoo.objectives.base import Objective
from zoo.objectives.terms import KL


@component
class ELBO(Objective):
    """-log p(x|z) + sum of weight * term: the negative ELBO when the one term is KL at weight 1.

    Logs `elbo`, `nll` and `kl`, and each further term by its name: raw, so that they mean the same
    whatever the weights do. Logs `active_units` too: how many latent dimensions are in use.

    Args:
        terms: tuple of `Term`s with different names; `(KL(),)` by default.
    """

    def __init__(self, terms=None, **kwargs):
        super().__init__((KL(),) if terms is None else terms, **kwargs)

    def bound(self, raw):
        return raw["nll"]
