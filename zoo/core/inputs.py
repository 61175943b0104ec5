"""Errors that name the argument, what came and what was expected, before anything is computed."""

import contextlib
import re

import keras
import numpy as np
import tensorflow as tf

from zoo.core import nested
from zoo.core.validation import check_finite


def array(model, x, argument):
    """x as an array that this model can take, checked; builds the model from its shape.

    Raises:
        TypeError: x is no numeric array.
        ValueError: x is empty, or has a rank, a shape or values that the model cannot take.
    """
    x = numeric(prepared(model, x, argument), argument)
    event(model, x, argument)
    model.decoder.likelihood.check(x, argument)
    model.latents.check(x, argument)
    return x


def batch(model, element, argument):
    """The same for x in an element of a dataset."""
    x = prepared(model, inputs(element), argument)
    try:
        x = numeric(x, argument)
        event(model, x, argument)
    except ValueError as error:  # of the shape
        raise ValueError(f"{error} (a dataset must give batches: dataset.batch(n))") from None
    model.decoder.likelihood.check(x, argument)
    model.latents.check(x, argument)
    return x


def inputs(element):
    """x, of (x, y, ...) or alone."""
    return element[0] if isinstance(element, tuple) else element


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
    """x as a numeric NumPy array with at least one row; or a dict of such."""
    if isinstance(x, dict):
        return {name: numeric(value, f"{argument}[{name!r}]") for name, value in x.items()}
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
    got = model.decoder.likelihood.event_shape(x)
    if not model.built:
        # Variables must exist outside of any graph, and under the model's strategy.
        with tf.init_scope(), model.distribute_strategy.scope():
            model.build(nested.change(lambda shape: (None, *shape), got))
            model.built = True
        return
    expected = model.free_event_shape
    pairs = [(argument, got, expected)]
    if isinstance(got, dict):
        pairs = [(f"{argument}[{name!r}]", got[name], expected[name]) for name in got]
    for name, *both in pairs:
        _fits(*both, name)


def _fits(got, expected, argument):
    fits = len(got) == len(expected) and all(
        b is None or a == b for a, b in zip(got, expected, strict=True)
    )
    if not fits:
        raise ValueError(
            f"{argument} has examples of shape {got}, "
            f"expected {expected}, the shape that this model was built for"
        )


def codes(model, z):
    """z as a float32 tensor `[N, D]` that fits the latents."""
    built(model)
    z = tf.cast(z, tf.float32)
    if not tf.is_symbolic_tensor(z):
        check_finite(z.numpy(), "z")
    expected = (model.latents.latent_dim,)
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


def training_data(model, x, y, sample_weight, argument="x"):
    """Check what `fit` or its validation was given; build the model; x as an array or a stream."""
    beside = (("y", y), ("sample_weight", sample_weight))
    if isinstance(x, tf.data.Dataset):
        for name, other in beside:
            if other is not None:
                raise ValueError(
                    f"{name} must be None where {argument} is a dataset: let it give tuples "
                    "(x, y, sample_weight)"
                )
        return _dataset(model, x, argument)
    if is_stream(x):  # Keras reads generators; the model is built by their first batch
        if isinstance(x, keras.utils.PyDataset):
            _no_strings(inputs(x[0]), argument)
        return x
    x = array(model, x, argument)
    for name, other in beside:
        if other is not None and len(other) != nested.rows(x):
            raise ValueError(
                f"{name} has {len(other)} rows, expected {nested.rows(x)}, as many as {argument}"
            )
    if y is not None:
        model.latents.check_labels(y, _of(argument))
    if sample_weight is not None:
        _weights(np.asarray(sample_weight))
    return x


def _of(argument, place=""):
    """The name of y beside x, or beside the x of an argument."""
    return f"y{place}" if argument == "x" else f"y of {argument}{place}"


def _no_strings(x, argument):
    if np.asarray(x).dtype.kind in "OSU":
        raise TypeError(f"{argument} gives strings: these come in arrays or a tf.data.Dataset")


def _weights(weights):
    if weights.ndim != 1 or not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError(
            "sample_weight must be a vector of finite numbers of at least 0, "
            f"got shape {weights.shape}, from {weights.min()} to {weights.max()}"
        )


def _dataset(model, dataset, argument):
    """The dataset, checked by its first batch, which checks each other one as it comes."""
    for element in dataset.take(1):
        batch(model, element, f"{argument} (its first batch)")
        return _checked(model, dataset, argument)
    raise ValueError(f"{argument} must hold at least one batch, got an empty dataset")


def _checked(model, dataset, argument):
    """The dataset with each batch checked; strings and ragged batches read, as XLA has neither."""
    likelihood = model.decoder.likelihood

    def one(number, element):
        x, strings = inputs(element), _is_of_strings(inputs(element))
        if strings or not isinstance(x, tf.Tensor):
            x = likelihood.read(x)
        # Any string is a text.
        parts = ([] if strings else [x], element[1:2] if isinstance(element, tuple) else ())

        def check(number, *leaves):
            inputs, labels = tf.nest.pack_sequence_as(parts, leaves)
            for found in inputs:
                array(model, found, f"{argument} (batch {number + 1})")
            for found in labels:
                model.latents.check_labels(found, _of(argument, f" (batch {number + 1})"))
            return np.int32(0)  # TensorFlow wants a result

        tf.numpy_function(check, [number, *tf.nest.flatten(parts)], tf.int32)
        return (x, *element[1:]) if isinstance(element, tuple) else x

    return dataset.enumerate().map(one).prefetch(1)


def _is_of_strings(x):
    return not isinstance(x, dict) and x.dtype == tf.string


@contextlib.contextmanager
def plain_errors():
    """Let an error that a dataset's check raised be itself, without TensorFlow's trace around."""
    try:
        yield
    except tf.errors.OpError as error:
        found = re.search(
            r"(Type|Value)Error: ([\w ]+ \(batch \d+\).*?)\nTraceback", error.message, re.S
        )
        if found is None:
            raise
        raise {"Type": TypeError, "Value": ValueError}[found[1]](found[2]) from None
