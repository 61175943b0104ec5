"""Active units: the number of latent dimensions in use."""

import keras
import tensorflow as tf

# Burda et al., Importance weighted autoencoders, 2016.
MIN_VARIANCE = 0.01


class ActiveUnits(keras.metrics.Metric):
    """Number of dimensions d with Var_x(E[z_d | x]) > 0.01 over the examples of an epoch.

    A number near zero means posterior collapse: the decoder ignores z.

    Args:
        size: D, the number of dimensions of all stochastic layers together.
    """

    def __init__(self, size, name="active_units", **kwargs):
        super().__init__(name=name, **kwargs)
        self.size = size
        for attribute, shape in (("count", ()), ("total", (size,)), ("squares", (size,))):
            variable = self.add_variable(shape, "zeros", name=attribute, aggregation="sum")
            setattr(self, attribute, variable)

    def update_state(self, means):
        """Add the posterior means of a batch, a list of `[B, D_l]`."""
        means = tf.stop_gradient(tf.concat([tf.cast(m, tf.float32) for m in means], -1))
        self.count.assign_add(tf.cast(tf.shape(means)[0], tf.float32))
        self.total.assign_add(tf.reduce_sum(means, 0))
        self.squares.assign_add(tf.reduce_sum(tf.square(means), 0))

    def result(self):
        count = tf.maximum(self.count, 1.0)
        variance = self.squares / count - tf.square(self.total / count)
        return tf.reduce_sum(tf.cast(variance > MIN_VARIANCE, tf.float32))
