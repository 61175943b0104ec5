"""Streams as `tf.data.Dataset`s whose batches are checked as arrays are, each when it is read."""

import contextlib
import itertools
import re

import numpy as np
import tensorflow as tf

from zoo.core import inputs, nested, streams, targets

NAMES = ("x", "y", "sample_weight")


def checked_dataset(model, stream, argument="x", order=None):
    """A `tf.data.Dataset` of (x,), (x, y) or (x, y, sample_weight) from any stream.

    The first batch is checked now, and builds the model; each batch is checked when it is read.

    Args:
        model: a `VAE`.
        stream: a stream.
        argument: name of x, for errors.
        order: order of the batches of a `PyDataset`, as in `streams.elements`.
    """
    if isinstance(stream, tf.data.Dataset):
        return _checked_in_graph(model, stream, argument)
    return _HostBatches(model, stream, argument, order).dataset()


def _checked_in_graph(model, dataset, argument):
    for element in dataset.take(1):
        check_element(model, element, argument, " (its first batch)")
        return dataset.enumerate().map(_BatchCheck(model, argument, element)).prefetch(1)
    raise _empty(argument)


def check_element(model, element, argument, place):
    """(x, y, sample_weight) of a stream's element as checked arrays."""
    x, y, sample_weight = streams.unpack(element, argument + place)
    x = inputs.prepare_batch(model, x, argument + place)
    y, sample_weight = (_as_arrays(part) for part in (y, sample_weight))
    rows = nested.row_count(x)
    return x, *targets.check(model, y, sample_weight, rows, argument, place)


def _as_arrays(tree):
    return tf.nest.map_structure(np.asarray, tree) if isinstance(tree, dict) else tree


def _empty(argument):
    return ValueError(f"{argument} must hold at least one batch, got an empty dataset")


class _BatchCheck:
    """Map (number, element) to the element, checked on the host.

    Strings and ragged batches become tensors here, because XLA supports neither. Tensors of unknown
    shape, as `from_generator` and `py_function` make them, get the shape of the first batch.
    """

    def __init__(self, model, argument, first):
        self.model, self.argument = model, argument
        self.first = streams.unpack(first, argument)

    def __call__(self, number, element):
        parts = streams.unpack(element, self.argument)
        event_shapes = (self.model.decoder.free_event_shape, None, None)
        x, y, sample_weight = map(_with_shape, parts, self.first, event_shapes)
        strings = not isinstance(x, dict) and x.dtype == tf.string
        if strings or not isinstance(x, tf.Tensor):
            x = self.model.preprocessor.to_dense(x)
        if sample_weight is not None:
            sample_weight = targets.squeezed(sample_weight)
        # Strings need no check: any string is a text.
        parts = {"x": None if strings else x, "y": y, "sample_weight": sample_weight}
        parts = {name: part for name, part in parts.items() if part is not None}
        rows = tf.shape(tf.nest.flatten(x)[0])[0]

        def check(number, rows, *leaves):
            place = f" (batch {number + 1})"
            arrays = tf.nest.pack_sequence_as(parts, leaves)
            if "x" in arrays:
                inputs.prepare(self.model, arrays["x"], self.argument + place)
            beside = arrays.get("y"), arrays.get("sample_weight")
            targets.check(self.model, *beside, int(rows), self.argument, place)
            return np.int32(0)  # numpy_function needs a result

        tf.numpy_function(check, [number, rows, *tf.nest.flatten(parts)], tf.int32)
        return (x, y, sample_weight)[: len(element)] if isinstance(element, tuple) else x


def _with_shape(part, first, event_shape=None):
    """A tensor, or a dict of them, with the rank of the first batch and the model's event shape."""
    if isinstance(part, dict):
        shapes = event_shape or {}
        return {name: _with_shape(part[name], first[name], shapes.get(name)) for name in part}
    if isinstance(part, tf.Tensor) and first.shape.rank:
        sizes = [None] * (first.shape.rank - 1)
        if event_shape is not None and len(event_shape) == len(sizes):
            sizes = event_shape
        part.set_shape([None, *sizes])
    return part


class _HostBatches:
    """Batches of a Python stream: checked, and in the types and shapes of the first one."""

    def __init__(self, model, stream, argument, order):
        self.model, self.stream, self.argument, self.order = model, stream, argument, order
        self._peeked = []  # of a stream that can be read only once
        arrays = check_element(model, self._first(), argument, " (its first batch)")
        self.specs = {
            name: _specs(part, shapes, dtype)
            for name, part, shapes, dtype in zip(
                NAMES,
                arrays,
                (model.decoder.free_event_shape, None, None),
                (_dtypes(model.preprocessor), None, None),
                strict=True,
            )
            if part is not None
        }

    def _first(self):
        one_shot = streams.is_one_shot(self.stream)
        iterator = self.stream if one_shot else streams.elements(self.stream)
        for element in iterator:
            if one_shot:
                self._peeked.append(element)
            return element
        raise _empty(self.argument)

    def dataset(self):
        """The `tf.data.Dataset`."""
        dataset = tf.data.Dataset.from_generator(self._batches, output_signature=self.specs)
        count = streams.length(self.stream)
        if count is not None:
            dataset = dataset.apply(tf.data.experimental.assert_cardinality(count))
        # Without the Nones behind x.
        names = NAMES[: 1 + max(NAMES.index(name) for name in self.specs)]
        return dataset.map(lambda parts: tuple(parts.get(name) for name in names)).prefetch(1)

    def _batches(self):
        """Checked batches of one pass, as dicts."""
        peeked, self._peeked = self._peeked, []
        for i, element in enumerate(
            itertools.chain(peeked, streams.elements(self.stream, self.order))
        ):
            place = f" (batch {i + 1})"
            arrays = check_element(self.model, element, self.argument, place)
            parts = dict(zip(NAMES, arrays, strict=True))
            parts = {name: part for name, part in parts.items() if part is not None}
            if parts.keys() != self.specs.keys():
                raise ValueError(
                    f"{self.argument}{place} must hold {', '.join(self.specs)} as the first batch "
                    f"does, got {', '.join(parts)}"
                )
            yield {
                name: _cast(part, self.specs[name], f"{name}{place}")
                for name, part in parts.items()
            }


def _dtypes(preprocessor):
    """The dtype of x inside the model, or of each modality."""
    parts = getattr(preprocessor, "parts", None)
    return preprocessor.dtype if parts is None else {n: part.dtype for n, part in parts.items()}


def _specs(part, shapes, dtypes):
    """`tf.TensorSpec` of a batch of any number of rows, or a dict of them."""
    if isinstance(part, dict):
        shapes, dtypes = shapes or {}, dtypes or {}
        return {n: _specs(a, shapes.get(n), dtypes.get(n)) for n, a in part.items()}
    # Floats stay as exact as they came: the preprocessor subtracts a mean before it rounds.
    dtype = np.result_type(part.dtype, dtypes) if dtypes == "float32" else part.dtype
    return tf.TensorSpec([None, *(part.shape[1:] if shapes is None else shapes)], dtype)


def _cast(part, spec, name):
    """Arrays in the types of the first batch's."""
    if isinstance(part, dict):
        return {key: _cast(array, spec[key], f"{name}[{key!r}]") for key, array in part.items()}
    dtype = spec.dtype.as_numpy_dtype
    if not np.can_cast(part.dtype, dtype, "same_kind"):
        raise TypeError(
            f"{name} must be of dtype {np.dtype(dtype)} as the first batch is, got {part.dtype}"
        )
    return part.astype(dtype, copy=False)


@contextlib.contextmanager
def plain_errors():
    """Re-raise the error of a dataset's check without the TensorFlow error that wraps it.

    `is_refused_batch` recognises it, in `fit` also where `evaluate` has raised it.
    """
    try:
        yield
    except tf.errors.OpError as error:
        match = re.search(
            r"(Type|Value)Error: ([\w ]+ \(batch \d+\).*?)\nTraceback", error.message, re.S
        )
        if match is None:
            raise
        refusal = {"Type": TypeError, "Value": ValueError}[match[1]](match[2])
        refusal.of_batch = True
        raise refusal from None


def is_refused_batch(error):
    """True for an error that `plain_errors` has raised: the check of a batch."""
    return getattr(error, "of_batch", False)
