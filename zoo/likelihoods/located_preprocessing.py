"""Preprocessor of columns with an origin, which is subtracted before x becomes float32."""

import numpy as np
import tensorflow as tf

from zoo.likelihoods import units
from zoo.likelihoods.preprocessing import Preprocessor


class LocatedPreprocessor(Preprocessor):
    """Base class: inside the model, x is the user's x less the origin of its column or channel.

    The origin is 0 unless a column is far from zero for its scale (`zoo.likelihoods.units`). Where
    it is not 0, results that hold values of x are float64.

    A subclass implements `origin` and `origin_tensor`.
    """

    missing_allowed = True

    @property
    def origin(self):
        """Origins, float64, broadcast to x."""
        raise NotImplementedError

    def origin_tensor(self):
        """The same as a constant, or as a variable where loading weights can change them."""
        return self.origin

    @property
    def needs_float64(self):
        return bool(np.any(self.origin))

    def to_tensor(self, x):
        return units.subtract(tf.convert_to_tensor(x), self.origin_tensor())

    def relocated(self, distribution):
        return units.Relocated(distribution, self) if self.needs_float64 else distribution

    def add_origin(self, x, dtype=tf.float64):
        return tf.cast(x, dtype) + tf.cast(self.origin_tensor(), dtype)

    def from_tensor(self, x):
        return self.add_origin(x, tf.float32)

    def from_array(self, x):
        return x + self.origin if self.needs_float64 else x
