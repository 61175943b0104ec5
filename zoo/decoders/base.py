"""Contract of a decoder: code -> p(x|z)."""

import keras
import tensorflow as tf


class Decoder(keras.Model):
    """Map a code to p(x|z) by a network and a `Likelihood`.

    A subclass sets `event_shape` (None until a `VAE` fills it in) and `likelihood` in its
    constructor, and implements `call(code, training=None)`. Where x may vary in size along an axis,
    `variable_axes` names the axis (0 is time in `[T, C]`) and `call` takes `event_shape` too.
    """

    variable_axes = ()
    own_length = False  # True where the length of x is part of p(x|z), as for texts

    @property
    def free_event_shape(self):
        """Shape of an example, None where it may vary."""
        return tuple(
            None if axis in self.variable_axes else size
            for axis, size in enumerate(self.event_shape)
        )

    def event_shape_of(self, x):
        """The `event_shape` with which to decode codes of x; None where all x have one shape."""
        if not self.variable_axes or self.own_length:
            return None
        static = None not in tuple(x.shape[1:])
        return tuple(x.shape[1:]) if static else tf.shape(x)[1:]

    def predict_step(self, data):
        """E[x|z] for a batch of codes, so that `predict` returns arrays."""
        return self(keras.utils.unpack_x_y_sample_weight(data)[0], training=False).mean()

    def distribution(self, code, event_shape=None, training=False):
        """p(x|z) for a code; `event_shape` matters only where x may vary in size."""
        if not self.variable_axes:
            return self(code, training=training)
        return self(code, event_shape=event_shape, training=training)
