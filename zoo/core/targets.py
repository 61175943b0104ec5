"""Checks of labels y and of sample weights, which stand beside x."""

import keras
import numpy as np

from zoo.core import arrays, nested
from zoo.core.argument_values import is_real


def check(model, y, sample_weight, rows, argument="x", place=""):
    """y and sample_weight as arrays that fit x.

    Args:
        model: a `VAE`.
        y: labels or targets, an array or a dict of arrays; or None.
        sample_weight: a vector, or `[N, 1]`; or None.
        rows: number of examples of x.
        argument: name of x.
        place: " (batch 2)" for a stream's batch.

    Returns:
        (y, sample_weight): arrays, or None.

    Raises:
        TypeError, ValueError: y or the weights are not numbers, or do not fit x.
    """
    name = f"y{place}" if argument == "x" else f"y of {argument}{place}"
    y = nested.map_arrays(lambda a: arrays.unmasked(a, name, missing_allowed=False), y)
    sample_weight = arrays.unmasked(sample_weight, "sample_weight", missing_allowed=False)
    if y is not None:
        y = _labels(y, rows, name, argument)
        model.latents.check_labels(y, name)
    if sample_weight is not None:
        name = name.replace("y", "sample_weight", 1)
        sample_weight = weights(sample_weight, rows, name, argument)
    return y, sample_weight


def _labels(y, rows, name, argument):
    if isinstance(y, dict):
        return {key: _labels(value, rows, f"{name}[{key!r}]", argument) for key, value in y.items()}
    array = _array(y, name, "labels or targets")
    _check_rows(array, rows, name, argument)
    return array


def weights(sample_weight, rows, name="sample_weight", argument="x"):
    """Sample weights as a float32 vector of `rows` finite numbers of at least 0."""
    array = _array(sample_weight, name, "a weight")
    _check_rows(array, rows, name, argument)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or not np.isfinite(array).all() or (array < 0).any():
        raise ValueError(
            f"{name} must be a vector of finite numbers of at least 0, "
            f"got shape {array.shape}"
            + (f", from {array.min()} to {array.max()}" if array.size else "")
        )
    return array.astype("float32")


def _array(values, name, purpose):
    """values as an array of real numbers."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        array = np.empty(0, object)
    if array.dtype.kind not in "biuf":
        kind = f"dtype {array.dtype}" if array.ndim else type(values).__name__
        raise TypeError(f"{name} must hold numbers, {purpose} for each example, got {kind}")
    return array


def _check_rows(array, rows, name, argument):
    if not array.ndim:
        raise ValueError(
            f"{name} must have {rows} rows, as many as {argument}, got the single number {array}: "
            f"np.full({rows}, {array}) has it for each example"
        )
    if len(array) != rows:
        raise ValueError(f"{name} must have {rows} rows, as many as {argument}, got {len(array)}")


def check_class_weight(class_weight):
    """Raise unless class_weight is None or a dict of class -> finite number of at least 0."""
    if class_weight is None:
        return
    if not isinstance(class_weight, dict):
        raise TypeError(
            "class_weight must be a dict, class -> weight, got "
            f"{type(class_weight).__name__} {class_weight!r}"
        )
    for label, weight in class_weight.items():
        number = isinstance(weight, (int, float, np.number)) and np.isfinite(weight)
        if not number or weight < 0 or not (is_real(label) and float(label).is_integer()):
            raise ValueError(
                "class_weight must map class numbers to finite weights of at least 0, "
                f"got {label!r}: {weight!r}"
            )


def with_class_weight(y, sample_weight, class_weight):
    """Sample weights times the weights of the classes y.

    Args:
        y: classes `[N]` or `[N, 1]`, or one-hot `[N, C]`.
        sample_weight: a vector, or None.
        class_weight: class -> weight, 1 for a class that it lacks; or None.
    """
    if class_weight is None:
        return sample_weight
    weights = np.array([class_weight.get(c, 1.0) for c in _classes(y)], "float32")
    return weights if sample_weight is None else weights * sample_weight


def check_class_weight_of(y, class_weight):
    """Raise `ValueError` if no label of the training data y has a weight, as after a typing error.

    A single batch may lack all classes that have one, so this is for whole data.
    """
    classes = sorted(set(_classes(y)))
    if class_weight and not any(c in class_weight for c in classes):
        raise ValueError(
            f"class_weight must have a class of y, which has {_some(classes)}, got "
            f"{_some(class_weight)}"
        )


def _classes(y):
    """Classes as a list of integers."""
    if y is None:
        raise ValueError("class_weight needs labels y, got y=None")
    y = np.zeros(0, object) if isinstance(y, dict) else arrays.as_array(y, "y")
    if y.ndim == 2:
        y = y[:, 0] if y.shape[1] == 1 else y.argmax(1)
    if y.ndim != 1 or y.dtype.kind not in "biuf":
        raise ValueError(
            "class_weight needs classes y [N], [N, 1] or one-hot [N, C], got "
            f"{'a dict' if y.dtype == object else f'shape {y.shape} of dtype {y.dtype}'}"
        )
    return [round(float(c)) for c in y]


def _some(values):
    """The first values as text."""
    return ", ".join(map(str, list(values)[:5])) + ", ..." * (len(values) > 5)


def squeezed(sample_weight, name="sample_weight"):
    """Sample weights of a dataset's batch as a vector; the shape is checked when it is traced."""
    rank = sample_weight.shape.rank
    if rank == 2 and sample_weight.shape[1] == 1:
        return keras.ops.squeeze(sample_weight, 1)
    if rank != 1:
        raise ValueError(
            f"{name} must be a vector [batch], got batches of shape {sample_weight.shape}"
        )
    return sample_weight


def rows_of(x):
    """Number of examples of x as a user passes it; None where that shows only later."""
    try:
        return nested.row_count(x)
    except (TypeError, StopIteration, AttributeError):
        return None
