"""Checks of the times of a series: one for each row, all of them different, of one series."""

import numpy as np
from support.data import numeric_times, written_dates
from support.run.cli import InputError

import zoo


def dates(column, name):
    """Raise if a column has dates in most of its rows, but something else in others."""
    row = written_dates.first_other(column)
    if row is None and column.isna().any() and written_dates.parse(column) is not None:
        row = column.isna().idxmax()
    if row is not None:
        raise InputError(
            "--time-column",
            f"expected a date in each row, got {_shown(column[row])} in row {row} of column "
            f"{name!r}; correct or remove such rows, choose rows with --where COLUMN=VALUE, or "
            "choose other columns with --columns",
        )


def _shown(value):
    return "none" if value is None or value != value else repr(value)


def different(frame, name, times):
    """Raise if a time is missing or is that of another row."""
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
        _check_clock(frame, name, times)
        raise InputError(
            "--time-column",
            f"expected different times, got {times.iloc[row]} again in row {frame.index[row]} of "
            f"column {name!r}; if the file holds several series, select one, for example with "
            f"--where {_example(frame, name)}; or name another column with --time-column",
        )


def _check_clock(frame, name, times):
    """Raise if times repeat because a clock was set back, as at the end of daylight-saving time."""
    values = times.to_numpy()
    differences = np.diff(values)
    back = np.flatnonzero(differences < differences[0] * 0)
    if len(back) == 1:
        row, length = back[0] + 1, numeric_times.duration(-differences[back[0]])
        raise InputError(
            "--time-column",
            f"expected times in order, got a clock that goes back by {length} in row "
            f"{frame.index[row]} of column {name!r}, to {times.iloc[row]}; where that is the end "
            "of daylight-saving time, write the times in UTC or with their offset, as in +01:00",
        )


def not_stacked(frame):
    """Raise if a column of texts or identifiers names several series below each other."""
    for name in frame.columns:
        column = frame[name]
        is_id = zoo.tables.ID_NAME.fullmatch(str(name).strip().lower())
        if column.dtype.kind != "O" and not (is_id and column.dtype.kind in "iu"):
            continue
        count = column.nunique()
        blocks = int((column != column.shift()).sum())
        if 1 < count == blocks and count <= len(frame) // 4:
            raise InputError(
                "--where",
                f"expected one series, got {count} below each other by column {name!r}; select "
                f"one, for example with --where {name}={column.iloc[0]}, and name the column of "
                "times with --time-column",
            )


def _example(frame, time):
    """COLUMN=VALUE of one or two columns that select one of several series: no time repeats."""
    columns = frame.columns.drop(time)
    # The column that names the series has few different values.
    columns = [c for c in columns if frame[c].nunique() <= len(frame) // 4]
    columns = sorted(columns, key=lambda column: frame[column].nunique())
    for name in columns:
        if not frame.duplicated([time, name]).any():
            return f"{name}={frame[name].iloc[0]}"
    for i, first in enumerate(columns[:6]):
        for second in columns[i + 1 : 6]:
            if not frame.duplicated([time, first, second]).any():
                return f"{first}={frame[first].iloc[0]} {second}={frame[second].iloc[0]}"
    return "COLUMN=VALUE"
