"""Adam with one fused op for each variable instead of about ten."""

import keras
import tensorflow as tf

from zoo.core.serialization import component  # noqa: F401  (checks the backend)


@keras.saving.register_keras_serializable(package="zoo")
class FusedAdam(keras.optimizers.Adam):
    """Faster `keras.optimizers.Adam`: same arguments, same values to float rounding, same state.

    With amsgrad, which has no fused op, and with sparse gradients it runs Keras' own update.
    Kingma and Ba, Adam: a method for stochastic optimization, 2015.
    """

    def apply(self, grads, trainable_variables=None):
        """Update the variables, given their gradients; see `keras.optimizers.Optimizer.apply`."""
        self._scalars = {}
        try:
            return super().apply(_synchronize(grads), trainable_variables)
        finally:
            self._scalars = {}  # tensors of this step's graph

    def update_step(self, gradient, variable, learning_rate):
        """Update one variable, given its gradient."""
        moments = self._moments(variable)
        if moments is None or self.amsgrad or isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        momentum, velocity = moments
        tf.raw_ops.ResourceApplyAdam(
            var=_handle(variable),
            m=_handle(momentum),
            v=_handle(velocity),
            grad=tf.cast(gradient, variable.dtype),
            **self._scalar_inputs(variable.dtype, learning_rate),
        )

    def _moments(self, variable):
        """Momentum and velocity of a variable, or None if Keras does not expose them.

        Keras has no public way from a variable to its moments.
        """
        try:
            index = self._get_variable_index(variable)
            return self._momentums[index], self._velocities[index]
        except AttributeError:
            return None

    def _scalar_inputs(self, dtype, learning_rate):
        """Inputs of the fused op that all variables share.

        They are computed once per step; computed for each variable, they would make up half of the
        graph.
        """
        if dtype not in self._scalars:
            step = tf.cast(self.iterations + 1, dtype)
            beta_1, beta_2 = (tf.constant(beta, dtype) for beta in (self.beta_1, self.beta_2))
            self._scalars[dtype] = {
                "beta1_power": tf.pow(beta_1, step),
                "beta2_power": tf.pow(beta_2, step),
                "lr": tf.cast(learning_rate, dtype),
                "beta1": beta_1,
                "beta2": beta_2,
                "epsilon": tf.constant(self.epsilon, dtype),
            }
        return self._scalars[dtype]


def _synchronize(gradients):
    """The same gradients, each of which depends on all of them.

    In a loop that XLA compiles, a weight that is updated while a product still needs its old value
    is copied in each step (docs/performance-notes.md). The dependence prevents this: the gradients
    are multiplied by a 1 that is computed from all of them. It becomes NaN if a gradient is NaN,
    but then the step is lost in any case.
    """
    dense = [g for g in gradients if isinstance(g, tf.Tensor)]
    if not dense:
        return gradients
    total = tf.add_n([tf.cast(tf.reshape(g, [-1])[0], tf.float32) for g in dense])
    one = tf.where(tf.math.is_nan(total), total, 1.0)
    return [g * tf.cast(one, g.dtype) if isinstance(g, tf.Tensor) else g for g in gradients]


def _handle(variable):
    variable = variable.value if isinstance(variable, keras.Variable) else variable
    return variable.handle
