"""What reads a text from left to right: all of it at once, or word by word with a memory.

Both have `call(h, rows)` for teacher forcing, rows `[M, width]` -> `[M, width]`; `memory(batch,
length)`; and `step(h, memory, t)`, the same numbers for position t alone, `[B, width]`.
"""

import keras
import tensorflow as tf

from zoo.core.serialization import as_tuple, component, ensure_built, fraction, not_empty, positive
from zoo.layers.attention import causal_mask, transformer_stack
from zoo.layers.packed import Dropout, LayerNormalization
from zoo.layers.positions import positions
from zoo.layers.recurrent import recurrent_stack


@component
class CausalTransformer(keras.layers.Layer):
    """Pre-norm transformer blocks in which a position sees itself and those before.

    Args:
        blocks: how many.
        heads: of each block's attention.
        hidden: width of the inner layer of each block's mlp.
        dropout: fraction that each branch drops in training.
        kernel_regularizer: of all kernels.
    """

    def __init__(
        self, blocks=2, heads=4, hidden=512, dropout=0.0, kernel_regularizer=None, **kwargs
    ):
        super().__init__(**kwargs)
        blocks, heads, hidden = positive(blocks=blocks, heads=heads, hidden=hidden)
        fraction(dropout=dropout)
        self.blocks, self.heads, self.hidden, self.dropout = blocks, heads, hidden, dropout
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        body = (blocks, heads, hidden, dropout, self.kernel_regularizer, self.dtype_policy)
        self.body = transformer_stack(*body)
        self.norm = LayerNormalization(dtype=self.dtype_policy)

    def build(self, input_shape):
        self.width = input_shape[-1]
        for layer in (*self.body, self.norm):
            ensure_built(layer, (None, self.width))

    def call(self, h, rows, training=None):
        length = tf.shape(rows.seen)[1]
        where = positions(length, self.width)
        h += tf.cast(tf.gather(where, rows.step), h.dtype)
        bias = causal_mask(length)
        for block in self.body:
            h = block(h, rows=rows, bias=bias, training=training)
        return self.norm(h, training=training)

    def memory(self, batch, length):
        """Room for each block's keys and values."""
        return [block.memory(batch, length) for block in self.body], positions(length, self.width)

    def step(self, h, memory, t):
        kept, where = memory
        h, found = tf.cast(h + where[t], self.compute_dtype), []
        for block, block_memory in zip(self.body, kept, strict=True):
            h, new = block.step(h, block_memory, t)
            found.append(new)
        return self.norm(h), (found, where)


@component
class CausalLSTM(keras.layers.Layer):
    """Stacked LSTM or GRU layers, then a dense layer back to the width of the words.

    Args:
        units: size of each layer's state, first to last.
        cell: "lstm" or "gru".
        dropout: fraction of each layer's input and of the last output that is dropped in training.
        kernel_regularizer: of the layers' input weights and of the dense layer.
    """

    def __init__(self, units=(256,), cell="lstm", dropout=0.0, kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        (self.units,), self.cell, self.dropout = positive(units=as_tuple(units)), cell, dropout
        not_empty(units=self.units)
        fraction(dropout=dropout)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
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

    def call(self, h, rows, training=None):
        for layer, drop in zip(self.body, self.drop, strict=False):
            h = rows.put(drop(h, rows=rows, training=training))
            h = rows.take(layer(h, training=training))
        return self.out(self.drop[-1](h, rows=rows, training=training))

    def memory(self, batch, length):
        """Each layer's state before the first word."""
        del length
        return [layer.start(batch) for layer in self.body]

    def step(self, h, memory, t):
        del t
        found = []
        for layer, state in zip(self.body, memory, strict=True):
            h, state = layer.step(h, state)
            found.append(state)
        return self.out(h), found


IDENTIFIERS = {"transformer": CausalTransformer, "lstm": CausalLSTM}
