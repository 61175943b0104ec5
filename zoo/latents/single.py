"""One stochastic layer."""

import numpy as np

from zoo.core.distributions import as_event
from zoo.core.outputs import Draw
from zoo.core.serialization import component, ensure_built
from zoo.latents.base import Latents
from zoo.priors import StandardNormal


@component
class SingleLatent(Latents):
    """One stochastic layer: an encoder's q(z|x) and a prior p(z).

    Args:
        encoder: x -> `tfd.Normal`, with an attribute `latent_dim`.
        prior: a `Prior`; the standard Normal by default.
        flow: a `zoo.flows.Flow` that makes more than a Normal of what the encoder emits; or None.

    Raises:
        ValueError: the prior has another `latent_dim` than the encoder.
    """

    def __init__(self, encoder, *, prior=None, flow=None, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.prior = StandardNormal(encoder.latent_dim) if prior is None else prior
        self.flow = flow
        self.latent_dim = encoder.latent_dim
        if self.prior.latent_dim != self.latent_dim:
            raise ValueError(
                f"prior has latent_dim={self.prior.latent_dim}, expected {self.latent_dim} as the "
                "encoder has"
            )

    def build(self, input_shape):
        ensure_built(self.encoder, input_shape)
        ensure_built(self.prior, input_shape)
        if self.flow is not None:
            ensure_built(self.flow, (None, self.latent_dim))

    @property
    def adapted(self):
        """Whether the prior needs no data before training, or has seen them."""
        return self.prior.adapted

    def adapt(self, features):
        """Let the prior see what the encoder sees."""
        self.prior.adapt(features)

    def check_labels(self, y, argument="y"):
        """Let the prior look at labels."""
        self.prior.check_labels(y, argument)

    @property
    def code_shape(self):
        """Shape of what the decoder eats, without the batch: `(D,)`."""
        return (self.latent_dim,)

    def infer(self, x, sampler, training=None):
        """`(code [S * B, D], (Draw,))` for x `[B, ...]`; the sampler decides S and the noise."""
        posterior, experts = self._inferred(x, training)
        if self.flow is not None:
            posterior = self.flow.wrap(posterior)
        z, log_q = sampler(posterior)
        return z, (Draw(posterior, self.prior.distribution(self.encoder), z, log_q, experts),)

    def _inferred(self, x, training):
        """What the encoder says of x, and what modalities say alone."""
        return self.encoder(x, training=training), {}

    def generate(self, n, seed):
        """n draws of z from the prior, `[n, D]`; `seed` is an int32 tensor `[2]`."""
        return as_event(self.prior.distribution(self.encoder)).sample(n, seed=seed)


@component
class MultimodalLatent(SingleLatent):
    """One stochastic layer for several modalities: a `MultimodalEncoder` and a prior.

    The posterior that z is drawn from may be a mixture; `posterior` is the Normal that stands for
    it. A draw keeps the posteriors of single modalities, `experts`.
    """

    def __init__(self, encoder, *, prior=None, **kwargs):
        super().__init__(encoder, prior=prior, **kwargs)

    def check(self, x, argument="x"):
        fusion = self.encoder.fusion
        if fusion.needs_all and not x["present"].all():
            row = int(np.argmin(x["present"].all(1)))
            raise ValueError(
                f"{argument} lacks a modality of example {row}, and {type(fusion).__name__} needs "
                "all: give the model fusion='product'"
            )

    def _inferred(self, x, training):
        # x is `{name: [B, ...], "present": bool [B, M]}`.
        experts = self.encoder.experts(x, training)
        return self.encoder.fuse(experts), experts
