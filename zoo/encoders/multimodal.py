"""Encoder for several modalities: one encoder each, and what makes one posterior of theirs."""

import keras
import tensorflow as tf

from zoo.core.distributions import as_normal
from zoo.core.identifiers import resolve
from zoo.core.serialization import component, ensure_built
from zoo.latents import fusion as fusions


@component
class MultimodalEncoder(keras.Model):
    """Named modalities -> `tfd.Normal`, batch `[B, latent_dim]`.

    Where the fusion is a mixture this is the Normal of its mean and variance; `fused` gives the
    mixture, `experts` the posteriors of single modalities.

    Args:
        latent_dim: D, that of each encoder.
        encoders: name -> encoder; None leaves the choice to `choice` when shapes are known.
        fusion: an identifier ("product", "mixture", "mixture_of_products", "concatenation") or a
            `Fusion`.
        choice: what chooses an encoder: `choose_encoder(name, shape)`.

    Call: `{name: [B, ...], "present": bool [B, M]}`, M in the order of `encoders`.
    """

    def __init__(self, latent_dim=16, *, encoders=None, fusion="product", choice=None, **kwargs):
        super().__init__(**kwargs)
        self.latent_dim, self.choice = latent_dim, choice
        # First, as it is where encoders are chosen later: a saved optimizer knows weights by order.
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
                    f"encoders[{name!r}] has latent_dim={encoder.latent_dim}, expected "
                    f"{self.latent_dim} like the others"
                )
            ensure_built(encoder, shapes[name])
        ensure_built(self.fusion, (None, len(self.encoders), self.latent_dim))

    def experts(self, x, training=None):
        """q(z|x_m) for each modality alone: name -> (`tfd.Normal`, bool `[B]` who has it)."""
        columns = tf.unstack(x["present"], axis=1)
        return {
            name: (encoder(x[name], training=training), column)
            for (name, encoder), column in zip(self.encoders.items(), columns, strict=True)
        }

    def fused(self, experts):
        """q(z|x) of these experts: a `tfd.Normal` or a `NormalMixture`."""
        normals, present = zip(*experts.values(), strict=True)
        return self.fusion(
            tf.stack([q.loc for q in normals], 1),
            tf.stack([q.scale for q in normals], 1),
            tf.stack(present, 1),
        )

    def call(self, x, training=None):
        return as_normal(self.fused(self.experts(x, training)))
