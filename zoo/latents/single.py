"""Latents with one stochastic layer."""

from collections.abc import Iterable

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import as_event, as_normal
from zoo.core.outputs import Draw
from zoo.core.serialization import component, ensure_built
from zoo.flows.base import Flow
from zoo.latents.base import Latents, prior_or_default
from zoo.priors import Prior

tfd = tfp.distributions


@component
class SingleLatent(Latents):
    """One stochastic layer: an encoder's q(z|x) and a prior p(z).

    Args:
        encoder: x -> `tfd.Normal`, with an attribute `latent_dim`.
        prior: a `Prior`; the standard Normal by default.
        flow: a `zoo.flows.Flow` that transforms draws of the encoder's Normal; or None.

    Raises:
        ValueError: the prior has another `latent_dim` than the encoder.
    """

    def __init__(
        self,
        encoder: keras.Model,
        *,
        prior: Prior | None = None,
        flow: Flow | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.prior = prior_or_default(prior, encoder)
        if flow is not None and not isinstance(flow, Flow):
            raise TypeError(f"flow must be a Flow of zoo.flows, got {type(flow).__name__}")
        self.flow = flow
        self.latent_dim = encoder.latent_dim

    def build(self, input_shape):
        ensure_built(self.encoder, input_shape)
        ensure_built(self.prior, input_shape)
        if self.flow is not None:
            ensure_built(self.flow, (None, self.latent_dim))

    def with_prior(self, prior: Prior) -> "SingleLatent":
        """Latents with the same encoder and flow, not copies of them, and another prior."""
        return type(self)(self.encoder, prior=prior, flow=self.flow)

    @property
    def adapted(self) -> bool:
        """True if the prior was adapted to data, or does not need any."""
        return self.prior.adapted

    def adapt(self, encoder_inputs: Iterable) -> None:
        """Adapt the prior to an iterable of batches of encoder inputs."""
        self.prior.adapt(encoder_inputs)

    def check_labels(self, y: np.ndarray, argument: str = "y") -> None:
        """Raise `ValueError` if the prior cannot use labels y."""
        self.prior.check_labels(y, argument)

    @property
    def code_shape(self) -> tuple[int, ...]:
        """Shape of the decoder input, without the batch: `(D,)`."""
        return (self.latent_dim,)

    def infer(
        self, x: tf.Tensor | dict, sampler, training: bool | None = None
    ) -> tuple[tf.Tensor, tuple[Draw]]:
        """`(code [S * B, D], (Draw,))` for x `[B, ...]`; the sampler sets S and the noise."""
        posterior, experts = self._encode(x, training)
        z, log_q = sampler(posterior)
        return z, (Draw(posterior, self.prior.distribution(self.encoder), z, log_q, experts),)

    def posterior(self, x: tf.Tensor | dict, training: bool | None = None) -> tfd.Normal:
        """q(z|x), or its Normal approximation: a `tfd.Normal` with batch `[B, D]`.

        A posterior that is not Normal is represented by its mean and variance.
        """
        return as_normal(self._encode(x, training)[0])

    def _encode(self, x, training):
        """q(z|x), and the posteriors of single modalities."""
        posterior = self.encoder(x, training=training)
        return posterior if self.flow is None else self.flow.wrap(posterior), {}

    def generate(self, n: int | tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """n draws of z from the prior, `[n, D]`; `seed` is an int32 tensor `[2]`."""
        return as_event(self.prior.distribution(self.encoder)).sample(n, seed=seed)


@component
class MultimodalLatent(SingleLatent):
    """One stochastic layer for several modalities: a `MultimodalEncoder` and a prior.

    The posterior that z is drawn from may be a mixture; `posterior` returns its Normal
    approximation. A `Draw` has the posteriors of single modalities in `experts`.

    Args:
        encoder: a `MultimodalEncoder`.
        prior: a `Prior`; the standard Normal by default.
    """

    def __init__(self, encoder: keras.Model, *, prior: Prior | None = None, **kwargs):
        super().__init__(encoder, prior=prior, **kwargs)

    def check(self, x: dict, argument: str = "x") -> None:
        """Raise `ValueError` if x lacks a modality that the fusion needs."""
        fusion = self.encoder.fusion
        if fusion.needs_all and not x["present"].all():
            row = int(np.argmin(x["present"].all(1)))
            raise ValueError(
                f"{argument} must have all modalities of each example for "
                f"{type(fusion).__name__}, got example {row} with one missing: give the model "
                "fusion='product'"
            )

    def _encode(self, x, training):
        # x is `{name: [B, ...], "present": bool [B, M]}`.
        experts = self.encoder.experts(x, training)
        return self.encoder.fuse(experts), experts
