"""SavedModels of the estimators of tables, which take and return raw columns by their names.

They load with TensorFlow alone. The asset `columns.json` has the columns as `Columns.to_json`
writes them, and for each input its column.
"""

import json
import pathlib
import re
import tempfile

import tensorflow as tf

from zoo.core import validation
from zoo.tables import frames
from zoo.tables.served_columns import served

ASSET = "columns.json"


class ServedColumns:
    """`Columns` as TensorFlow operations on dicts of raw columns.

    Args:
        columns: the `Columns`.
        constants: True if constant columns are inputs too.
    """

    def __init__(self, columns, constants=False):
        self.columns = columns
        parts = [p for p in columns.parts if p.classes or (constants and p.kind == "constant")]
        names = input_names([part.name for part in parts])
        self.by_input = {name: served(part) for name, part in zip(names, parts, strict=True)}

    @property
    def encoded(self):
        """Input -> served column, of those with encoded columns."""
        return {name: column for name, column in self.by_input.items() if column.part.classes}

    def specs(self):
        """Input -> `tf.TensorSpec`, `[N]`."""
        return {
            name: tf.TensorSpec([None], column.dtype, name=name)
            for name, column in self.by_input.items()
        }

    def encode(self, inputs):
        """Float64 `[N, len(classes)]` of a dict of raw columns."""
        return tf.concat([c.encode(inputs[name]) for name, c in self.encoded.items()], 1)

    def decode(self, rows, seed=None):
        """Dict of raw columns of rows `[N, len(classes)]`.

        Args:
            rows: encoded rows.
            seed: int32 `[2]`, with which rare levels are drawn; None takes the most frequent one.
        """
        rows, result = tf.cast(rows, tf.float64), {}
        for i, (name, column, at) in enumerate(self.blocks()):
            fold = tf.random.experimental.stateless_fold_in
            result[name] = column.decode(rows[:, at], None if seed is None else fold(seed, i))
        return result

    def blocks(self):
        """(input, served column, slice of its encoded columns) of each encoded column."""
        slices = self.columns.slices()
        return [(name, c, slices[c.part.name]) for name, c in self.encoded.items()]

    def unseen(self, inputs, rows):
        """Input -> bool `[N]`: values that fit never had, as `Columns.unseen`."""
        slices, result = self.columns.slices(), {}
        for name, column in self.by_input.items():
            if column.part.classes:
                known = column.is_missing(inputs[name]) & column.part.missing
                encoded = rows[:, slices[column.part.name].start]
                result[name] = tf.math.is_nan(encoded) & ~known
            else:
                result[name] = column.differs(inputs[name])
        return result

    def raw(self, frame):
        """Dict of arrays of a frame, as the SavedModel takes them."""
        return {name: column.raw(frame[column.part.name]) for name, column in self.by_input.items()}


def input_names(names):
    """Names of inputs: those of columns with "_" for what is not a letter of English or a digit."""
    result = []
    for name in names:
        plain = re.sub(r"\W", "_", name, flags=re.ASCII)
        plain = plain if re.match(r"[A-Za-z]", plain) else f"x{plain}"
        while plain in result:
            plain += "_"
        result.append(plain)
    return result


def serving_inputs(estimator, X):  # noqa: N803
    """Raw columns of a frame, as the SavedModel of an estimator takes them: input -> array `[N]`.

    Numbers are float64, where NaN is missing, integers int64. Times and durations are int64 in the
    unit of the column's dtype, such as nanoseconds since 1970 (days of a time zone since its own
    midnight of that day), dates are days since the year 1; the smallest int64 is missing. Texts,
    categories and truth values are texts, where "" is missing.

    Args:
        estimator: a fitted estimator of data frames.
        X: frame with its columns.

    Raises:
        TypeError: the estimator is not one that has been fitted to a data frame.
    """
    frame = frames.as_frame(X)
    # Estimators are not imported here, because they import this module.
    if not hasattr(estimator, "_served_columns") or getattr(estimator, "columns_", None) is None:
        raise TypeError(
            "estimator must be an estimator of zoo that has been fitted to a data frame, got "
            f"{estimator!r:.80}"
        )
    served_columns = estimator._served_columns()
    names = [column.part.name for column in served_columns.by_input.values()]
    return served_columns.raw(frames.require_columns(frame, names))


def write(path, served_columns, functions):
    """Write a SavedModel.

    Args:
        path: folder to write.
        served_columns: `ServedColumns`.
        functions: signature -> (function, specs of its arguments); the first one is the default.
    """
    validation.check_path(path=path)
    traced = {
        name: tf.function(function, autograph=False).get_concrete_function(*specs)
        for name, (function, specs) in functions.items()
    }
    module = tf.Module()
    module.weights = list({id(v): v for f in traced.values() for v in f.variables}.values())
    module.resources = [r for c in served_columns.by_input.values() for r in c.resources]
    for name, function in traced.items():
        setattr(module, name, function)
    with tempfile.TemporaryDirectory() as folder:
        asset = pathlib.Path(folder) / ASSET
        asset.write_text(_document(served_columns))
        module.columns = tf.saved_model.Asset(str(asset))
        default = {"serving_default": traced[next(iter(traced))]}
        tf.saved_model.save(module, str(path), signatures={**traced, **default})


def _document(served_columns):
    inputs = {name: column.part.name for name, column in served_columns.by_input.items()}
    return json.dumps({**json.loads(served_columns.columns.to_json()), "inputs": inputs})
