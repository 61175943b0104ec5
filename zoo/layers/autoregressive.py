"""Autoregressive bodies of text decoders: all positions at once, or one at a time with a cache.

Each body has three methods. `call(h, packed)`, for teacher forcing, maps packed rows `[M, width]`
to rows of the same shape. `init_cache(batch, length)` returns an empty cache. `step(h, cache, t)`
computes the same numbers for position t alone, `[B, width]`.
"""

import keras
import tensorflow as tf

from zoo.core.argument_values import fraction, layer_counts, not_empty, positive, positive_tuples
from zoo.core.identifiers import as_regularizer
from zoo.core.serialization import component, ensure_built
from zoo.layers.attention import causal_mask, transformer_stack
from zoo.layers.packed import Dropout, LayerNormalization
from zoo.layers.packing import PackedBatch
from zoo.layers.positions import position_encoding
from zoo.layers.recurrent import recurrent_stack


@component
class CausalTransformer(keras.layers.Layer):
    """Stack of pre-norm transformer blocks; a position attends to itself and to earlier ones.

    Args:
        blocks: number of blocks.
        heads: attention heads of each block.
        hidden: width of the inner layer of each block's mlp.
        dropout: fraction of each branch's output that is dropped in training.
        kernel_regularizer: regularizer of all kernels.
    """

    def __init__(
        self,
        blocks: int = 2,
        heads: int = 4,
        hidden: int = 512,
        dropout: float = 0.0,
        kernel_regularizer: keras.regularizers.Regularizer | str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        (blocks,) = layer_counts(blocks=blocks)
        heads, hidden = positive(heads=heads, hidden=hidden)
        fraction(dropout=dropout)
        self.blocks, self.heads, self.hidden, self.dropout = blocks, heads, hidden, dropout
        self.kernel_regularizer = as_regularizer(kernel_regularizer)
        body = (blocks, heads, hidden, dropout, self.kernel_regularizer, self.dtype_policy)
        self.body = transformer_stack(*body)
        self.norm = LayerNormalization(dtype=self.dtype_policy)

    def build(self, input_shape):
        self.width = input_shape[-1]
        for layer in (*self.body, self.norm):
            ensure_built(layer, (None, self.width))

    def call(self, h: tf.Tensor, packed: PackedBatch, training: bool | None = None) -> tf.Tensor:
        """Compute all positions at once: packed rows `[M, width]` -> `[M, width]`."""
        length = tf.shape(packed.mask)[1]
        encoding = position_encoding(length, self.width)
        h += tf.cast(tf.gather(encoding, packed.step), h.dtype)
        bias = causal_mask(length)
        for block in self.body:
            h = block(h, packed=packed, bias=bias, training=training)
        return self.norm(h, training=training)

    def init_cache(self, batch: int, length: int):
        """Empty cache: keys and values of each block, and the position encoding."""
        caches = [block.init_cache(batch, length) for block in self.body]
        return caches, position_encoding(length, self.width)

    def step(self, h: tf.Tensor, cache, t: tf.Tensor):
        """Compute the output of position t from its input `[B, width]`, and the updated cache."""
        caches, encoding = cache
        h, new_caches = tf.cast(h + encoding[t], self.compute_dtype), []
        for block, block_cache in zip(self.body, caches, strict=True):
            h, new_cache = block.step(h, block_cache, t)
            new_caches.append(new_cache)
        return self.norm(h), (new_caches, encoding)


@component
class CausalLSTM(keras.layers.Layer):
    """Stacked LSTM or GRU layers, then a dense layer back to the width of the embeddings.

    Args:
        units: size of each layer's state, first to last.
        cell: "lstm" or "gru".
        dropout: fraction of each layer's input and of the last output that is dropped in training.
        kernel_regularizer: regularizer of the layers' input weights and of the dense layer.
    """

    def __init__(
        self,
        units: int | tuple[int, ...] = (256,),
        cell: str = "lstm",
        dropout: float = 0.0,
        kernel_regularizer: keras.regularizers.Regularizer | str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        (self.units,), self.cell, self.dropout = positive_tuples(units=units), cell, dropout
        not_empty(units=self.units)
        fraction(dropout=dropout)
        self.kernel_regularizer = as_regularizer(kernel_regularizer)
        self.body = recurrent_stack(cell, self.units, self.kernel_regularizer, self.dtype_policy)
        self.drop = [
            Dropout(dropout, name=f"dropout_{i}", dtype=self.dtype_policy)
            for i in range(len(self.units) + 1)
        ]

    def build(self, input_shape):
        width = input_shape[-1]
        self.out = keras.layers.Dense(
            width, kernel_regularizer=self.kernel_regularizer, dtype=self.dtype_policy, name="out"
        )
        for layer, units in zip(self.body, self.units, strict=True):
            ensure_built(layer, (None, None, width))
            width = units
        ensure_built(self.out, (None, width))

    def call(self, h: tf.Tensor, packed: PackedBatch, training: bool | None = None) -> tf.Tensor:
        """Compute all positions at once: packed rows `[M, width]` -> `[M, width]`."""
        for layer, drop in zip(self.body, self.drop, strict=False):
            x = packed.unpack(drop(h, packed=packed, training=training))
            h = packed.pack(layer(x, training=training, allow_split=packed.allow_split))
        return self.out(self.drop[-1](h, packed=packed, training=training))

    def init_cache(self, batch: int, length: int):
        """Initial state of each layer; it does not depend on the length."""
        del length
        return [layer.initial_state(batch) for layer in self.body]

    def step(self, h: tf.Tensor, cache, t: tf.Tensor):
        """Compute the output of one position from its input `[B, width]`, and the new states."""
        del t
        states = []
        for layer, state in zip(self.body, cache, strict=True):
            h, state = layer.step(h, state)
            states.append(state)
        return self.out(h), states


IDENTIFIERS = {"transformer": CausalTransformer, "lstm": CausalLSTM}
