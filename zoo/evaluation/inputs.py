"""Checks that the evaluations share: class labels and numbers of rows."""

import numpy as np

from zoo.core import arrays, nested, streams


def label_vector(labels, argument):
    """Labels as an array `[N]` of numbers or strings.

    Raises:
        TypeError: the labels are neither numbers nor strings.
        ValueError: they are not a vector, there are none, or one is NaN.
    """
    labels = arrays.unmasked(labels, argument, missing_allowed=False)
    labels = arrays.as_array(labels, argument)
    if labels.dtype == object:  # pandas stores strings as objects
        labels = arrays.as_array(labels.tolist(), argument)
    if labels.ndim != 1 or not labels.size:
        raise ValueError(
            f"{argument} must be a vector with a class for each example, got shape {labels.shape}"
        )
    if labels.dtype.kind not in "biufSU":
        raise TypeError(f"{argument} must be numbers or strings, got dtype {labels.dtype}")
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise ValueError(f"{argument} must not be NaN, got NaN in {np.isnan(labels).sum()} rows")
    return labels


def row_count(x):
    """Number of examples of an array or a dict of arrays; None for a stream of batches."""
    return None if streams.is_stream(x) else nested.row_count(x)
