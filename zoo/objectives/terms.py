"""Terms: named, weighted, per-example quantities in nats that an objective adds up."""

import math
import numbers

import keras
import tensorflow as tf

from zoo.component import component
from zoo.distributions import kl_per_dimension
from zoo.nats import total_kl


class Term(keras.layers.Layer):
    """A quantity `per_example(x, y, out) -> [B]` in nats, and the weight that it has in the loss.

    The weight lives in a non-trainable variable, `current`: a schedule moves it (`zoo.Anneal`),
    and it is saved with the model. It acts on the loss, never on what is logged.

    Args:
        weight: its value at the start.
    """

    def __init__(self, weight=1.0, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        if not isinstance(weight, numbers.Real) or not 0 <= weight < math.inf:
            raise ValueError(f"weight must be a finite number of at least 0, got {weight!r}")
        self.weight = float(weight)
        self.current = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(self.weight),
            trainable=False,
            name="weight",
        )

    def build(self, input_shape):
        del input_shape

    def per_example(self, x, y, out):
        """The raw quantity, `[B]`, in nats."""
        raise NotImplementedError


@component
class KL(Term):
    """KL(q(z|x) || p(z)), summed over stochastic layers; its weight is beta.

    Kingma and Welling, 2014; for a beta other than 1 Higgins et al., beta-VAE, 2017.
    """

    def __init__(self, weight=1.0, name="kl", **kwargs):
        super().__init__(weight, name=name, **kwargs)

    def per_example(self, x, y, out):
        del x, y
        return total_kl(out)


@component
class FreeBits(Term):
    """sum_d max(floor, KL_d), KL_d the batch's mean KL in latent dimension d: in place of the KL.

    A dimension whose KL is below the floor is not pressed any further, so that it can start to
    carry something. It goes by the KL's name, so that schedules find it; what is logged under that
    name stays the KL itself. Kingma et al., Improving variational inference with inverse
    autoregressive flow, 2016, equation 15.

    Args:
        floor: nats that each dimension has free.
        weight: of the whole in the loss.
    """

    def __init__(self, floor=0.1, weight=1.0, name="kl", **kwargs):
        super().__init__(weight, name=name, **kwargs)
        if not floor > 0:
            raise ValueError(f"floor must be nats above 0, got {floor!r}")
        self.floor = floor

    def per_example(self, x, y, out):
        del x, y
        # Each example keeps its own KL, and its own weight; the batch decides what is free.
        return sum(self._bounded(kl_per_dimension(draw)) for draw in out.draws)

    def _bounded(self, nats):
        mean = tf.stop_gradient(tf.reduce_mean(nats, 0))
        context = tf.distribute.get_replica_context()
        if context is not None and context.num_replicas_in_sync > 1:
            mean = context.all_reduce(tf.distribute.ReduceOp.MEAN, mean)
        return tf.reduce_sum(tf.where(mean > self.floor, nats, self.floor), -1)
