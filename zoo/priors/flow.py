"""A flow as p(z)."""

import tensorflow as tf
import tensorflow_probability as tfp

from zoo import flows
from zoo.core.identifiers import resolve
from zoo.core.serialization import component
from zoo.flows.base import FlowNormal
from zoo.priors.base import Prior

tfd = tfp.distributions


@component
class FlowPrior(Prior):
    """p(z): z = f(u), u ~ Normal(0, 1) in each dimension, f learned and invertible.

    log p(z) = log N(u; 0, 1) - log |det df/du|. It goes where the codes of the data are, and
    follows their shape, where a mixture has so many round parts. The KL to it has no closed form
    and is estimated, log q(z|x) - log p(z) at the draws. Rezende and Mohamed, Variational inference
    with normalizing flows, 2015; Chen et al., Variational lossy autoencoder, 2017, put it here.

    Args:
        latent_dim: D.
        flow: identifier or `zoo.flows.Flow` that is as cheap to invert as to apply: "coupling" or
            "spline".

    Raises:
        ValueError: the flow is slow to invert, or of a name that is not known.

    Call: `prior.distribution()` -> a `tfd.Distribution` with event `[D]`.
    """

    def __init__(self, latent_dim, flow="coupling", **kwargs):
        super().__init__(latent_dim, **kwargs)
        self.flow = resolve(flow, flows.IDENTIFIERS, "flow", required=True)
        if not self.flow.both_ways:
            fitting = sorted(n for n, known in flows.IDENTIFIERS.items() if known.both_ways)
            raise ValueError(
                f"flow must be cheap to invert in a prior, as {' and '.join(fitting)} are, got "
                f"{type(self.flow).__name__}"
            )

    def build(self, input_shape=None):
        del input_shape
        if not self.flow.built:
            self.flow.build((None, self.latent_dim), conditional=False)

    def distribution(self, encoder=None):
        """p(z), event `[D]`."""
        del encoder
        zeros = tf.zeros([self.latent_dim])
        base = tfd.Independent(tfd.Normal(zeros, tf.ones_like(zeros)), 1)
        return FlowNormal(base, self.flow.bijector())
