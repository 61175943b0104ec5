"""Errors that name the argument, what came and what was expected, before anything is computed."""

import keras
import numpy as np
import tensorflow as tf


def array(model, x, argument):
    """x as an array that this model can take, checked; builds the model from its shape.

    Raises:
        TypeError: x is no numeric array.
        ValueError: x is empty, or has a rank, a shape or values that the model cannot take.
    """
    x = numeric(prepared(model, x, argument), argument)
    event(model, x, argument)
    model.decoder.likelihood.check(x, argument)
    return x


def prepared(model, x, argument="x"):
    """x as the model's likelihood reads it: an array, but for what comes batch by batch."""
    given(x, argument)
    if is_stream(x):
        return x
    return model.decoder.likelihood.prepare(x, argument)


def given(x, argument="x"):
    """Raise `TypeError` where x is nothing that holds examples."""
    if isinstance(x, (str, bytes)) or x is None:
        raise TypeError(f"{argument} must be an array or a dataset, got {type(x).__name__}")


def is_stream(x):
    """Whether x comes batch by batch."""
    streams = (tf.data.Dataset, keras.utils.PyDataset)
    return isinstance(x, streams) or hasattr(x, "__next__")


def numeric(x, argument):
    """x as a numeric NumPy array with at least one row."""
    x = x if isinstance(x, np.ndarray) else np.asarray(x)
    if not (np.issubdtype(x.dtype, np.number) or x.dtype == bool):
        raise TypeError(f"{argument} must be numeric, got an array of dtype {x.dtype}")
    if np.iscomplexobj(x):
        raise TypeError(f"{argument} must be real, got an array of dtype {x.dtype}")
    if x.ndim < 2:
        raise ValueError(
            f"{argument} must have a batch dimension and at least one more, got shape {x.shape}"
            + (": one example needs x[None]" if x.ndim == 1 and x.size else "")
        )
    if 0 in x.shape:
        raise ValueError(f"{argument} must hold at least one example, got shape {x.shape}")
    return x


def event(model, x, argument="x"):
    """Raise unless the batch x has the shape the model was built for; build it if it was not."""
    if not model.built:
        # Variables must exist outside of any graph, and under the model's strategy.
        with tf.init_scope(), model.distribute_strategy.scope():
            model.build((None, *x.shape[1:]))
            model.built = True
        return
    expected, got = model.free_event_shape, tuple(x.shape[1:])
    fits = len(got) == len(expected) and all(
        b is None or a == b for a, b in zip(got, expected, strict=True)
    )
    if not fits:
        raise ValueError(
            f"{argument} has examples of shape {got}, "
            f"expected {expected}, the shape that this model was built for"
        )


def codes(model, z):
    """z as a float32 tensor `[N, D]` that fits the decoder."""
    built(model)
    z = tf.cast(z, tf.float32)
    expected = tuple(model.latents.code_shape)
    if tuple(z.shape[1:]) != expected:
        raise ValueError(
            f"z must have shape [N, {', '.join(map(str, expected))}], got {tuple(z.shape)}"
        )
    return z


def built(model):
    """Raise unless the model knows its shapes."""
    if not model.built:
        raise ValueError(
            "this model has no shapes yet: call fit or encode first, or give zoo.get input_shape="
        )


def count(**arguments):
    """Raise unless each argument is a positive integer."""
    for name, value in arguments.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueError(f"{name} must be a positive integer, got {value!r}")


def training_data(model, x, y, sample_weight, argument="x"):
    """Check what `fit` or its validation was given; build the model; x as an array or a stream."""
    if isinstance(x, tf.data.Dataset):
        _dataset(model, x, argument)
        return _read(model, x)
    if is_stream(x):  # Keras reads generators; the model is built by their first batch
        if isinstance(x, keras.utils.PyDataset):
            _no_strings(x[0][0] if isinstance(x[0], tuple) else x[0], argument)
        return x
    x = array(model, x, argument)
    for name, other in (("y", y), ("sample_weight", sample_weight)):
        if other is not None and len(other) != len(x):
            raise ValueError(
                f"{name} has {len(other)} rows, expected {len(x)}, as many as {argument}"
            )
    if sample_weight is not None:
        _weights(np.asarray(sample_weight))
    return x


def _no_strings(x, argument):
    if np.asarray(x).dtype.kind in "OSU":
        raise TypeError(f"{argument} gives strings: these come in arrays or a tf.data.Dataset")


def _read(model, dataset):
    """The dataset with strings read: XLA has none, so they must not come as far as a step."""
    spec = dataset.element_spec
    first = spec[0] if isinstance(spec, tuple) else spec
    if getattr(first, "dtype", None) != tf.string:
        return dataset
    read = model.decoder.likelihood.read
    if isinstance(spec, tuple):
        return dataset.map(lambda x, *others: (read(x), *others))
    return dataset.map(read)


def _weights(weights):
    if weights.ndim != 1 or not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError(
            "sample_weight must be a vector of finite numbers of at least 0, "
            f"got shape {weights.shape}, from {weights.min()} to {weights.max()}"
        )


def _dataset(model, dataset, argument):
    """Check a dataset by its first batch."""
    for element in dataset.take(1):
        batch = element[0] if isinstance(element, tuple) else element
        array(model, batch, f"{argument} (its first batch)")
        return
    raise ValueError(f"{argument} must hold at least one batch, got an empty dataset")
