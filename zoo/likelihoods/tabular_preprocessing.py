"""Rows of a table as x of a model."""

import numpy as np
import tensorflow as tf

from zoo.core.validation import check_not_infinite
from zoo.likelihoods.categorical import check_classes
from zoo.likelihoods.located_preprocessing import LocatedPreprocessor
from zoo.likelihoods.preprocessing import MAX_VALUE


class TabularPreprocessor(LocatedPreprocessor):
    """Rows of numbers and class codes; NaN is a missing value."""

    @property
    def origin(self):
        return self.likelihood.origins

    def to_tensor(self, x):
        return super().to_tensor(x) if self.needs_float64 else tf.cast(x, self.dtype)

    def extreme_rows(self, x):
        table = self.likelihood
        at = table.numeric_columns()[0]
        means, scales = (np.array(values)[at] for values in (table.means, table.scales))
        far = np.abs((x[:, at] - means) / scales)
        return np.nanmax(far, 1, initial=0.0) > MAX_VALUE

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
