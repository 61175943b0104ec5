"""Functions over arrays and datasets of any length, batch by batch."""

import keras
import numpy as np
import tensorflow as tf

from zoo.core import forward, inputs, nested, streams, validation
from zoo.core.functions import compiled, for_any_rows


def map_batches(model, name, function, x, batch_size, seed=0):
    """Map `function(batch, seed)` over x and join the results along axis 0.

    Args:
        model: a `VAE`; it keeps the compiled function under `name`.
        function: (tensors of a batch, int32 `[2]`: seed and number of the batch) -> a tree of
            tensors, batch first.
        x: array, tensor or stream (of x, or of tuples that begin with x).
        batch_size: rows at a time, unless x is a dataset.
        seed: an integer. It is an input of the compiled function, so that a new seed does not
            compile it again.
    """
    validation.check_counts(batch_size=batch_size)
    seed = validation.as_seed(seed)
    parts = []
    for i, batch in enumerate(batches(model, x, batch_size)):
        # Made after the first batch was checked: an error leaves no trace of it.
        program, seeds = compiled(model, name, function), tf.constant([seed, i])
        outputs = for_any_rows(program, batch, seeds)(batch, seeds)
        parts.append(keras.tree.map_structure(np.asarray, outputs))
    return keras.tree.map_structure(lambda *leaves: np.concatenate(leaves), *parts)


def batches(model, x, batch_size):
    """Batches of checked tensors; builds the model if it is not built."""
    for array in _arrays(model, x, batch_size):
        yield model.preprocessor.to_tensor(nested.map_arrays(tf.convert_to_tensor, array))


def _arrays(model, x, batch_size):
    if streams.is_stream(x):
        streams.require_end(x)
        count = 0
        for count, element in enumerate(streams.elements(x), 1):
            yield inputs.prepare_batch(model, streams.x_of(element), f"x (batch {count})")
        if not count:
            raise ValueError("x must hold at least one example, got an empty dataset")
        return
    x = inputs.prepare(model, x)
    for start in range(0, nested.row_count(x), batch_size):
        yield nested.take_rows(x, slice(start, start + batch_size))


def map_codes(model, name, function, code, batch_size, event_shape=None, seed=0):
    """Map `function(p(x|z), seed)` over codes `[N, ...]`; results have the form of the user's x.

    Args:
        model: a `VAE`, built.
        name: hashable key of the compiled function, with all constants that the function uses.
        function: (distribution over x, int32 `[2]`: seed and number of the batch) -> tensors.
        code: z, `[N, D]`.
        batch_size: codes at a time.
        event_shape: shape of an example, if it may vary.
        seed: an integer, as in `map_batches`.
    """
    validation.check_counts(batch_size=batch_size)
    code = np.asarray(code, "float32")
    event_shape = inputs.as_event_shape(model, event_shape)

    def decoded(z, seed):
        return function(forward.decode(model, z, event_shape), seed)

    program, parts = compiled(model, (name, str(event_shape)), decoded), []
    for i, start in enumerate(range(0, len(code), batch_size)):
        z, seeds = tf.constant(code[start : start + batch_size]), tf.constant([seed, i])
        parts.append(for_any_rows(program, z, seeds)(z, seeds))
    arrays = keras.tree.map_structure(lambda *leaves: np.concatenate(leaves), *parts)
    return model.preprocessor.from_array(arrays)


def decode_means(model, code, batch_size=256, event_shape=None):
    """E[x|z] for codes `[N, ...]`, as an array."""
    return map_codes(model, "decode", lambda p, seed: p.mean(), code, batch_size, event_shape)


def first(x, n):
    """The first n examples of an array or a stream, in memory."""
    if not streams.is_stream(x):
        return nested.take_rows(x, slice(n))
    parts, row_count = [], 0
    for element in streams.elements(x):
        part = nested.take_rows(x_in_memory(element), slice(n - row_count))
        parts.append(part)
        row_count += nested.row_count(part)
        if row_count == n:
            break
    if not parts:
        raise ValueError("data must hold at least one batch, got an empty dataset")
    return _joined(parts)


def x_in_memory(element):
    """x of a dataset's element, as arrays."""
    return _in_memory(streams.x_of(element))


def _in_memory(x):
    """Tensors as arrays, or as lists where rows differ in length."""
    if isinstance(x, dict):
        return {name: _in_memory(value) for name, value in x.items()}
    return [row.numpy() for row in x] if isinstance(x, tf.RaggedTensor) else np.asarray(x)


def _joined(parts):
    """Batches as one array, or as a list where they differ in length."""
    if isinstance(parts[0], dict):
        return {name: _joined([part[name] for part in parts]) for name in parts[0]}
    arrays = all(isinstance(part, np.ndarray) for part in parts)
    if arrays and len({part.shape[1:] for part in parts}) == 1:
        return np.concatenate(parts)
    return [row for part in parts for row in part]
