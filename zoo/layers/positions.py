"""Sinusoidal position encodings."""

import math

import numpy as np
import tensorflow as tf

MIN_PERIOD, MAX_PERIOD = 4, 1000  # in steps


def position_encoding(length, width):
    """Sinusoidal position encoding, `[length, width]` float32: sines, then cosines.

    sin(t / 10000^(2i / width)), then the cosines of the same angles: Vaswani et al., Attention is
    all you need, 2017. The length is not limited.
    """
    half = (width + 1) // 2
    rates = np.exp(-math.log(10_000.0) * np.arange(half) / half).astype("float32")
    return sinusoids(length, rates)[:, :width]


def step_encoding(length, width, max_period=MAX_PERIOD):
    """Sines and cosines of the step with periods of 4 to 1000 steps, `[length, width]` float32.

    As in Vaswani et al., Attention is all you need, 2017, they need no maximum length.

    Args:
        length: number of steps.
        width: number of sines and cosines.
        max_period: the longest period, in steps.
    """
    periods = np.geomspace(MIN_PERIOD, max_period, (width + 1) // 2)
    return sinusoids(length, (2 * math.pi / periods).astype("float32"))[:, :width]


def sinusoids(length, rates):
    """Sines of t * rate for t = 0, 1, ..., then cosines: `[length, 2 len(rates)]` float32."""
    angle = tf.cast(tf.range(length), tf.float32)[:, None] * rates
    return tf.concat([tf.sin(angle), tf.cos(angle)], -1)
