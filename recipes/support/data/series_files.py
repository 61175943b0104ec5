"""Columns of a CSV or Parquet file as a series, read and checked, for `time_series.py`."""

import contextlib

import numpy as np
from support.data import table_files
from support.data.series import Series
from support.run.cli import InputError, as_input_error


def load(options):
    """Load the `Series` of the file --data and the options about its columns."""
    name, frame = options.data.name, table_files.read_frame(options.data)
    frame = frame.reset_index(drop=True)  # errors count rows of the file, with --where as well
    if options.where is not None:
        name, frame = f"{name}, {options.where}", _where(frame, options.where)
    times = np.arange(len(frame))
    if options.time_column is not None:
        times = _times(frame, options.time_column)
        frame = frame.drop(columns=options.time_column)
    anomaly = None
    if options.label is not None:
        anomaly = _channel(frame, options.label, "--label") > 0
        frame = frame.drop(columns=options.label)
    columns = options.columns or list(frame.columns)
    if not columns:
        raise InputError(
            "--columns",
            f"expected at least one column besides time and label, got none in {options.data.name}",
        )
    values = np.stack([_channel(frame, column, "--columns") for column in columns], 1)
    if options.log_returns:
        values, times = _log_returns(values, columns, frame.index), times[1:]
        columns = [f"{column} (log return)" for column in columns]
        anomaly = None if anomaly is None else anomaly[1:]
    split = int(len(values) * (1 - options.held_out))
    shorter = min(split, len(values) - split)
    if shorter < options.window:
        raise InputError(
            "--window",
            f"expected at most {shorter} steps, got {options.window}: --held-out "
            f"{options.held_out} splits the {len(values)} steps into two parts, and the shorter "
            f"has {shorter}",
        )
    return Series(name, columns, values.astype("float32"), times, anomaly, split)


def _log_returns(prices, columns, rows):
    """log(p_t / p_(t-1)), one step fewer; `rows` are the row numbers in the file."""
    for name, x in zip(columns, prices.T, strict=True):
        if (x <= 0).any():
            step = int(np.argmax(x <= 0))
            raise InputError(
                "--log-returns",
                f"expected prices above 0, got {x[step]:g} in row {rows[step]} of column {name!r}; "
                "choose columns of prices with --columns",
            )
    return np.diff(np.log(prices), axis=0)


def _where(frame, condition):
    """The rows with VALUE in COLUMN, without that column, which is the same in all of them."""
    import pandas as pd

    name, equals, value = condition.partition("=")
    if not equals:
        raise InputError("--where", f"expected COLUMN=VALUE, got {condition!r}")
    table_files.check_column(frame, name, "--where")
    column = frame[name]
    matches = column.astype(str) == value
    if pd.api.types.is_numeric_dtype(column):  # 3 also means the 3.0 of a column with gaps
        with contextlib.suppress(ValueError):
            matches |= column == float(value)
    if not matches.any():
        known = [str(v) for v in column.dropna().unique()]
        more = f" and {len(known) - 5} more" if len(known) > 5 else ""
        raise InputError(
            "--where",
            f"expected a value of column {name!r}, got {value!r}; it has "
            f"{', '.join(known[:5])}{more}",
        )
    return frame[matches].drop(columns=name)


def _times(frame, name):
    """The time column as dates, or as numbers if it holds numbers; it must increase."""
    import pandas as pd

    table_files.check_column(frame, name, "--time-column")
    times = frame[name]
    if not pd.api.types.is_numeric_dtype(times):
        with as_input_error("--time-column", ValueError, TypeError):
            times = pd.to_datetime(times)
    if times.isna().any():
        row = frame.index[int(np.argmax(times.isna()))]
        raise InputError(
            "--time-column",
            f"expected a time in each row, got none in row {row} of column {name!r}; remove the "
            "row",
        )
    repeated = times.duplicated()
    if repeated.any():
        row = int(np.argmax(repeated))
        raise InputError(
            "--time-column",
            f"expected different times, got {times.iloc[row]} again in row {frame.index[row]} of "
            f"column {name!r}; if the file holds several series, select one, for example with "
            f"--where {_example(frame, name)}",
        )
    if not times.is_monotonic_increasing:
        row = int(np.argmax(times.diff() < times.iloc[0] - times.iloc[0])) if len(times) else 0
        raise InputError(
            "--time-column",
            f"expected increasing times, got an earlier one in row {frame.index[row]} of column "
            f"{name!r}; sort the file by it",
        )
    return times.to_numpy()


def _example(frame, time):
    """A COLUMN=VALUE that selects one of several series: no time repeats among its rows."""
    columns = frame.columns.drop(time)
    # The column that names the series has few different values.
    for name in sorted(columns, key=lambda column: frame[column].nunique()):
        if not frame.duplicated([time, name]).any():
            return f"{name}={frame[name].iloc[0]}"
    return "COLUMN=VALUE"


def _channel(frame, name, argument):
    """A numeric column as float64, NaN where it is empty; errors name the argument."""
    import pandas as pd

    table_files.check_column(frame, name, argument)
    numbers = pd.to_numeric(frame[name], errors="coerce")
    invalid = numbers.isna() & frame[name].notna()
    if invalid.any():
        row = int(np.argmax(invalid))
        raise InputError(
            argument,
            f"expected numbers, got {frame[name].iloc[row]!r} in row {frame.index[row]} of column "
            f"{name!r}; choose other columns with --columns, name the column of times with "
            "--time-column, or select one of several series with --where",
        )
    numbers = numbers.to_numpy("float64")
    if np.isinf(numbers).any():
        row = frame.index[int(np.argmax(np.isinf(numbers)))]
        raise InputError(
            argument,
            f"expected finite numbers, got {numbers[np.isinf(numbers)][0]} in row {row} of column "
            f"{name!r}; correct the file or choose other columns",
        )
    return numbers
