"""Recurrent layers over right-padded sequences.

They do not need a mask: a step does not depend on later ones, so padding at the end does not
influence the steps before it. For the backward direction, reverse each sequence within its own
length (`sequence_masks.reverse`), so that padding stays at the end.
"""

import keras
import tensorflow as tf

from zoo.core.argument_values import positive
from zoo.core.identifiers import as_regularizer
from zoo.core.serialization import component, ensure_built
from zoo.core.suggestions import nearest
from zoo.layers import lstm_ops


class _RecurrentLayer(keras.layers.Layer):
    """Base class of recurrent layers.

    A subclass implements `states(x, length, training, allow_split)` and, to generate one step at a
    time, `initial_state(batch)` and `step(x, state)`.

    Args:
        units: U, the size of the state.
        kernel_regularizer: regularizer of the input weights.
    """

    def __init__(
        self,
        units: int,
        *,
        kernel_regularizer: keras.regularizers.Regularizer | str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        (self.units,) = positive(units=units)
        self.kernel_regularizer = as_regularizer(kernel_regularizer)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def call(
        self,
        x: tf.Tensor,
        length: int | tf.Tensor | None = None,
        training: bool | None = None,
        allow_split: bool = True,
    ) -> tf.Tensor:
        """States of all steps: `[B, T, F]` -> `[B, T, U]`.

        Args:
            x: the sequences; if `length` is given, `[B, 1, F]` is repeated at each of its steps.
            length: T, by default that of x.
            training: whether an LSTM uses its compiled loop.
            allow_split: whether the two halves of a batch may run in parallel.
        """
        return self.states(x, length, training, allow_split)


@component
class LSTM(_RecurrentLayer):
    """Faster LSTM, with the values and gradients of Keras' `LSTM(units, return_sequences=True)`.

    In training its loop is compiled, with a custom gradient (`zoo.layers.lstm_ops`). Hochreiter and
    Schmidhuber, Long short-term memory, 1997; the forget gate's bias starts at 1.

    Args:
        units: U, the size of the state.
        kernel_regularizer: regularizer of the input weights.
    """

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

    def states(self, x, length, training, allow_split):
        """Compute the states of all steps; the arguments are those of `call`."""
        length = tf.shape(x)[1] if length is None else length
        # Exported functions must consist of plain operations; eager calls do, to be inspectable.
        if training and not tf.executing_eagerly():
            return lstm_ops.compiled(x, *self._weights(), length, allow_split)
        return lstm_ops.plain(x, *self._weights(), length)

    def initial_state(self, batch: int) -> tuple[tf.Tensor, tf.Tensor]:
        """State before the first step: zeros for h and c, `[batch, U]` each."""
        return tuple(tf.zeros([batch, self.units], self.compute_dtype) for _ in range(2))

    def step(self, x: tf.Tensor, state: tuple[tf.Tensor, tf.Tensor]):
        """Compute h and the new state from x `[B, F]`, one step of the sequences."""
        x = tf.cast(x, self.compute_dtype)
        weights = (tf.cast(w, self.compute_dtype) for w in self._weights())
        h, c = lstm_ops.step(x, *weights, *state)
        return h, (h, c)

    def _weights(self):
        return map(tf.convert_to_tensor, (self.kernel, self.recurrent_kernel, self.bias))


@component
class GRU(_RecurrentLayer):
    """Keras' `GRU(units, return_sequences=True)` with the interface of `LSTM`.

    Cho et al., Learning phrase representations with an RNN encoder-decoder, 2014.

    Args:
        units: U, the size of the state.
        kernel_regularizer: regularizer of the input weights.
    """

    def build(self, input_shape):
        self.layer = keras.layers.GRU(
            self.units,
            return_sequences=True,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="gru",
        )
        ensure_built(self.layer, input_shape)

    def states(self, x, length, training, allow_split):
        """Compute the states of all steps; the arguments are those of `call`."""
        del training, allow_split
        if length is not None and x.shape[1] == 1:
            x = tf.repeat(x, length, axis=1)
        return self.layer(x)

    def initial_state(self, batch: int) -> tf.Tensor:
        """State before the first step: zeros, `[batch, U]`."""
        return tf.zeros([batch, self.units], self.compute_dtype)

    def step(self, x: tf.Tensor, state: tf.Tensor):
        """Compute h and the new state from x `[B, F]`, one step of the sequences."""
        h, _ = self.layer.cell(x, [state])
        return h, h


CELLS = {"lstm": LSTM, "gru": GRU}


def recurrent_stack(cell, units, kernel_regularizer, dtype):
    """List of recurrent layers `[B, T, F]` -> `[B, T, U]`, first to last."""
    if not isinstance(cell, str) or cell not in CELLS:
        raise ValueError(f"cell must be 'lstm' or 'gru', got {cell!r}{nearest(cell, CELLS)}")
    return [
        CELLS[cell](u, kernel_regularizer=kernel_regularizer, dtype=dtype, name=f"{cell}_{i}")
        for i, u in enumerate(units)
    ]
