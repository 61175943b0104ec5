"""Examples that come as one array, or as a dict of arrays with equally many rows."""

import numpy as np
import tensorflow as tf


def row_count(x):
    """The number of examples in x."""
    if isinstance(x, dict):
        if not x:
            raise ValueError("x must hold at least one array, got an empty dict")
        return row_count(next(iter(x.values())))
    try:
        return int(x.nrows()) if isinstance(x, tf.RaggedTensor) else len(x)
    except TypeError:  # a number, an array without axes, a sparse array
        raise TypeError(f"x must be an array with rows, got {type(x).__name__}") from None


def take_rows(x, at):
    """The rows of x at a slice or at an array of positions."""
    if isinstance(x, dict):
        return {name: take_rows(value, at) for name, value in x.items()}
    if isinstance(x, (list, tuple)):
        return x[at] if isinstance(at, slice) else [x[i] for i in at]
    if hasattr(x, "iloc"):  # of pandas
        return x.iloc[at]  # [] of a series takes labels
    if isinstance(at, slice) or isinstance(x, np.ndarray):
        return x[at]
    return tf.gather(x, at) if tf.is_tensor(x) else np.asarray(x)[at]


def map_arrays(function, x):
    """`function` of x, or of each array of a dict."""
    if isinstance(x, dict):
        return {name: map_arrays(function, value) for name, value in x.items()}
    return function(x)
