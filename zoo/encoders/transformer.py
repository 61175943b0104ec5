"""Encoder for texts and other sequences of vectors: transformer blocks."""

import keras
import tensorflow as tf

from zoo.core import execution
from zoo.core.identifiers import resolve
from zoo.core.serialization import component, ensure_built, fraction, positive
from zoo.latents.posteriors import NormalPosterior
from zoo.layers import sequence_masks
from zoo.layers.attention import padding_mask, transformer_stack
from zoo.layers.batch_split import map_in_halves
from zoo.layers.packed import LayerNormalization
from zoo.layers.packing import PackedBatch
from zoo.layers.pooling import POOLINGS
from zoo.layers.positions import positions


@component
class TransformerEncoder(keras.Model):
    """Sequences `[B, T, C]`, NaN where a position is not there -> `tfd.Normal`, `[B, latent_dim]`.

    Positions are added to what comes in, every position attends to every other, and what is pooled
    over them goes to the posterior head. Padding never changes a result, and a sequence without any
    position pools to zeros. Words are embedded by the likelihood of texts, whose own they are.
    Vaswani et al., Attention is all you need, 2017.

    Args:
        latent_dim: D, the number of latent dimensions.
        blocks: how many.
        heads: of each block's attention.
        hidden: width of the inner layer of each block's mlp.
        dropout: fraction that each branch drops in training.
        pooling: "mean", "attention" or a layer, rows `[M, C]` and their `PackedBatch` -> `[B, C]`.
        posterior: a head, features -> q(z|x); `NormalPosterior(latent_dim)` by default.
        kernel_regularizer: of all kernels.
    """

    def __init__(
        self,
        latent_dim=32,
        *,
        blocks=2,
        heads=4,
        hidden=512,
        dropout=0.0,
        pooling="mean",
        posterior=None,
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        sizes = dict(latent_dim=latent_dim, blocks=blocks, heads=heads, hidden=hidden)
        latent_dim, blocks, heads, hidden = positive(**sizes)
        fraction(dropout=dropout)
        self.latent_dim, self.blocks, self.heads = latent_dim, blocks, heads
        self.hidden, self.dropout = hidden, dropout
        self.pooling = resolve(pooling, POOLINGS, "pooling")
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.posterior = posterior or NormalPosterior(
            latent_dim, kernel_regularizer=self.kernel_regularizer, dtype=self.dtype_policy
        )
        body = (blocks, heads, hidden, dropout, self.kernel_regularizer, self.dtype_policy)
        self.body = transformer_stack(*body)
        self.norm = LayerNormalization(dtype=self.dtype_policy)

    def build(self, input_shape):
        if len(input_shape) != 3:
            raise ValueError(
                f"x must be sequences [N, T, C], got examples of shape {tuple(input_shape[1:])}"
            )
        width = (None, input_shape[-1])
        for layer in (*self.body, self.norm, self.pooling, self.posterior):
            ensure_built(layer, width)

    def call(self, x, training=None):
        side_by_side = training and execution.is_plain_graph()
        h = map_in_halves(lambda half: self._pooled(half, training), x, when=side_by_side)
        return self.posterior(h)

    def _pooled(self, x, training):
        """What the posterior is made of, `[B, C]`."""
        seen = sequence_masks.observed(x)
        steps = sequence_masks.longest(sequence_masks.lengths(seen))
        x, rows = x[:, :steps], PackedBatch(tf.reduce_any(seen[:, :steps], -1), training)
        bias = padding_mask(rows.seen)
        x += tf.cast(positions(tf.shape(x)[1], x.shape[-1]), x.dtype)
        h = rows.take(x)
        h = tf.where(sequence_masks.observed(h), h, tf.zeros_like(h))
        for block in self.body:
            h = block(h, rows=rows, bias=bias, training=training)
        return self.pooling(self.norm(h, training=training), rows=rows)
