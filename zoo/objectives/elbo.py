"""The negative ELBO, and weighted sums like it."""

import tensorflow as tf

from zoo.core.serialization import component
from zoo.objectives.base import Objective
from zoo.objectives.terms import KL, Term


@component
class ELBO(Objective):
    """-log p(x|z) + sum of weight * term: the negative ELBO if the one term is KL at weight 1.

    Logs `elbo`, `nll` and `kl`, and each further term by its name, all unweighted, so that they are
    comparable across runs and weights. Also logs `active_units`, the number of latent dimensions in
    use.

    Args:
        terms: tuple of `Term`s with different names; `(KL(),)` by default.
    """

    def __init__(self, terms: tuple[Term, ...] | None = None, **kwargs):
        super().__init__((KL(),) if terms is None else terms, **kwargs)

    def bound_loss(self, metrics: dict[str, tf.Tensor]) -> tf.Tensor:
        """-log p(x|z), `[B]` nats; the KL is a term."""
        return metrics["nll"]
