"""What is read of data larger than memory."""

import numpy as np
import tensorflow as tf

from zoo import checks, trees


def first(x, n):
    """The first n examples of an array or a dataset, as what the model takes, in memory."""
    if not isinstance(x, tf.data.Dataset):
        return trees.cut(x, slice(n))
    parts, found = [], 0
    for element in x:
        part = trees.cut(_plain(checks.inputs(element)), slice(n - found))
        parts.append(part)
        found += trees.rows(part)
        if found == n:
            break
    if not parts:
        raise ValueError("data must hold at least one batch, got an empty dataset")
    return _joined(parts)


def _plain(x):
    """Tensors as arrays, or as lists where rows differ in length."""
    if isinstance(x, dict):
        return {name: _plain(value) for name, value in x.items()}
    return [row.numpy() for row in x] if isinstance(x, tf.RaggedTensor) else np.asarray(x)


def _joined(parts):
    """Batches as one; as a list where they differ in length."""
    if isinstance(parts[0], dict):
        return {name: _joined([part[name] for part in parts]) for name in parts[0]}
    arrays = all(isinstance(part, np.ndarray) for part in parts)
    if arrays and len({part.shape[1:] for part in parts}) == 1:
        return np.concatenate(parts)
    return [row for part in parts for row in part]
