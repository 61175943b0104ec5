"""dtypes and labels as JSON can hold them."""

import base64
import datetime
import decimal
import importlib

import numpy as np

from zoo.tables.frames import pandas

# Type of a label -> (name in JSON, function that writes it, function that reads it).
LABELS = {
    datetime.datetime: ("datetime", lambda v: v.isoformat(), datetime.datetime.fromisoformat),
    datetime.date: ("date", lambda v: v.isoformat(), datetime.date.fromisoformat),
    datetime.time: ("time", lambda v: v.isoformat(), datetime.time.fromisoformat),
    decimal.Decimal: ("decimal", str, decimal.Decimal),
    bytes: ("bytes", lambda v: base64.b64encode(v).decode(), base64.b64decode),
}


def label_to_plain(value, name):
    """A label as JSON can hold it.

    Args:
        value: a label of a categorical column.
        name: the column, for the error.

    Raises:
        TypeError: its type is unknown.
    """
    pd = pandas()
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        value = value.item()
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, pd.Interval):
        ends = [label_to_plain(v, name) for v in (value.left, value.right)]
        return {"interval": [*ends, value.closed]}
    if isinstance(value, pd.Timestamp):
        return {"timestamp": value.isoformat(), "unit": value.unit}
    if isinstance(value, pd.Timedelta):
        return {"timedelta": int(value.value)}
    for kind, (word, write, _) in LABELS.items():
        if type(value) is kind:
            return {word: write(value)}
    raise TypeError(
        f"column {name!r} must hold texts, numbers, truth values or times, got a value of type "
        f"{type(value).__name__}: convert it with .astype(str)"
    )


def label_from_plain(value):
    """The label that `label_to_plain` wrote."""
    pd = pandas()
    if not isinstance(value, dict):
        return value
    if "interval" in value:
        left, right, closed = value["interval"]
        return pd.Interval(label_from_plain(left), label_from_plain(right), closed)
    if "timestamp" in value:
        return pd.Timestamp(value["timestamp"]).as_unit(value["unit"])
    if "timedelta" in value:
        return pd.Timedelta(value["timedelta"])
    ((word, plain),) = value.items()
    return next(read for known, _, read in LABELS.values() if known == word)(plain)


def dtype_to_plain(dtype, name):
    """A dtype of pandas as JSON can hold it."""
    pd = pandas()
    if isinstance(dtype, pd.CategoricalDtype):
        labels = [label_to_plain(v, name) for v in dtype.categories]
        inner = dtype_to_plain(dtype.categories.dtype, name)
        return {"category": labels, "dtype": inner, "ordered": bool(dtype.ordered)}
    if isinstance(dtype, pd.ArrowDtype):
        schema = importlib.import_module("pyarrow").schema([("x", dtype.pyarrow_dtype)])
        return {"arrow": base64.b64encode(schema.serialize().to_pybytes()).decode()}
    if isinstance(dtype, pd.StringDtype):
        return {"string": dtype.storage, "nan": dtype.na_value is not pd.NA}
    return str(dtype)


def dtype_from_plain(plain):
    """The dtype that `dtype_to_plain` wrote."""
    pd = pandas()
    if isinstance(plain, str):
        return pd.api.types.pandas_dtype(plain)
    if "arrow" in plain:
        pa = importlib.import_module("pyarrow")
        schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(plain["arrow"])))
        return pd.ArrowDtype(schema.field("x").type)
    if "string" in plain:
        # pandas before 2.3 has no argument na_value, and no such dtype with NaN.
        return pd.StringDtype(plain["string"], **({"na_value": np.nan} if plain["nan"] else {}))
    labels = [label_from_plain(v) for v in plain["category"]]
    index = pd.Index(labels, dtype=dtype_from_plain(plain["dtype"]))
    return pd.CategoricalDtype(index, ordered=plain["ordered"])


def missing_to_plain(value):
    """The value of missing entries in a column of objects, as JSON can hold it."""
    pd = pandas()
    if value is pd.NA:
        return "NA"
    if value is pd.NaT:
        return "NaT"
    return "NaN" if isinstance(value, float) else None


def missing_from_plain(word):
    """The value that `missing_to_plain` wrote."""
    pd = pandas()
    return {"NA": pd.NA, "NaT": pd.NaT, "NaN": np.nan}.get(word)
