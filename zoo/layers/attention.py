"""Transformer blocks, over packed batches or one position at a time with a cache."""

import keras
import tensorflow as tf

from zoo.core.argument_values import fraction, positive
from zoo.core.identifiers import as_regularizer
from zoo.core.serialization import component, ensure_built
from zoo.layers.fused_ops import gelu
from zoo.layers.packed import Dropout, LayerNormalization
from zoo.layers.packing import PackedBatch

# Additive attention mask; finite, so that a fully masked row gives no NaN.
MASK_VALUE = -1e9


def padding_mask(mask):
    """Additive mask of attention scores that excludes the positions where `mask` is False.

    It broadcasts to `[B, H, T, T]`; `mask` is `[B, T]` bool.
    """
    # TFLite cannot index dimensions of unknown size, as in mask[:, None, None].
    return tf.expand_dims(tf.expand_dims(tf.where(mask, 0.0, MASK_VALUE), 1), 1)


def causal_mask(length):
    """Additive mask of attention scores that excludes the positions after the query's.

    It broadcasts to `[B, H, T, T]`.
    """
    t = tf.range(length)
    return tf.where(t[:, None] >= t, 0.0, MASK_VALUE)


@component
class TransformerBlock(keras.layers.Layer):
    """Pre-norm transformer block with GELU: h + attention(norm(h)), then h + mlp(norm(h)).

    Vaswani et al., 2017; the norms come first as in Xiong et al., On layer normalization in the
    transformer architecture, 2020.

    Args:
        heads: number of attention heads; must divide the width.
        hidden: width of the inner layer of the mlp.
        dropout: fraction of each branch's output that is dropped in training.
        kernel_regularizer: regularizer of all four kernels.
    """

    def __init__(
        self,
        heads: int = 4,
        hidden: int = 512,
        *,
        dropout: float = 0.0,
        kernel_regularizer: keras.regularizers.Regularizer | str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        heads, hidden = positive(heads=heads, hidden=hidden)
        fraction(dropout=dropout)
        self.heads, self.hidden, self.dropout = heads, hidden, dropout
        self.kernel_regularizer = as_regularizer(kernel_regularizer)

    def build(self, input_shape):
        width = input_shape[-1]
        if width % self.heads:
            raise ValueError(
                f"heads must divide the width, {width}, got {self.heads}: change heads or the width"
            )

        def dense(units, name):
            regularizer = {"kernel_regularizer": self.kernel_regularizer}
            return keras.layers.Dense(units, name=name, dtype=self.dtype_policy, **regularizer)

        names = ("attention_norm", "mlp_norm")
        self.norms = [LayerNormalization(name=name, dtype=self.dtype_policy) for name in names]
        self.qkv, self.out = dense(3 * width, "qkv"), dense(width, "out")
        self.up, self.down = dense(self.hidden, "up"), dense(width, "down")
        for layer in (*self.norms, self.qkv, self.out, self.up):
            ensure_built(layer, (None, width))
        ensure_built(self.down, (None, self.hidden))
        names = ("attention_dropout", "mlp_dropout")
        self.drop = [Dropout(self.dropout, dtype=self.dtype_policy, name=name) for name in names]

    def call(
        self, h: tf.Tensor, packed: PackedBatch, bias: tf.Tensor, training: bool | None = None
    ) -> tf.Tensor:
        """Map packed rows `[M, width]` to `[M, width]`; `bias` is added to the attention scores."""
        qkv = packed.unpack(self.qkv(self.norms[0](h, training=training)))
        mixed = self.out(packed.pack(_attend(qkv, self.heads, bias)))
        h += self.drop[0](mixed, packed=packed, training=training)
        return h + self.drop[1](self._mlp(h, training), packed=packed, training=training)

    def init_cache(self, batch: int, length: int) -> tuple[tf.Tensor, tf.Tensor]:
        """Empty cache of the keys and values of `length` positions, `[length, batch, width]`."""
        width = self.out.units
        return tuple(tf.zeros([length, batch, width], self.compute_dtype) for _ in range(2))

    def step(self, h: tf.Tensor, cache: tuple[tf.Tensor, tf.Tensor], t: tf.Tensor):
        """Compute the output of position t from its input `[B, width]`, and the updated cache.

        The output equals that of `call` with `causal_mask`, at the cost of one position.
        """
        q, *key_and_value = tf.split(self.qkv(self.norms[0](h)), 3, -1)
        keys, values = (
            tf.tensor_scatter_nd_update(cached, [[t]], x[None])
            for cached, x in zip(cache, key_and_value, strict=True)
        )
        bias = tf.where(tf.range(tf.shape(keys)[0]) <= t, 0.0, MASK_VALUE)
        q, k, v = (_by_head(x, self.heads) for x in (q, keys, values))
        weights = _softmax(tf.einsum("bhd,tbhd->bht", q * q.shape[-1] ** -0.5, k), bias)
        mixed = tf.reshape(tf.einsum("bht,tbhd->bhd", weights, v), tf.shape(h))
        h += self.out(mixed)
        return h + self._mlp(h), (keys, values)

    def _mlp(self, h, training=False):
        inner = self.up(self.norms[1](h, training=training))
        return self.down(gelu(inner, training=training))


def transformer_stack(blocks, heads, hidden, dropout, kernel_regularizer, dtype):
    """List of `TransformerBlock`s, first to last."""
    options = dict(dropout=dropout, kernel_regularizer=kernel_regularizer, dtype=dtype)
    return [TransformerBlock(heads, hidden, name=f"block_{i}", **options) for i in range(blocks)]


def _attend(qkv, heads, bias):
    """`[B, T, 3 width]` -> `[B, T, width]`."""
    shape, width = tf.shape(qkv), qkv.shape[-1] // 3
    qkv = tf.reshape(qkv, [shape[0], shape[1], 3, heads, width // heads])
    q, k, v = tf.unstack(tf.transpose(qkv, [2, 0, 3, 1, 4]), 3)
    weights = _softmax(tf.matmul(q * q.shape[-1] ** -0.5, k, transpose_b=True), bias)
    mixed = tf.transpose(tf.matmul(weights, v), [0, 2, 1, 3])
    return tf.reshape(mixed, [shape[0], shape[1], width])


def _softmax(scores, bias):
    """softmax(scores + bias), in float32."""
    wide = tf.cast(scores, tf.float32) + tf.cast(bias, tf.float32)
    return tf.cast(tf.nn.softmax(wide), scores.dtype)


def _by_head(x, heads):
    return tf.reshape(x, tf.concat([tf.shape(x)[:-1], [heads, x.shape[-1] // heads]], 0))
