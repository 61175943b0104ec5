"""Data frames: what estimators of tables take, and pandas, which is imported on demand.

All tables become pandas' data frames. pandas is the one library whose dtypes cover what tables hold
(nullable, categorical, arrow-backed, time zones), it is in the extra `recipes`, and frames of other
libraries convert to it.
"""

import importlib
import os
import pathlib

import numpy as np

from zoo.core import arrays

READERS = {".csv": "read_csv", ".parquet": "read_parquet"}


def pandas():
    """The module pandas.

    Raises:
        ImportError: pandas is not installed.
    """
    try:
        return importlib.import_module("pandas")
    except ModuleNotFoundError as error:
        raise ImportError(
            f"tables with named columns need {error.name}: pip install 'zoo-vae[recipes]'"
        ) from error


def as_frame(x, argument="X"):
    """x as a pandas `DataFrame`, which is not a copy if x is one.

    Args:
        x: a `DataFrame`; an object with `to_pandas()`, such as a frame of polars or a table of
            pyarrow; a path of a CSV or Parquet file; or an array `[N, columns]`, whose columns get
            the names x0, x1, ....
        argument: name of x in errors.

    Raises:
        TypeError: x is something else.
        ValueError: the shape is wrong, or column names repeat or are not texts.
    """
    pd = pandas()
    if isinstance(x, (str, os.PathLike)):
        return _checked(_read(pathlib.Path(x), argument), argument)
    if isinstance(x, pd.DataFrame):
        return _checked(x, argument)
    if hasattr(x, "to_pandas"):
        return as_frame(x.to_pandas(), argument)
    if hasattr(x, "toarray"):
        raise TypeError(
            f"{argument} must be dense, got a sparse {type(x).__name__}: use {argument}.toarray()"
        )
    if hasattr(x, "frames"):
        raise TypeError(
            f"{argument} must fit in memory here, got {type(x).__name__}: iterate over it, and "
            "pass one frame at a time"
        )
    array = arrays.as_array(arrays.unmasked(x), argument)
    if array.ndim != 2:
        raise ValueError(
            f"{argument} must be a table [N, columns], got shape {array.shape}. Reshape your data "
            "with array.reshape(-1, 1) if it has one column, or array.reshape(1, -1) if one row"
        )
    if array.dtype.kind == "c":
        raise ValueError(f"{argument} must hold real numbers. Complex data not supported")
    return _checked(pd.DataFrame(array, columns=[f"x{i}" for i in range(array.shape[1])]), argument)


def _read(path, argument):
    if path.suffix not in READERS:
        raise ValueError(
            f"{argument} must be a file of {' or '.join(READERS)}, got {str(path)!r}: read it "
            "with pandas and pass the DataFrame"
        )
    if not path.is_file():
        raise FileNotFoundError(f"{argument} must be a file, got {str(path)!r}, which is not one")
    return getattr(pandas(), READERS[path.suffix])(path)


def _checked(frame, argument):
    """The frame, if it has rows, and columns of different names that are texts."""
    if not len(frame):
        raise ValueError(f"{argument} must have rows. Found array with 0 sample(s)")
    if not frame.shape[1]:
        raise ValueError(
            f"{argument} must have columns. Found array with 0 feature(s) (shape={frame.shape}) "
            "while a minimum of 1 is required."
        )
    names = [*frame.columns]
    if other := [name for name in names if not isinstance(name, str)]:
        raise TypeError(
            f"{argument} must have names of columns that are texts, got {other[0]!r}: use "
            f"{argument}.rename(columns=str)"
        )
    if len({*names}) < len(names):
        double = next(name for name in names if names.count(name) > 1)
        raise ValueError(
            f"{argument} must have different column names, got {double!r} twice: rename one"
        )
    return frame


def require_columns(frame, names, argument="X"):
    """The frame with these columns in this order; others are dropped.

    Raises:
        ValueError: a column is missing.
    """
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise ValueError(
            f"{argument} must have the columns of fit, got none named {missing[0]!r} among "
            f"{[*frame.columns][:8]}"
        )
    return frame[[*names]]


def is_missing(column):
    """bool `[N]`, True where the value of a series is None, NaN, NaT or pd.NA."""
    return np.asarray(column.isna(), bool)
