"""Flow prior."""

from collections.abc import Callable

import tensorflow as tf
import tensorflow_probability as tfp

from zoo import flows
from zoo.core.identifiers import resolve
from zoo.core.serialization import component
from zoo.flows.base import Flow, FlowNormal
from zoo.priors.base import Prior

tfd = tfp.distributions


@component
class FlowPrior(Prior):
    """Flow prior: z = f(u), u ~ Normal(0, 1) in each dimension, f invertible and learned.

    log p(z) = log N(u; 0, 1) - log |det df/du|. It fits the shape of the aggregate posterior, while
    a mixture has a limited number of axis-aligned components. The KL to it has no closed form; it
    is estimated by log q(z|x) - log p(z) at the draws of z. Rezende and Mohamed, Variational
    inference with normalizing flows, 2015; as a prior: Chen et al., Variational lossy autoencoder,
    2017.

    Args:
        latent_dim: D.
        flow: identifier or `zoo.flows.Flow` whose inverse costs no more than its forward pass:
            "coupling" or "spline".

    Raises:
        ValueError: the inverse of the flow is expensive, or the name of the flow is unknown.

    Call: `prior.distribution()` -> a `tfd.Distribution` with event `[D]`.
    """

    def __init__(self, latent_dim: int, flow: str | Flow = "coupling", **kwargs):
        super().__init__(latent_dim, **kwargs)
        self.flow = resolve(flow, flows.IDENTIFIERS, "flow", required=True)
        if not isinstance(self.flow, Flow):
            raise TypeError(f"flow must be a Flow, got {type(self.flow).__name__}")
        if not self.flow.cheap_inverse:
            allowed = sorted(
                name for name, family in flows.IDENTIFIERS.items() if family.cheap_inverse
            )
            raise ValueError(
                f"flow must have a cheap inverse in a prior, got {type(self.flow).__name__}: "
                f"use one of {allowed}"
            )

    def build(self, input_shape=None):
        del input_shape
        if not self.flow.built:
            self.flow.build((None, self.latent_dim), conditional=False)

    def distribution(self, encoder: Callable | None = None) -> tfd.Distribution:
        """p(z), event `[D]`."""
        del encoder
        zeros = tf.zeros([self.latent_dim])
        base = tfd.Independent(tfd.Normal(zeros, tf.ones_like(zeros)), 1)
        return FlowNormal(base, self.flow.bijector())
