"""Random numbers that are the same on every device."""

import math

import keras
import tensorflow as tf

from zoo.core import validation


class SeedStream:
    """A sequence of seeds, int32 `[2]`, that is determined by the first.

    Keras saves the variables of a layer, but not those of its seed generators, and it lists a
    generator's state in `variables`. A layer that holds a generator within this class, and its
    `state` as an attribute, saves the state and lists it once.

    Args:
        seed: an integer; None draws one from Keras' global seed.
    """

    def __init__(self, seed=None):
        self._generator = keras.random.SeedGenerator(validation.as_model_seed(seed))

    @property
    def state(self):
        """The variable from which the next seed follows."""
        return self._generator.state

    def next(self):
        """The next seed, another one for each replica."""
        return replica_seed(tf.cast(self._generator.next(), tf.int32))


def uniform(shape, seed):
    """Uniform numbers in (0, 1), float32, the same on every device, with and without XLA.

    Philox is named because "auto_select" is ten times slower in XLA on a CPU. The conversion to
    float is written out because XLA's differs from TensorFlow's.

    Args:
        shape: shape of the result.
        seed: int32 `[2]`.
    """
    bits = tf.random.stateless_uniform(
        shape, seed, minval=None, maxval=None, dtype=tf.uint32, alg="philox"
    )
    # 23 bits and a half: neither 0 nor 1, and exact in float32.
    upper = tf.cast(tf.bitwise.right_shift(bits, tf.constant(9, tf.uint32)), tf.float32)
    return (upper + 0.5) * 2.0**-23


def normal(shape, seed):
    """Standard normal numbers, float32: sqrt(2) erfinv(2 u - 1), u from `uniform`."""
    return math.sqrt(2.0) * tf.math.erfinv(2.0 * uniform(shape, seed) - 1.0)


def replica_seed(seed):
    """Fold the replica's number into a seed, so that replicas draw different noise.

    With a single replica the seed is returned unchanged.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return seed
    return tf.random.experimental.stateless_fold_in(seed, context.replica_id_in_sync_group)
