"""Transformer encoder of texts and other sequences of vectors."""

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core import execution
from zoo.core.argument_values import fraction, layer_counts, positive
from zoo.core.identifiers import as_regularizer, resolve
from zoo.core.serialization import component, ensure_built
from zoo.latents.posteriors import NormalPosterior, check_posterior
from zoo.layers import sequence_masks
from zoo.layers.attention import padding_mask, transformer_stack
from zoo.layers.batch_split import map_in_halves
from zoo.layers.packed import LayerNormalization
from zoo.layers.packing import PackedBatch
from zoo.layers.pooling import POOLINGS
from zoo.layers.positions import position_encoding


@component
class TransformerEncoder(keras.Model):
    """Transformer encoder of sequences `[B, T, C]`, in which NaN marks padding.

    A position encoding is added to x, every position attends to all valid positions, and the
    posterior head gets the states pooled over the valid positions. Padding does not change the
    result; for a sequence without valid positions the pooled state is zero. For texts, x holds the
    token embeddings that `zoo.likelihoods.Text` computes.
    Vaswani et al., Attention is all you need, 2017.

    Args:
        latent_dim: D, the number of latent dimensions.
        blocks: number of blocks.
        heads: attention heads of each block.
        hidden: width of the inner layer of each block's mlp.
        dropout: fraction of each branch's output that is dropped in training.
        pooling: "mean", "attention" or a layer whose `call` takes packed rows `[M, C]` and
            `packed`, their `PackedBatch`, and returns `[B, C]`.
        posterior: a head, features -> q(z|x); `NormalPosterior(latent_dim)` by default.
        kernel_regularizer: regularizer of all kernels.
    """

    def __init__(
        self,
        latent_dim: int = 32,
        *,
        blocks: int = 2,
        heads: int = 4,
        hidden: int = 512,
        dropout: float = 0.0,
        pooling: str | keras.layers.Layer = "mean",
        posterior: keras.layers.Layer | None = None,
        kernel_regularizer: keras.regularizers.Regularizer | str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        (blocks,) = layer_counts(blocks=blocks)
        latent_dim, heads, hidden = positive(latent_dim=latent_dim, heads=heads, hidden=hidden)
        fraction(dropout=dropout)
        self.latent_dim, self.blocks, self.heads = latent_dim, blocks, heads
        self.hidden, self.dropout = hidden, dropout
        self.pooling = resolve(pooling, POOLINGS, "pooling")
        self.kernel_regularizer = as_regularizer(kernel_regularizer)
        check_posterior(posterior)
        self.posterior = posterior or NormalPosterior(
            latent_dim, kernel_regularizer=self.kernel_regularizer, dtype=self.dtype_policy
        )
        body = (blocks, heads, hidden, dropout, self.kernel_regularizer, self.dtype_policy)
        self.body = transformer_stack(*body)
        self.norm = LayerNormalization(dtype=self.dtype_policy)

    def build(self, input_shape):
        if len(input_shape) != 3:
            raise ValueError(
                f"x must be sequences [N, T, C], got examples of shape {tuple(input_shape[1:])}: "
                "reshape each example to [T, C]"
            )
        width = (None, input_shape[-1])
        for layer in (*self.body, self.norm, self.pooling, self.posterior):
            ensure_built(layer, width)

    def call(self, x: tf.Tensor, training: bool | None = None) -> tfp.distributions.Normal:
        """q(z|x), batch `[B, latent_dim]`."""
        dynamic_shapes = not execution.xla_may_compile()

        def pool(half):
            return self._pool(half, training, dynamic_shapes)

        return self.posterior(map_in_halves(pool, x, when=training and dynamic_shapes))

    def _pool(self, x, training, dynamic_shapes):
        """Input of the posterior head, `[B, C]`; with dynamic shapes padding is skipped."""
        observed = sequence_masks.observed(x)
        if dynamic_shapes:
            steps = sequence_masks.rounded_max(sequence_masks.lengths(observed))
            x, observed = x[:, :steps], observed[:, :steps]
        mask = tf.reduce_any(observed, -1)
        packed = PackedBatch(mask, round_up=bool(training and dynamic_shapes))
        bias = padding_mask(mask)
        x += tf.cast(position_encoding(tf.shape(x)[1], x.shape[-1]), x.dtype)
        h = packed.pack(x)
        h = tf.where(sequence_masks.observed(h), h, tf.zeros_like(h))
        for block in self.body:
            h = block(h, packed=packed, bias=bias, training=training)
        return self.pooling(self.norm(h, training=training), packed=packed)
