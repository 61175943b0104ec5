"""Gradient of a function of one array, as an array."""

import numpy as np
import tensorflow as tf


def gradient(function, x):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return np.asarray(tape.gradient(y, x))
