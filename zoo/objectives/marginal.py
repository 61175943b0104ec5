"""Term for likelihoods of correlated values: the fit of each value by itself."""

import tensorflow as tf

from zoo.core.outputs import Pass
from zoo.core.samplers import tile, untile
from zoo.core.serialization import component
from zoo.objectives.terms import Term


@component
class MarginalNLL(Term):
    """-sum of log p(x_i|z), each value by itself, averaged over draws.

    Under a likelihood of correlated values, what earlier values predict need not be in z, and the
    mean of p(x|z) may be far from x at no cost. This term gives it a cost. It is a composite
    likelihood: Varin, Reid and Firth, An overview of composite likelihood methods, 2011. With
    independent values it is -log p(x|z).

    Args:
        weight: its weight in the loss.
    """

    def __init__(self, weight: float = 0.1, name: str = "marginal_nll", **kwargs):
        super().__init__(weight, name=name, **kwargs)

    def per_example(self, x, y, out: Pass) -> tf.Tensor:
        """-sum of marginal log-probabilities, `[B]` nats.

        Raises:
            TypeError: the likelihood has no `marginal_log_prob`.
        """
        del x, y
        if not hasattr(out.likelihood, "marginal_log_prob"):
            raise TypeError(
                "the likelihood must be one of series, which have marginal log-probabilities, for "
                f"MarginalNLL, got {type(out.likelihood).__name__}: leave the term out"
            )
        by_value = out.likelihood.marginal_log_prob(tile(out.target, out.samples))
        log_prob = tf.reduce_sum(by_value, range(1, by_value.shape.rank))
        return -tf.reduce_mean(untile(log_prob, out.samples), 0)
