"""Functions over arrays and datasets of any length, batch by batch."""

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core import inputs, nested, validation

tfd = tfp.distributions


def over_batches(model, name, function, x, batch_size, seed=0):
    """Map `function(batch, number)` over x and put the parts together along axis 0.

    Args:
        model: a `VAE`; it keeps the compiled function under `name`.
        function: a batch and an int32 `[2]`, (seed, number), -> a tree of tensors, batch first.
        x: array, tensor or dataset (of x, or of tuples that begin with x).
        batch_size: rows at a time, where x is no dataset.
        seed: an integer. Not compiled in: another seed is no other program.
    """
    validation.count(batch_size=batch_size)
    compiled = model.compiled_function(name, function)
    parts = [
        keras.tree.map_structure(np.asarray, compiled(batch, tf.constant([seed, i])))
        for i, batch in enumerate(batches(model, x, batch_size))
    ]
    if not parts:
        raise ValueError("x must hold at least one example, got an empty dataset")
    return keras.tree.map_structure(lambda *leaves: np.concatenate(leaves), *parts)


def batches(model, x, batch_size):
    """Batches of tensors, checked; builds the model where that has not happened."""
    read = model.decoder.likelihood.read
    if isinstance(x, tf.data.Dataset):
        for i, element in enumerate(x):
            x = inputs.batch(model, element, f"x (batch {i + 1})")
            yield read(nested.change(tf.convert_to_tensor, x))
        return
    x = inputs.array(model, x, "x")
    for start in range(0, nested.rows(x), batch_size):
        part = nested.cut(x, slice(start, start + batch_size))
        yield read(nested.change(tf.convert_to_tensor, part))


def decode_means(model, code, batch_size=256, event_shape=None):
    """E[x|z] for codes `[N, ...]`, as an array."""
    validation.count(batch_size=batch_size)
    code = np.asarray(code, "float32")
    event_shape = None if event_shape is None else nested.change(_tuple, event_shape)
    name = ("decode", str(event_shape))
    compiled = model.compiled_function(name, lambda z: model.decode(z, event_shape).mean())
    parts = [
        compiled(tf.constant(code[i : i + batch_size])) for i in range(0, len(code), batch_size)
    ]
    means = keras.tree.map_structure(lambda *leaves: np.concatenate(leaves), *parts)
    return model.decoder.likelihood.present(means)


def _tuple(shape):
    return None if shape is None else tuple(shape)


def first(x, n):
    """The first n examples of an array or a dataset, as what the model takes, in memory."""
    if not isinstance(x, tf.data.Dataset):
        return nested.cut(x, slice(n))
    parts, found = [], 0
    for element in x:
        part = nested.cut(_plain(inputs.inputs(element)), slice(n - found))
        parts.append(part)
        found += nested.rows(part)
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
