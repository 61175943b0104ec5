"""Examples that come as one array, or as a dict of arrays with as many rows each."""

import numpy as np
import tensorflow as tf


def rows(x):
    """How many examples x holds."""
    if isinstance(x, dict):
        return rows(next(iter(x.values())))
    return int(x.nrows()) if isinstance(x, tf.RaggedTensor) else len(x)


def cut(x, at):
    """The rows of x at a slice or at an array of numbers."""
    if isinstance(x, dict):
        return {name: cut(value, at) for name, value in x.items()}
    if isinstance(x, (list, tuple)):
        return x[at] if isinstance(at, slice) else [x[i] for i in at]
    if isinstance(at, slice) or isinstance(x, np.ndarray):
        return x[at]
    return tf.gather(x, at)


def change(function, x):
    """`function` of x, or of each array of a dict."""
    if isinstance(x, dict):
        return {name: change(function, value) for name, value in x.items()}
    return function(x)
