"""Corruption that hides columns of a table from the encoder."""

import numpy as np
import tensorflow as tf

from zoo.core.argument_values import as_tuple
from zoo.core.random import uniform
from zoo.core.serialization import component
from zoo.training.corruptions import _check_probability, _Corruption


@component
class MissingColumns(_Corruption):
    """Hide random columns of each row from the encoder, which gets the flag "missing" for them.

    Each row has a probability of its own, uniform from 0 to `amount`, with which each column is
    hidden. The decoder still reconstructs all observed values, so the encoder learns q(z|x) for any
    observed part of a row: the loss remains a bound, because every q(z) gives one. Nazabal et al.,
    Handling incomplete heterogeneous data using VAEs, 2020, train such encoders on incomplete rows.

    Args:
        categories: as in `zoo.likelihoods.Tabular`, which must be the likelihood of the model.
        amount: largest probability, in [0, 1].
        seed: seed of the noise; None takes that of the model.
    """

    check_amount = staticmethod(_check_probability)

    def __init__(self, categories, amount: float = 0.5, seed: int | None = None, **kwargs):
        super().__init__(amount, seed, **kwargs)
        self.categories = as_tuple(categories)

    def corrupt(self, x):
        owners, columns = self._owners(), len(self.categories)
        rows = tf.shape(x)[0]
        probability = self.amount * uniform([rows, 1], self.next_seed())
        hidden = uniform([rows, columns], self.next_seed()) < probability
        values, flags = x[:, : len(owners)], x[:, len(owners) :]
        values = tf.where(tf.gather(hidden, owners, axis=1), tf.zeros_like(values), values)
        return tf.concat([values, tf.where(hidden, tf.ones_like(flags), flags)], 1)

    def _owners(self):
        """The column of each value that the encoder gets: numbers first, then one-hot classes."""
        numeric = [i for i, classes in enumerate(self.categories) if not classes]
        one_hot = [i for i, classes in enumerate(self.categories) for _ in range(classes)]
        return np.array([*numeric, *one_hot], "int32")
