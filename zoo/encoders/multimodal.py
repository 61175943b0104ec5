"""Encoder of several modalities: an encoder for each, and a fusion of their posteriors."""

from collections.abc import Mapping

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import positive
from zoo.core.distributions import as_normal
from zoo.core.identifiers import resolve
from zoo.core.serialization import component, ensure_built
from zoo.latents import fusion as fusions


@component
class MultimodalEncoder(keras.Model):
    """Encoder of named modalities, some of which may be missing.

    `experts` returns the posteriors of single modalities, and `fuse` combines them. If the fusion
    is a mixture, the encoder's own output is the Normal of the mixture's mean and variance.

    Args:
        latent_dim: D, the number of latent dimensions; the same in every encoder.
        encoders: name -> encoder; if None, `choice` makes them when the model is built.
        fusion: an identifier ("product", "mixture", "mixture_of_products", "concatenation") or a
            `Fusion`.
        choice: an object with `choose_encoder(name, shape)`, which returns an encoder.
    """

    def __init__(
        self,
        latent_dim: int = 16,
        *,
        encoders: dict[str, keras.layers.Layer] | None = None,
        fusion: str | keras.layers.Layer = "product",
        choice: keras.layers.Layer | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        (self.latent_dim,), self.choice = positive(latent_dim=latent_dim), choice
        if encoders is not None and not isinstance(encoders, Mapping):
            raise TypeError(f"encoders must be a dict, got {type(encoders).__name__}")
        # The fusion is created before the encoders, because encoders that `build` chooses come
        # after it, and a saved optimizer identifies weights by their order.
        self.fusion = resolve(fusion, fusions.IDENTIFIERS, "fusion", required=True)
        self.encoders = None if encoders is None else dict(encoders)

    def build(self, input_shape):
        shapes = {name: tuple(shape) for name, shape in input_shape.items()}
        if self.encoders is None:
            self.encoders = {n: self.choice.choose_encoder(n, s[1:]) for n, s in shapes.items()}
            self.choice = None
        for name, encoder in self.encoders.items():
            if encoder.latent_dim != self.latent_dim:
                raise ValueError(
                    f"encoders[{name!r}] must have latent_dim={self.latent_dim} like the "
                    f"multimodal encoder, got {encoder.latent_dim}"
                )
            ensure_built(encoder, shapes[name])
        ensure_built(self.fusion, (None, len(self.encoders), self.latent_dim))

    def experts(
        self, x: dict[str, tf.Tensor], training: bool | None = None
    ) -> dict[str, tuple[tfp.distributions.Normal, tf.Tensor]]:
        """Posterior of each modality alone: name -> (q(z|x_m), bool `[B]`, True where present)."""
        columns = tf.unstack(x["present"], axis=1)
        return {
            name: (encoder(x[name], training=training), column)
            for (name, encoder), column in zip(self.encoders.items(), columns, strict=True)
        }

    def fuse(
        self, experts: dict[str, tuple[tfp.distributions.Normal, tf.Tensor]]
    ) -> tfp.distributions.Distribution:
        """q(z|x) from the posteriors of single modalities: a `tfd.Normal` or a `NormalMixture`."""
        normals, present = zip(*experts.values(), strict=True)
        return self.fusion(
            tf.stack([q.loc for q in normals], 1),
            tf.stack([q.scale for q in normals], 1),
            tf.stack(present, 1),
        )

    def call(
        self, x: dict[str, tf.Tensor], training: bool | None = None
    ) -> tfp.distributions.Normal:
        """q(z|x), batch `[B, latent_dim]`.

        Args:
            x: `{name: [B, ...], "present": bool [B, M]}`, the M columns in the order of `encoders`.
            training: as in Keras.
        """
        return as_normal(self.fuse(self.experts(x, training)))
