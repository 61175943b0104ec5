"""Keras' Adam with one kernel for each variable instead of about ten."""

import keras
import tensorflow as tf

from zoo.core.serialization import component  # noqa: F401  (checks the backend)


@keras.saving.register_keras_serializable(package="zoo")
class FusedAdam(keras.optimizers.Adam):
    """`keras.optimizers.Adam`: same arguments, same values to float rounding, same saved state.

    amsgrad has no fused kernel and takes Keras' own path. Kingma and Ba, Adam, 2015.
    """

    def apply(self, grads, trainable_variables=None):
        self._scalars = {}
        try:
            return super().apply(_together(grads), trainable_variables)
        finally:
            self._scalars = {}  # they belong to this step's graph

    def update_step(self, gradient, variable, learning_rate):
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=_handle(variable),
            m=_handle(self._momentums[index]),
            v=_handle(self._velocities[index]),
            grad=tf.cast(gradient, variable.dtype),
            **self._shared(variable.dtype, learning_rate),
        )

    def _shared(self, dtype, learning_rate):
        """What is the same for all variables: made once a step, or half of a program is this."""
        if dtype not in self._scalars:
            step = tf.cast(self.iterations + 1, dtype)
            betas = [tf.constant(beta, dtype) for beta in (self.beta_1, self.beta_2)]
            self._scalars[dtype] = {
                "beta1_power": tf.pow(betas[0], step),
                "beta2_power": tf.pow(betas[1], step),
                "lr": tf.cast(learning_rate, dtype),
                "beta1": betas[0],
                "beta2": betas[1],
                "epsilon": tf.constant(self.epsilon, dtype),
            }
        return self._scalars[dtype]


def _together(gradients):
    """The same gradients, none of which is there before all of them are.

    In a loop that XLA compiles, a weight that is updated while a product still needs its old value
    is copied at each step (docs/performance-notes.md). They are multiplied by a one that
    depends on all of them, or by NaN where one of them is: training is lost then in any case.
    """
    dense = [g for g in gradients if isinstance(g, tf.Tensor)]
    if not dense:
        return gradients
    first = tf.add_n([tf.cast(tf.reshape(g, [-1])[0], tf.float32) for g in dense])
    one = tf.where(tf.math.is_nan(first), first, 1.0)
    return [g * tf.cast(one, g.dtype) if isinstance(g, tf.Tensor) else g for g in gradients]


def _handle(variable):
    variable = variable.value if isinstance(variable, keras.Variable) else variable
    return variable.handle
