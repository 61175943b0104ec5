"""TFDS data sets as pandas data frames, for `tables.py`."""

import numpy as np
from support.data.tfds_builder import tfds_builder
from support.run.cli import InputError


def read_frame(name, data_dir):
    """All rows of a TFDS data set whose features are numbers, classes, texts or short vectors."""
    import pandas as pd
    import tensorflow_datasets as tfds

    builder = tfds_builder(name, data_dir)
    columns = {}
    for row in tfds.as_numpy(builder.as_dataset(split="+".join(builder.info.splits))):
        for column, value in _flatten(row):
            columns.setdefault(column, []).append(value)
    frame = pd.DataFrame(columns)
    for column, feature in _flatten(builder.info.features):
        if isinstance(feature, tfds.features.ClassLabel) and column in frame:
            frame[column] = [feature.int2str(int(c)) if c >= 0 else None for c in frame[column]]
    return frame


def _flatten(features):
    """Yield pairs (name, value) of a possibly nested example; vectors become name_0, name_1."""
    if not hasattr(features, "items"):
        raise InputError(
            "--dataset", "expected rows with named columns, got no names; choose another data set"
        )
    for name, value in features.items():
        if hasattr(value, "items"):
            yield from _flatten(value)
        elif isinstance(value, np.ndarray) and value.ndim == 1 and value.size <= 64:
            yield from ((f"{name}_{i}", number) for i, number in enumerate(value))
        elif isinstance(value, np.ndarray) and value.ndim:
            raise InputError(
                "--dataset",
                f"expected numbers, texts or vectors of at most 64 numbers, got feature {name!r} "
                f"of shape {value.shape}; choose another data set",
            )
        else:
            yield name, value.decode() if isinstance(value, bytes) else value
