"""Description of the training data and their order, by which `zoo.Resume` recognises other data."""

import hashlib

import keras
import numpy as np
import tensorflow as tf

# Larger arrays are compared by rows at equal distances.
MAX_BYTES = 1 << 28


def describe(
    examples, *, batch_size, shuffle=True, steps_per_epoch=None, class_weight=None
) -> dict[str, str]:
    """Description as a flat dict, such as {"x": "float32 (256, 12), SHA-256 ...", "shuffle": ...}.

    Args:
        examples: `zoo.core.examples.Examples`; of a dataset or generator only the types are known.
        batch_size, shuffle, steps_per_epoch, class_weight: as in `fit`.
    """
    parts = {"x": examples.x, "y": examples.y, "sample_weight": examples.sample_weight}
    description = {
        "batch_size": str(batch_size),
        "shuffle": str(shuffle),
        "steps_per_epoch": str(steps_per_epoch),
        "class_weight": str(class_weight),
    }
    for name, part in parts.items():
        if isinstance(part, tf.data.Dataset):
            description[name] = f"dataset of {_specification(part)}"
        elif name == "x" and examples.is_stream:
            description[name] = type(part).__name__
        elif isinstance(part, dict):
            description |= {f"{name}[{key!r}]": _array(value) for key, value in part.items()}
        elif part is not None:
            description[name] = _array(part)
    return description


def _specification(dataset):
    specs = keras.tree.flatten(dataset.element_spec)
    return ", ".join(f"{spec.dtype.name} {spec.shape}" for spec in specs)


def _array(value):
    """Type, shape and a checksum of the values."""
    if isinstance(value, dict):  # the mask of present modalities
        return "; ".join(f"{key}: {_array(item)}" for key, item in value.items())
    array = np.asarray(value)
    step = max(1, -(-array.nbytes // MAX_BYTES))
    digest = hashlib.sha256()
    for row in array[::step] if array.ndim > 1 and step > 1 else (array,):
        row = np.ascontiguousarray(row)
        digest.update(repr(row.tolist()).encode() if row.dtype == object else row.tobytes())
    return f"{array.dtype} {array.shape}, SHA-256 {digest.hexdigest()[:16]}"
