"""Likelihood of table rows that mix numbers, classes and missing values."""

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core import arrays
from zoo.core.argument_values import as_tuple, is_integer
from zoo.core.distributions import bounded_scale
from zoo.core.serialization import component
from zoo.core.validation import check_not_infinite
from zoo.likelihoods import units
from zoo.likelihoods.base import Likelihood
from zoo.likelihoods.categorical import OneHotCategorical
from zoo.likelihoods.tabular_preprocessing import TabularPreprocessor

tfd = tfp.distributions

LARGEST = float(np.finfo("float32").max)  # as a limit of draws: none


@component
class Tabular(Likelihood):
    """Rows of a table: Normal for numeric columns, categorical for the others, NaN for missing.

    A missing value is integrated out: it adds nothing to log_prob or its gradient. In its place the
    encoder receives the column's mean and a flag. Numeric columns are standardised internally, with
    the log-determinant in log_prob, so that x and nats are in the table's own units. `mean()`
    returns the most probable class for categorical columns, so that reconstructions impute classes.

    A draw is made to look like the table: a column of whole numbers is rounded, and values are
    limited to the range of the data. log_prob remains the density of the Normal.

    Args:
        categories: for each column the number of classes, coded 0 .. n - 1; 0 for a numeric column.
        means, scales: mean and scale that standardise each column (`from_data` computes them).
        floor: the smallest standard deviation of a numeric column, as a fraction of its scale.
        lows, highs: range of the draws of each column; None for no limit.
        whole: whether the draws of each column are rounded; None for no column.
        description: text about the columns that is saved with the model, such as JSON; it changes
            nothing.

    Event: `[len(categories)]`.
    """

    def __init__(
        self,
        categories,
        means=None,
        scales=None,
        floor=0.05,
        *,
        lows=None,
        highs=None,
        whole=None,
        description=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if description is not None and not isinstance(description, str):
            raise TypeError(f"description must be a text, got {type(description).__name__}")
        self.description = description
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
        self.lows = as_tuple(lows) if lows is not None else (-LARGEST,) * columns
        self.highs = as_tuple(highs) if highs is not None else (LARGEST,) * columns
        self.whole = as_tuple(whole) if whole is not None else (False,) * columns
        for name in ("means", "scales", "lows", "highs", "whole"):
            if len(getattr(self, name)) != columns:
                raise ValueError(
                    f"{name} must have one number for each of {columns} columns, "
                    f"got {len(getattr(self, name))}"
                )

    @classmethod
    def from_data(cls, x, categories=None, **kwargs):
        """A likelihood with the mean, standard deviation and range of each numeric column of x.

        A constant column has scale 1; one is constant if its standard deviation is at most a
        rounding error of its mean (`zoo.likelihoods.units`).
        """
        x = _as_table(x)
        categories = as_tuple(categories) if categories is not None else (0,) * x.shape[1]
        if len(categories) != x.shape[1]:
            raise ValueError(
                f"categories must have one number for each of the {x.shape[1]} columns of x, got "
                f"{len(categories)}"
            )
        moments = units.Moments()
        moments.update(x)
        means, scales = moments.result()
        x = x.astype("float64")
        numeric = (np.array(categories) == 0) & (moments.count > 0)
        options = {
            "lows": np.where(numeric, np.nanmin(x, 0, initial=LARGEST), -LARGEST),
            "highs": np.where(numeric, np.nanmax(x, 0, initial=-LARGEST), LARGEST),
            "whole": numeric & (np.isnan(x) | (x == np.round(x))).all(0),
        }
        return cls(
            categories,
            np.where(numeric, means, 0.0),
            np.where(numeric, scales, 1.0),
            **{**options, **kwargs},
        )

    @property
    def origins(self):
        """The number, float64 `[columns]`, that is subtracted from each column beforehand."""
        numeric = np.array(self.categories) == 0
        return np.where(numeric, units.origins(self.means, self.scales), 0.0)

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
        return IndependentColumns(
            tfd.Normal(loc, scales * scale), at, classes, self._draws_of_the_table
        )

    def _draws_of_the_table(self, x):
        """Draws of the numeric columns, rounded and limited where the table's columns are."""
        at, origins = self.numeric_columns()[0], self.origins
        low, high = (np.array(limit, "float64") - origins for limit in (self.lows, self.highs))
        whole, fraction = np.array(self.whole, bool)[at], (origins % 1.0)[at].astype("float32")
        x = tf.where(whole, tf.round(x + fraction) - fraction, x)
        return tf.clip_by_value(x, low[at].astype("float32"), high[at].astype("float32"))

    def numeric_columns(self):
        """Positions of the numeric columns, their means less origins, and scales, as arrays."""
        at = np.array([i for i, classes in enumerate(self.categories) if not classes], "int32")
        means = np.array(self.means, "float64") - self.origins
        return at, means[at].astype("float32"), np.array(self.scales, "float32")[at]

    def class_columns(self):
        """(position, number of classes) of each categorical column."""
        return [(i, classes) for i, classes in enumerate(self.categories) if classes]


def _as_table(x):
    """x as an array of numbers `[N, columns]`; NaN is a missing value."""
    x = arrays.as_array(arrays.unmasked(x), "x")
    try:
        x = x if x.dtype.kind in "fiu" else x.astype("float64")
    except (TypeError, ValueError) as error:
        raise TypeError(f"x must hold numbers, got an array of dtype {x.dtype}: {error}") from None
    if x.ndim != 2 or not x.size:
        raise ValueError(f"x must be a table [N, columns] of at least one row, got shape {x.shape}")
    check_not_infinite(x, "x")
    return x


class IndependentColumns:
    """Independent columns; NaN in x is a missing value.

    Args:
        numeric: Normal with batch `[B, len(at)]`.
        at: the numeric columns' positions in the table.
        classes: position in the table -> categorical distribution with batch `[B]`.
        as_in_table: function of the draws of the numeric columns; None returns them as they are.
    """

    def __init__(self, numeric, at, classes, as_in_table=None):
        self.numeric, self.at, self.classes = numeric, at, classes
        self.as_in_table = as_in_table or (lambda x: x)

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
        numeric = self.as_in_table(self.numeric.sample(seed=first))
        return self._in_order(numeric, [c.sample(seed=s) for c, s in pairs])

    def _in_order(self, numeric, classes):
        """Columns in the table's order."""
        both = tf.concat([numeric, *(tf.cast(c, tf.float32)[:, None] for c in classes)], 1)
        return tf.gather(both, np.argsort([*self.at, *self.classes]), axis=1)
