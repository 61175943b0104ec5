"""Likelihoods of classes, and of table rows that mix classes with numbers."""

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import as_event
from zoo.core.serialization import component, is_integer
from zoo.likelihoods.base import Likelihood

tfd = tfp.distributions


@component
class Categorical(Likelihood):
    """p(x|z) = softmax(raw)[x] for integer classes x in 0 .. classes - 1.

    x has any event shape; the encoder sees it one-hot, `[B, *event[:-1], event[-1] * classes]`.
    `mean()` is the most probable class: classes have no mean.
    """

    def __init__(self, classes=2, **kwargs):
        super().__init__(**kwargs)
        if not is_integer(classes) or classes < 2:
            raise ValueError(f"classes must be an integer of at least 2, got {classes!r}")
        self.classes = int(classes)

    def outputs(self, channels):
        return channels * self.classes

    def features_shape(self, event_shape):
        return (*event_shape[:-1], event_shape[-1] * self.classes)

    def features(self, x):
        one_hot = tf.one_hot(tf.cast(x, tf.int32), self.classes)
        return _merge_last_two(one_hot)

    def call(self, raw):
        shape = tf.concat([tf.shape(raw)[:-1], [-1, self.classes]], 0)
        logits = tf.reshape(raw, shape)
        logits.set_shape([*raw.shape[:-1], raw.shape[-1] // self.classes, self.classes])
        return _Classes(as_event(OneHotCategorical(logits=logits, dtype=tf.int32)))

    def check(self, x, argument="x"):
        _check_classes(x, self.classes, argument)


class OneHotCategorical(tfd.Categorical):
    """`tfd.Categorical` on logits whose log_prob is made of operations that TFLite has too."""

    def _log_prob(self, value):
        logits = tf.convert_to_tensor(self.logits)
        one_hot = tf.one_hot(tf.cast(value, tf.int32), logits.shape[-1], dtype=logits.dtype)
        return tf.reduce_sum(one_hot * tf.nn.log_softmax(logits), -1)


class _Classes:
    """A categorical distribution whose arrays are float32, like every other x."""

    def __init__(self, distribution):
        self.distribution = distribution

    def log_prob(self, x):
        return self.distribution.log_prob(tf.cast(x, tf.int32))

    def mean(self):
        return tf.cast(self.distribution.mode(), tf.float32)

    def sample(self, seed=None):
        return tf.cast(self.distribution.sample(seed=seed), tf.float32)


def _check_classes(x, classes, argument):
    whole = np.issubdtype(x.dtype, np.integer) or np.array_equal(x, np.round(x))
    if not whole or x.min() < 0 or x.max() >= classes:
        raise ValueError(
            f"{argument} must hold classes 0 .. {classes - 1}, "
            f"got values from {x.min()} to {x.max()} of dtype {x.dtype}"
        )


def _merge_last_two(x):
    return keras.ops.reshape(x, (-1, *x.shape[1:-2], x.shape[-2] * x.shape[-1]))
