"""Term for likelihoods of correlated values: the squared error of the reconstruction."""

import tensorflow as tf

from zoo.core.outputs import Pass
from zoo.core.samplers import tile, untile
from zoo.core.serialization import component
from zoo.objectives.terms import Term


@component
class SquaredError(Term):
    """Squared distance of series from the mean of p(x|z), averaged over draws.

        sum_i ((x_i - E[x_i|z]) / std)^2 / (2 s^2)

    std is the standard deviation of the channel in the training data, and s^2 the average variance
    of p(x_i|z) in units of std^2; no gradient passes through s. Up to a constant it is -log p(x|z)
    of independent values with one scale for all.

    Under a likelihood of correlated values, what earlier values predict need not be in z, and the
    mean of p(x|z) may be far from x at no cost. This term gives it a cost. It is a composite
    likelihood: Varin, Reid and Firth, An overview of composite likelihood methods, 2011. All
    channels have one scale, as in PCA, so that those with little noise do not take the latent
    dimensions.

    Args:
        weight: its weight in the loss.
    """

    def __init__(self, weight: float = 0.3, name: str = "squared_error", **kwargs):
        super().__init__(weight, name=name, **kwargs)

    def per_example(self, x, y, out: Pass) -> tf.Tensor:
        """The formula above, `[B]` nats.

        Raises:
            TypeError: the likelihood has no `squared_error`.
        """
        del x, y
        if not hasattr(out.likelihood, "squared_error"):
            raise TypeError(
                "the likelihood must be one of series, which have squared errors, for "
                f"SquaredError, got {type(out.likelihood).__name__}: leave the term out"
            )
        by_value = out.likelihood.squared_error(tile(out.target, out.samples))
        total = tf.reduce_sum(by_value, range(1, by_value.shape.rank))
        return 0.5 * tf.reduce_mean(untile(total, out.samples), 0)
