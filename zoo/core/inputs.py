"""Checks of data: errors name the argument, the value and what is expected."""

import contextlib
import dataclasses
import re
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo.core import nested
from zoo.core.validation import check_finite


def is_stream(x):
    """True if x comes batch by batch."""
    streams = (tf.data.Dataset, keras.utils.PyDataset)
    return isinstance(x, streams) or hasattr(x, "__next__")


def x_of(element):
    """x of a dataset's element (x, y, ...), or of an element that is x alone."""
    return element[0] if isinstance(element, tuple) else element


def require_examples(x, argument="x"):
    """Raise `TypeError` if x cannot hold examples."""
    if isinstance(x, (str, bytes)) or x is None:
        raise TypeError(f"{argument} must be an array or a dataset, got {type(x).__name__}")


def require_built(model):
    """Raise `ValueError` if the model is not built."""
    if not model.built:
        raise ValueError(
            "the model has no shapes yet: call fit or encode first, or pass input_shape= to zoo.get"
        )


def prepare(model, x, argument="x"):
    """x as a checked array that the model can take; builds the model from its shape.

    Raises:
        TypeError: x is not a numeric array.
        ValueError: x is empty, or has a rank, a shape or values that the model cannot take.
    """
    require_examples(x, argument)
    if is_stream(x):
        raise TypeError(f"{argument} must be an array here, got a {type(x).__name__}")
    x = numeric(model.preprocessor.to_array(x, argument), argument)
    match_event_shape(model, x, argument)
    return _validated(model, x, argument)


def prepare_batch(model, element, argument):
    """x of a dataset's element, checked like an array."""
    x = x_of(element)
    require_examples(x, argument)
    x = model.preprocessor.to_array(x, argument)
    try:
        x = numeric(x, argument)
        match_event_shape(model, x, argument)
    except ValueError as error:
        raise ValueError(f"{error} (a dataset must yield batches: dataset.batch(n))") from None
    return _validated(model, x, argument)


def _validated(model, x, argument):
    model.preprocessor.validate(x, argument)
    model.latents.check(x, argument)
    return x


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


def match_event_shape(model, x, argument="x"):
    """Raise unless examples of x have the model's event shape; builds a model that is not built."""
    shape = model.preprocessor.event_shape(x)
    if not model.built:
        # Variables must exist outside of any graph, and under the model's strategy.
        with tf.init_scope(), model.distribute_strategy.scope():
            model.build(nested.map_arrays(lambda sizes: (None, *sizes), shape))
            model.built = True
        return
    expected = model.decoder.free_event_shape
    if not isinstance(shape, dict):
        shape, expected, argument = {argument: shape}, {argument: expected}, "{}"
    else:
        argument += "[{!r}]"
    for name, sizes in shape.items():
        if not _fits(sizes, expected[name]):
            raise ValueError(
                f"{argument.format(name)} must have examples of shape {expected[name]}, for which "
                f"the model was built, got {sizes}"
            )


def _fits(shape, expected):
    return len(shape) == len(expected) and all(
        a is None or (a > 0 if b is None else a == b) for a, b in zip(shape, expected, strict=True)
    )


def check_event_shape(model, event_shape):
    """Raise `ValueError` unless x can be decoded with this shape; None stands for the model's."""
    if event_shape is None:
        return
    require_built(model)
    expected = model.decoder.free_event_shape
    if isinstance(expected, dict) != isinstance(event_shape, dict):
        raise ValueError(f"event_shape must be like {expected}, got {event_shape!r}")
    if not isinstance(expected, dict):
        expected, event_shape = {"event_shape": expected}, {"event_shape": event_shape}
    for name, shape in event_shape.items():
        if shape is None or tf.is_tensor(shape):
            continue
        fits = name in expected and np.iterable(shape) and _fits(tuple(shape), expected[name])
        if not fits:
            raise ValueError(
                f"event_shape must be {expected.get(name, 'of a modality')}, where None is any "
                f"positive integer, got {shape!r}"
            )


def codes(model, z):
    """z as a float32 tensor `[N, D]` that fits the latents."""
    require_built(model)
    z = tf.cast(z, tf.float32)
    if not tf.is_symbolic_tensor(z):
        check_finite(z.numpy(), "z")
    if tuple(z.shape[1:]) != (model.latents.latent_dim,):
        raise ValueError(f"z must have shape [N, {model.latents.latent_dim}], got {tuple(z.shape)}")
    return z


@dataclasses.dataclass(frozen=True)
class Examples:
    """Checked data for training or evaluation.

    Attributes:
        x: an array, a dict of arrays, or a stream that may hold y and weights too.
        y: labels, or None.
        sample_weight: a vector, or None.
    """

    x: Any
    y: Any = None
    sample_weight: Any = None

    @property
    def is_stream(self):
        """True if x comes batch by batch."""
        return is_stream(self.x)

    def as_tuple(self):
        """(x,), (x, y) or (x, y, sample_weight), without trailing Nones."""
        if self.sample_weight is not None:
            return self.x, self.y, self.sample_weight
        return (self.x,) if self.y is None else (self.x, self.y)


def examples(model, x, y=None, sample_weight=None, argument="x"):
    """Check the data passed to `fit`, `evaluate` or `predict`; builds the model.

    Returns:
        `Examples`.
    """
    if isinstance(x, tf.data.Dataset):
        for name, value in (("y", y), ("sample_weight", sample_weight)):
            if value is not None:
                raise ValueError(
                    f"{name} must be None if {argument} is a dataset; yield (x, y, sample_weight) "
                    "instead"
                )
        return Examples(_checked_dataset(model, x, argument))
    if is_stream(x):  # Keras reads generators, and their first batch builds the model
        if isinstance(x, keras.utils.PyDataset):
            _refuse_strings(x_of(x[0]), argument)
        return Examples(x, y, sample_weight)
    x = prepare(model, x, argument)
    y = nested.unmasked(y, _label_name(argument), missing_allowed=False)
    sample_weight = nested.unmasked(sample_weight, "sample_weight", missing_allowed=False)
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None and len(value) != nested.row_count(x):
            raise ValueError(
                f"{name} must have {nested.row_count(x)} rows, as many as {argument}, "
                f"got {len(value)}"
            )
    if y is not None:
        model.latents.check_labels(y, _label_name(argument))
    if sample_weight is not None:
        _check_weights(np.asarray(sample_weight))
    return Examples(x, y, sample_weight)


def _label_name(argument, place=""):
    """Name of y beside x, or beside the x of another argument."""
    return f"y{place}" if argument == "x" else f"y of {argument}{place}"


def _refuse_strings(x, argument):
    if np.asarray(x).dtype.kind in "OSU":
        raise TypeError(
            f"{argument} must be an array or a tf.data.Dataset where x is strings, got a PyDataset"
        )


def _check_weights(weights):
    if weights.ndim != 1 or not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError(
            "sample_weight must be a vector of finite numbers of at least 0, "
            f"got shape {weights.shape}, from {weights.min()} to {weights.max()}"
        )


def _checked_dataset(model, dataset, argument):
    """Check the dataset's first batch now; return the dataset, which checks each further batch."""
    for element in dataset.take(1):
        prepare_batch(model, element, f"{argument} (its first batch)")
        return dataset.enumerate().map(_BatchCheck(model, argument)).prefetch(1)
    raise ValueError(f"{argument} must hold at least one batch, got an empty dataset")


class _BatchCheck:
    """Map (number, element) to the element, checked on the host.

    Strings and ragged batches become tensors here, because XLA supports neither.
    """

    def __init__(self, model, argument):
        self.model, self.argument = model, argument

    def __call__(self, number, element):
        x = x_of(element)
        strings = not isinstance(x, dict) and x.dtype == tf.string
        if strings or not isinstance(x, tf.Tensor):
            x = self.model.preprocessor.to_dense(x)
        # Strings need no check: any string is a text.
        parts = ([] if strings else [x], element[1:2] if isinstance(element, tuple) else ())

        def check(number, *leaves):
            arrays, labels = tf.nest.pack_sequence_as(parts, leaves)
            place = f" (batch {number + 1})"
            for array in arrays:
                prepare(self.model, array, self.argument + place)
            for y in labels:
                self.model.latents.check_labels(y, _label_name(self.argument, place))
            return np.int32(0)  # numpy_function needs a result

        tf.numpy_function(check, [number, *tf.nest.flatten(parts)], tf.int32)
        return (x, *element[1:]) if isinstance(element, tuple) else x


@contextlib.contextmanager
def plain_errors():
    """Re-raise the error of a dataset's check without the TensorFlow error that wraps it."""
    try:
        yield
    except tf.errors.OpError as error:
        match = re.search(
            r"(Type|Value)Error: ([\w ]+ \(batch \d+\).*?)\nTraceback", error.message, re.S
        )
        if match is None:
            raise
        raise {"Type": TypeError, "Value": ValueError}[match[1]](match[2]) from None
