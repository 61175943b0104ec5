"""Recurrent layers over right-padded sequences.

Nothing here knows of masks: a step never depends on later ones, so padding at the end cannot reach
what comes before it. To read a sequence backwards, turn each one round within its own length
(`masks.reverse`) instead of running over the padding first.
"""

import keras
import tensorflow as tf

from zoo.core.serialization import component, ensure_built, positive
from zoo.core.suggestions import nearest
from zoo.layers import lstm_ops


@component
class LSTM(keras.layers.Layer):
    """`keras.layers.LSTM(units, return_sequences=True)`: same values and gradients, faster.

    In training its loop is compiled and has a gradient of its own (`zoo.recurrence`).
    Hochreiter and Schmidhuber, Long short-term memory, 1997; forget
    bias 1.

    Args:
        units: U, the size of the state.
        kernel_regularizer: of the input's weights.

    Call: `[B, T, F]` -> `[B, T, U]`; an input `[B, 1, F]` with `length=T` is the same at each step.
    """

    def __init__(self, units, *, kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        (self.units,) = positive(units=units)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=(input_shape[-1], 4 * self.units),
            initializer="glorot_uniform",
            regularizer=self.kernel_regularizer,
            name="kernel",
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, 4 * self.units), initializer="orthogonal", name="recurrent_kernel"
        )
        self.bias = self.add_weight(
            shape=(4 * self.units,), initializer=self._initial_bias, name="bias"
        )

    def _initial_bias(self, shape, dtype=None):
        forget = tf.range(shape[0]) // self.units == 1
        return tf.cast(forget, dtype or "float32")

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def call(self, x, length=None, training=None):
        length = tf.shape(x)[1] if length is None else length
        # What is exported, and what runs eagerly to be looked at, consists of plain operations.
        fast = training and not tf.executing_eagerly()
        states = lstm_ops.compiled if fast else lstm_ops.plain
        return states(x, *self._weights(), length)

    def start(self, batch):
        """The state before the first step: h and c, `[batch, U]` each."""
        return tuple(tf.zeros([batch, self.units], self.compute_dtype) for _ in range(2))

    def step(self, x, state):
        """One step, x `[B, F]`: h and the state after it."""
        x = tf.cast(x, self.compute_dtype)
        weights = (tf.cast(w, self.compute_dtype) for w in self._weights())
        h, c = lstm_ops.step(x, *weights, *state)
        return h, (h, c)

    def _weights(self):
        return map(tf.convert_to_tensor, (self.kernel, self.recurrent_kernel, self.bias))


@component
class GRU(keras.layers.Layer):
    """`keras.layers.GRU(units, return_sequences=True)` with the call of `LSTM`.

    Cho et al., Learning phrase representations with an RNN encoder-decoder, 2014.
    """

    def __init__(self, units, *, kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        (self.units,) = positive(units=units)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.layer = keras.layers.GRU(
            units,
            return_sequences=True,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="gru",
        )

    def build(self, input_shape):
        ensure_built(self.layer, input_shape)

    def call(self, x, length=None, training=None):
        del training
        if length is not None and x.shape[1] == 1:
            x = tf.repeat(x, length, axis=1)
        return self.layer(x)

    def start(self, batch):
        """The state before the first step, `[batch, U]`."""
        return tf.zeros([batch, self.units], self.compute_dtype)

    def step(self, x, state):
        """One step, x `[B, F]`: h and the state after it."""
        h, _ = self.layer.cell(x, [state])
        return h, h


CELLS = {"lstm": LSTM, "gru": GRU}


def recurrent_stack(cell, units, kernel_regularizer, dtype):
    """Layers `[B, T, F]` -> `[B, T, U]` that go on top of each other."""
    if cell not in CELLS:
        raise ValueError(f"cell={cell!r} is not known{nearest(cell, CELLS)} Known: lstm, gru")
    return [
        CELLS[cell](u, kernel_regularizer=kernel_regularizer, dtype=dtype, name=f"{cell}_{i}")
        for i, u in enumerate(units)
    ]
