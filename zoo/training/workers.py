"""Logs of several workers."""

import tensorflow as tf


def per_worker(logs):
    """Each log as a vector of one where several workers train, else unchanged.

    Keras takes the mean over workers along axis 0, which a scalar does not have.
    """
    if not isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy):
        return logs
    return {name: tf.reshape(value, [1]) for name, value in logs.items()}
