"""NumPy's interpolation and quantiles as TensorFlow operations, for a SavedModel."""

import tensorflow as tf


def summarised(draws, quantile):
    """Mean or quantile of draws `[S, N]`, as `numpy.quantile` interpolates."""
    if quantile is None:
        return tf.reduce_mean(draws, 0)
    place = quantile * (tf.cast(tf.shape(draws)[0], tf.float64) - 1)
    low = tf.cast(tf.floor(place), tf.int32)
    high = tf.minimum(low + 1, tf.shape(draws)[0] - 1)
    ordered = tf.sort(draws, 0)
    start, end = tf.gather(ordered, low), tf.gather(ordered, high)
    return start + (end - start) * (place - tf.cast(low, tf.float64))


def interpolate(x, xp, fp):
    """`numpy.interp` of a float64 tensor; xp and fp are arrays."""
    last = len(xp) - 1
    xp, fp = (tf.constant(values, tf.float64) for values in (xp, fp))
    at = tf.searchsorted(xp, tf.reshape(x, [-1]), side="right") - 1
    at = tf.reshape(tf.clip_by_value(at, 0, last - 1), tf.shape(x))
    left, right = tf.gather(xp, at), tf.gather(xp, at + 1)
    start, end = tf.gather(fp, at), tf.gather(fp, at + 1)
    y = tf.math.divide_no_nan(end - start, right - left) * (x - left) + start
    y = tf.where(x < xp[0], fp[0], y)
    return tf.where(x >= xp[last], fp[last], y)
