"""CSV and Parquet files as pandas data frames: the first step of `tables.py` and `time_series.py`.

The columns of a table are then checked and encoded in `table_columns.py`, those of a series in
`series_files.py`.
"""

from support.run.cli import InputError, as_input_error


def read_frame(path):
    """Read --data as Parquet or, with any other suffix, as CSV; column names become strings."""
    import pandas as pd

    if not path.is_file():
        raise InputError("--data", f"expected an existing file, got {path}")
    with as_input_error("--data", ValueError, OSError):  # pandas' own errors are ValueErrors
        parquet = path.suffix.lower() == ".parquet"
        frame = pd.read_parquet(path) if parquet else pd.read_csv(path)
    frame.columns = [str(c) for c in frame.columns]
    return frame


def listing(names, maximum=12):
    """The first names for a message, comma-separated."""
    names = [str(name) for name in names]
    return ", ".join(names[:maximum]) + (", ..." if len(names) > maximum else "")


def check_column(frame, name, argument):
    """Raise an error of `argument` unless the frame has the column."""
    if name not in frame:
        raise InputError(
            argument, f"expected a column of the data, got {name!r}; it has {listing(frame)}"
        )
