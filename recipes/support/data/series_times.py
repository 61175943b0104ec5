"""Times of a series: the column of times, order, step and gaps, and a regular grid."""

import numpy as np
from support.data import column_kinds, table_files, written_dates, written_numbers
from support.data.column_kinds import Kind
from support.run.cli import InputError

TIME_NAMES = ("date", "time", "timestamp", "datetime", "day", "ds")
MAX_GRID_STEPS = 10_000_000
TOLERANCE = 0.01  # of a step, within which a difference counts as that step


def take(frame, options):
    """Times of the rows, the frame without them and in their order, their `Kind`, and notes.

    Without --time-column, the first column of dates is taken; without dates, rows count as steps.
    """
    import pandas as pd

    name = options.time_column
    dates = None
    if name is None:
        name, dates = _column_of_dates(frame, options)
    if name is None:
        _check_not_stacked(frame)
        if options.grid is not None:
            raise InputError("--grid", "needs times: --time-column NAME")
        return np.arange(len(frame)), frame, None, ["no times: each row counts as one step"]
    table_files.check_column(frame, name, "--time-column")
    times = frame[name] if dates is None else dates
    if not pd.api.types.is_numeric_dtype(times) and dates is None:
        times = written_dates.parse(times)
        if times is None:
            example = next(iter(frame[name].dropna().astype(str)), "nothing")
            raise InputError(
                "--time-column", f"expected dates or numbers in column {name!r}, got {example!r}"
            )
    _check_times(frame, name, times)
    why = "given" if options.time_column else "by its dates; --time-column names another"
    if getattr(times.dtype, "tz", None) is not None:
        times, why = times.dt.tz_convert("UTC").dt.tz_localize(None), f"{why}; times in UTC"
    notes = []
    if not times.is_monotonic_increasing:
        order = np.argsort(times.to_numpy(), kind="stable")
        reverse = times.is_monotonic_decreasing
        notes.append(f"rows are sorted by time{'; the file has the last one first' * reverse}")
        frame, times = frame.iloc[order], times.iloc[order]
    notes += _step_notes(times.to_numpy(), options.grid is not None)
    return times.to_numpy(), frame.drop(columns=name), Kind(name, "time", why), notes


def _column_of_dates(frame, options):
    """The first column of dates with its values, or (None, None)."""
    others = {*(options.columns or ()), options.label}
    named = [c for c in frame if str(c).lower() in TIME_NAMES]
    for name in [*named, *(c for c in frame if c not in named)]:
        if name in others or frame[name].dtype.kind not in "OM":
            continue
        if frame[name].dtype.kind == "M" or written_numbers.parse(frame[name]) is None:
            dates = written_dates.parse(frame[name])
            if dates is not None and dates.notna().all():
                return name, dates
    return None, None


def _check_times(frame, name, times):
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
        raise InputError(
            "--time-column",
            f"expected different times, got {times.iloc[row]} again in row {frame.index[row]} of "
            f"column {name!r}; if the file holds several series, select one, for example with "
            f"--where {_example(frame, name)}",
        )


def _check_not_stacked(frame):
    """Raise if a column of texts or identifiers names several series below each other."""
    for name in frame.columns:
        column = frame[name]
        is_id = column_kinds.ID_NAME.fullmatch(str(name).strip().lower())
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


def _step_notes(times, gridded):
    """The step between two rows, and how many steps have no row."""
    if len(times) < 3:
        return
    differences = np.diff(times)
    step = np.median(differences)
    ratio = differences / step
    text = _duration(step)
    gaps = ratio > 1 + TOLERANCE
    missing = int(np.round(ratio[gaps] - 1).sum())
    irregular = float(np.mean(np.abs(ratio - np.round(ratio)) > TOLERANCE))
    if not gaps.any() and not irregular:
        yield f"step: {text}, without gaps"
        return
    offer = "" if gridded else "; rows count as consecutive steps unless --grid auto (or a step) is"
    offer += "" if gridded else " set, which puts them on a regular grid with missing values"
    parts = [f"step: {text} (median)"]
    if missing:
        fraction = missing / (missing + len(times))
        parts.append(
            f"{missing:,} steps without a row ({fraction:.0%}) in {int(gaps.sum()):,} gaps, the "
            f"longest {_duration(differences.max())}"
        )
    if irregular:
        parts.append(f"{irregular:.0%} of the differences are not multiples of it")
    yield ", ".join(parts) + offer


def on_grid(values, times, anomaly, grid):
    """Values averaged in the cells of a regular grid, NaN where there are none.

    Args:
        values: `[steps, channels]`.
        times: `[steps]`, dates or numbers.
        anomaly: bool `[steps]`, or None.
        grid: "auto" for the median difference of times, a duration such as "15min", or a number.

    Returns:
        `(values, times, anomaly, note)` of the grid.
    """
    step = _step(times, grid)
    cells = np.floor((times - times[0]) / step + TOLERANCE).astype("int64")
    count = int(cells[-1]) + 1
    if count > MAX_GRID_STEPS:
        raise InputError(
            "--grid", f"expected at most {MAX_GRID_STEPS:,} steps, got {count:,}; use a longer one"
        )
    observed = ~np.isnan(values)
    totals, counts = np.zeros((2, count, values.shape[1]))
    np.add.at(totals, cells, np.where(observed, values, 0.0))
    np.add.at(counts, cells, observed)
    gridded = np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)
    if anomaly is not None:
        marked = np.zeros(count, bool)
        np.logical_or.at(marked, cells, anomaly)
        anomaly = marked
    empty = count - len(np.unique(cells))
    note = f"grid: {count:,} steps of {_duration(step)}; {empty:,} have no row and are missing"
    return gridded, times[0] + step * np.arange(count), anomaly, note


def _step(times, grid):
    """The step of --grid in the unit of the times."""
    import pandas as pd

    if grid == "auto":
        return np.median(np.diff(times))
    try:
        step = pd.Timedelta(grid).to_numpy() if times.dtype.kind == "M" else float(grid)
    except ValueError as error:
        kind = "a duration such as 15min or 1h" if times.dtype.kind == "M" else "a number"
        raise InputError("--grid", f"expected auto or {kind}, got {grid!r}") from error
    if not step > step * 0:
        raise InputError("--grid", f"expected a step above 0, got {grid!r}")
    return step


def _duration(step):
    import pandas as pd

    if isinstance(step, np.timedelta64):
        return str(pd.Timedelta(step)).replace("0 days ", "").removesuffix(" 00:00:00")
    return f"{step:g}"
