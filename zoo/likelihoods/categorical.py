"""Categorical likelihood of integer classes."""

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import is_integer
from zoo.core.distributions import as_event
from zoo.core.serialization import component
from zoo.likelihoods.base import Likelihood
from zoo.likelihoods.preprocessing import Preprocessor

tfd = tfp.distributions


@component
class Categorical(Likelihood):
    """p(x|z) = softmax(raw)[x] for integer classes x from 0 to classes - 1.

    x has any event shape; the encoder's input is one-hot, `[B, *event[:-1], event[-1] * classes]`.
    `mean()` is the most probable class, since classes have no mean.
    """

    def __init__(self, classes=2, **kwargs):
        super().__init__(**kwargs)
        if not is_integer(classes) or classes < 2:
            raise ValueError(f"classes must be an integer of at least 2, got {classes!r}")
        self.classes = int(classes)

    def params_size(self, channels):
        return channels * self.classes

    def preprocessor(self):
        return CategoricalPreprocessor(self)

    def call(self, raw):
        shape = tf.concat([tf.shape(raw)[:-1], [-1, self.classes]], 0)
        logits = tf.reshape(raw, shape)
        logits.set_shape([*raw.shape[:-1], raw.shape[-1] // self.classes, self.classes])
        return FloatCategorical(as_event(OneHotCategorical(logits=logits, dtype=tf.int32)))


class CategoricalPreprocessor(Preprocessor):
    """Integer classes, one-hot for the encoder."""

    def extreme_rows(self, x):
        return np.zeros(len(x), bool)

    def validate(self, x, argument="x"):
        check_classes(x, self.likelihood.classes, argument)

    def encoder_inputs(self, x):
        one_hot = tf.one_hot(tf.cast(x, tf.int32), self.likelihood.classes)
        *outer, last, classes = one_hot.shape
        return keras.ops.reshape(one_hot, (-1, *outer[1:], last * classes))

    def encoder_inputs_shape(self, event_shape):
        return (*event_shape[:-1], event_shape[-1] * self.likelihood.classes)


class OneHotCategorical(tfd.Categorical):
    """`tfd.Categorical` on logits, with a log_prob of operations that TFLite supports."""

    def _log_prob(self, value):
        logits = tf.convert_to_tensor(self.logits)
        one_hot = tf.one_hot(tf.cast(value, tf.int32), logits.shape[-1], dtype=logits.dtype)
        return tf.reduce_sum(one_hot * tf.nn.log_softmax(logits), -1)


class FloatCategorical:
    """Categorical distribution over classes stored as float32, like every other x."""

    def __init__(self, distribution):
        self.distribution = distribution

    def log_prob(self, x):
        return self.distribution.log_prob(tf.cast(x, tf.int32))

    def mean(self):
        return tf.cast(self.distribution.mode(), tf.float32)

    def sample(self, seed=None):
        return tf.cast(self.distribution.sample(seed=seed), tf.float32)


def check_classes(x, classes, argument):
    """Raise `ValueError` unless x holds whole numbers from 0 to classes - 1."""
    integral = np.issubdtype(x.dtype, np.integer) or np.array_equal(x, np.round(x))
    if not integral or x.min() < 0 or x.max() >= classes:
        raise ValueError(
            f"{argument} must hold classes 0 .. {classes - 1}, "
            f"got values from {x.min()} to {x.max()} of dtype {x.dtype}"
        )
