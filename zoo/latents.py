"""How x becomes a random z."""

import keras
import numpy as np

from zoo.component import component, ensure_built
from zoo.distributions import as_event
from zoo.priors import StandardNormal
from zoo.records import Draw


@component
class SingleLatent(keras.layers.Layer):
    """One stochastic layer: an encoder's q(z|x) and a prior p(z).

    Args:
        encoder: x -> `tfd.Normal`, with an attribute `latent_dim`.
        prior: a `Prior`; the standard Normal by default.
    """

    def __init__(self, encoder, *, prior=None, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.prior = prior or StandardNormal(encoder.latent_dim)
        self.latent_dim = encoder.latent_dim

    def build(self, input_shape):
        ensure_built(self.encoder, input_shape)
        ensure_built(self.prior, (None, self.latent_dim))

    def check(self, x, argument="x"):
        """Raise `ValueError` where nothing can be inferred from the array x."""
        del x, argument

    @property
    def code_shape(self):
        """Shape of what the decoder eats, without the batch: `(D,)`."""
        return (self.latent_dim,)

    def posterior(self, x, training=None):
        """q(z|x): a `tfd.Normal` with batch `[B, D]`."""
        return self.encoder(x, training=training)

    def infer(self, x, sampler, training=None):
        """`(code [S * B, D], (Draw,))` for x `[B, ...]`; the sampler decides S and the noise."""
        posterior = self.posterior(x, training)
        z, log_q = sampler(posterior)
        return z, (Draw(posterior, self.prior.distribution(), z, log_q),)

    def generate(self, n, seed):
        """n codes from the prior, `[n, D]`; `seed` is an int32 tensor `[2]`."""
        return as_event(self.prior.distribution()).sample(n, seed=seed)


@component
class FusedLatent(SingleLatent):
    """One stochastic layer for several modalities: a `FusionEncoder`, a prior, and what each says.

    The posterior that z is drawn from may be a mixture; `posterior` is the Normal that stands for
    it. A draw keeps the posteriors of single modalities, `experts`.
    """

    def check(self, x, argument="x"):
        fusion = self.encoder.fusion
        if fusion.needs_all and not x["present"].all():
            row = int(np.argmin(x["present"].all(1)))
            raise ValueError(
                f"{argument} lacks a modality of example {row}, and {type(fusion).__name__} needs "
                "all: give the model fusion='product'"
            )

    def infer(self, x, sampler, training=None):
        """As `SingleLatent.infer`, for x `{name: [B, ...], "present": bool [B, M]}`."""
        experts = self.encoder.experts(x, training)
        posterior = self.encoder.fused(experts)
        z, log_q = sampler(posterior)
        return z, (Draw(posterior, self.prior.distribution(), z, log_q, experts),)
