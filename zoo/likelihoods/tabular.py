"""Likelihood of table rows that mix numbers, classes and missing values."""

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import bounded_scale
from zoo.core.serialization import as_tuple, component, is_integer
from zoo.core.validation import check_not_infinite
from zoo.likelihoods.base import Likelihood
from zoo.likelihoods.categorical import OneHotCategorical, check_classes
from zoo.likelihoods.preprocessing import MAX_VALUE, Preprocessor

tfd = tfp.distributions


@component
class Tabular(Likelihood):
    """Rows of a table: Normal for numeric columns, categorical for the others, NaN for missing.

    A missing value is integrated out: it adds nothing to log_prob or its gradient. In its place the
    encoder receives the column's mean and a flag. Numeric columns are standardised internally, with
    the log-determinant in log_prob, so that x and nats are in the table's own units. `mean()`
    returns the most probable class for categorical columns, so that reconstructions impute classes.

    Args:
        categories: for each column the number of classes, coded 0 .. n - 1; 0 for a numeric column.
        means, scales: mean and scale that standardise each column (`from_data` computes them).
        floor: the smallest standard deviation of a numeric column, as a fraction of its scale.

    Event: `[len(categories)]`.
    """

    def __init__(self, categories, means=None, scales=None, floor=0.05, **kwargs):
        super().__init__(**kwargs)
        self.categories = as_tuple(categories)
        if not all(is_integer(n) and n >= 0 for n in self.categories):
            raise ValueError(
                "categories must be a number of classes for each column, 0 for a numeric one, "
                f"got {categories!r}"
            )
        columns = len(self.categories)
        self.means = as_tuple(means) if means is not None else (0.0,) * columns
        self.scales = as_tuple(scales) if scales is not None else (1.0,) * columns
        self.floor = floor
        for name in ("means", "scales"):
            if len(getattr(self, name)) != columns:
                raise ValueError(
                    f"{name} must have one number for each of {columns} columns, "
                    f"got {len(getattr(self, name))}"
                )

    @classmethod
    def from_data(cls, x, categories=None, **kwargs):
        """A likelihood with the mean and standard deviation of each numeric column of x."""
        x = np.asarray(x, "float64")
        check_not_infinite(x, "x")
        categories = as_tuple(categories) if categories is not None else (0,) * x.shape[1]
        means, scales = [], []
        for column, classes in zip(x.T, categories, strict=True):
            observed = column[~np.isnan(column)]
            numeric = not classes and len(observed)
            means.append(float(observed.mean()) if numeric else 0.0)
            # A constant column has no scale of its own: unit scale keeps it finite.
            scales.append(float(observed.std()) or 1.0 if numeric else 1.0)
        return cls(categories, means, scales, **kwargs)

    def params_size(self, channels):
        if channels != len(self.categories):
            raise ValueError(f"x must have {len(self.categories)} columns, got {channels}")
        return sum(max(classes, 2) for classes in self.categories)

    def preprocessor(self):
        return TabularPreprocessor(self)

    def call(self, raw):
        # Each column's part of raw, in the table's order: two numbers, or a logit for each class.
        starts = np.cumsum([0, *(max(classes, 2) for classes in self.categories)])
        at, means, scales = self.numeric_columns()
        loc = means + scales * tf.gather(raw, starts[at], axis=1)
        scale = bounded_scale(tf.gather(raw, starts[at] + 1, axis=1), self.floor, 1e3)
        classes = {
            i: OneHotCategorical(logits=raw[:, starts[i] : starts[i] + n], dtype=tf.int32)
            for i, n in self.class_columns()
        }
        return IndependentColumns(tfd.Normal(loc, scales * scale), at, classes)

    def numeric_columns(self):
        """Positions of the numeric columns, their means and their scales, as arrays."""
        at = np.array([i for i, classes in enumerate(self.categories) if not classes], "int32")
        pick = [np.array(values, "float32")[at] for values in (self.means, self.scales)]
        return at, *pick

    def class_columns(self):
        """(position, number of classes) of each categorical column."""
        return [(i, classes) for i, classes in enumerate(self.categories) if classes]


class TabularPreprocessor(Preprocessor):
    """Rows of numbers and class codes; NaN is a missing value."""

    def validate(self, x, argument="x"):
        table = self.likelihood
        if x.ndim != 2 or x.shape[1] != len(table.categories):
            raise ValueError(
                f"{argument} must have {len(table.categories)} columns, got {x.shape[-1]} of shape "
                f"{x.shape}"
            )
        check_not_infinite(x, argument)
        for i, classes in enumerate(table.categories):
            column = x[:, i]
            column = column[~np.isnan(column)]
            if not len(column):
                continue
            if classes:
                check_classes(column, classes, f"{argument}[:, {i}]")
            elif np.abs((column - table.means[i]) / table.scales[i]).max() > MAX_VALUE:
                raise ValueError(
                    f"{argument}[:, {i}] must lie within {MAX_VALUE:g} standard deviations of the "
                    f"column's mean, got values up to {np.abs(column).max():.3g}: use "
                    "Tabular.from_data(x)"
                )

    def encoder_inputs(self, x):
        observed = ~tf.math.is_nan(x)
        value, flags = tf.where(observed, x, 0.0), tf.cast(observed, tf.float32)
        at, means, scales = self.likelihood.numeric_columns()
        parts = [(tf.gather(value, at, axis=1) - means) / scales * tf.gather(flags, at, axis=1)]
        for i, classes in self.likelihood.class_columns():
            one_hot = tf.one_hot(tf.cast(value[:, i], tf.int32), classes)
            parts.append(one_hot * flags[:, i, None])
        return tf.concat([*parts, 1.0 - flags], -1)

    def encoder_inputs_shape(self, event_shape):
        return (sum(max(classes, 1) + 1 for classes in self.likelihood.categories),)


class IndependentColumns:
    """Independent columns; NaN in x is a missing value.

    Args:
        numeric: Normal with batch `[B, len(at)]`.
        at: the numeric columns' positions in the table.
        classes: position in the table -> categorical distribution with batch `[B]`.
    """

    def __init__(self, numeric, at, classes):
        self.numeric, self.at, self.classes = numeric, at, classes

    def log_prob(self, x):
        """log p(x|z) in nats over the observed columns, `[B]`."""
        return tf.reduce_sum(self.log_prob_per_column(x), -1)

    def log_prob_per_column(self, x):
        """log p of each column in nats, `[B, columns]`; 0 where x is missing."""
        observed = ~tf.math.is_nan(x)
        value = tf.where(observed, x, 0.0)  # this inner `where` keeps gradients finite
        numeric = self.numeric.log_prob(tf.gather(value, self.at, axis=1))
        classes = [c.log_prob(tf.cast(value[:, i], tf.int32)) for i, c in self.classes.items()]
        return tf.where(observed, self._in_order(numeric, classes), 0.0)

    def mean(self):
        """Means of numeric columns, most probable classes of the others, `[B, columns]`."""
        return self._in_order(self.numeric.mean(), [c.mode() for c in self.classes.values()])

    def sample(self, seed=None):
        """Draw one row for each code, `[B, columns]`."""
        first, *seeds = tfp.random.split_seed(seed, n=1 + len(self.classes))
        pairs = zip(self.classes.values(), seeds, strict=True)
        return self._in_order(self.numeric.sample(seed=first), [c.sample(seed=s) for c, s in pairs])

    def _in_order(self, numeric, classes):
        """Columns in the table's order."""
        both = tf.concat([numeric, *(tf.cast(c, tf.float32)[:, None] for c in classes)], 1)
        return tf.gather(both, np.argsort([*self.at, *self.classes]), axis=1)
