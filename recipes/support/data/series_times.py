"""Times of a series: the column of times, order, step and gaps."""

import numpy as np
from support.data import (
    numeric_times,
    series_time_checks,
    table_files,
    written_dates,
    written_numbers,
)
from support.data.column_kinds import Kind
from support.run.cli import InputError

TIME_NAMES = ("date", "time", "timestamp", "datetime", "day", "ds")
TOLERANCE = 0.01  # of a step, within which a difference counts as that step


def take(frame, options):
    """Times of the rows, the frame without them and in their order, their `Kind`, and notes.

    Without --time-column, the first column of dates is taken, or else a column of numbers that is
    one of times by its name; without both, rows count as steps.
    """
    name, times, why = _given(frame, options) if options.time_column else _found(frame, options)
    if name is None:
        series_time_checks.not_stacked(frame)
        if options.grid is not None:
            raise InputError("--grid", "needs times: --time-column NAME")
        unread = [repr(str(c)) for c in frame if str(c).lower() in TIME_NAMES]
        note = "no times: each row counts as one step"
        note += f"; {', '.join(unread)} could not be read as times" * bool(unread)
        return np.arange(len(frame)), frame, None, [note, *_increasing_note(frame)]
    why += written_dates.reading(times)
    times, frame, clock = _with_clock(frame, name, times)
    why += f"; with the times of {clock!r}" if clock else ""
    series_time_checks.different(frame, name, times)
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


def _increasing_note(frame):
    """A note on columns of numbers that increase in each row, which may be times."""
    numeric = [name for name in frame if frame[name].dtype.kind in "iuf"]
    names = [
        repr(str(name))
        for name in numeric
        if (np.diff(frame[name].to_numpy("float64", na_value=np.nan)) > 0).all()
    ]
    if names:
        yield (
            f"values of {', '.join(names[:3])} increase in each row; if they are times, name the"
            " column with --time-column"
        )


def _given(frame, options):
    """The column --time-column, its times, and how they were read."""
    import pandas as pd

    name = options.time_column
    table_files.check_column(frame, name, "--time-column")
    column = frame[name]
    if pd.api.types.is_numeric_dtype(column):
        times, reading = numeric_times.as_dates(column)
        return name, times, f"given; {reading}" if reading else "given"
    times = written_dates.parse(column)
    seconds = _seconds(column)
    if seconds is not None:
        return name, seconds, "given; times of day or durations, in seconds"
    if times is None:
        series_time_checks.dates(column, name)
        example = next(iter(column.dropna().astype(str)), "nothing")
        raise InputError(
            "--time-column", f"expected dates or numbers in column {name!r}, got {example!r}"
        )
    return name, times, "given"


def _found(frame, options):
    """The first column of times, its times, and how they were found; None if there is none."""
    others = {*(options.columns or ()), options.label}
    name, times = _column_of_dates(frame, others)
    if name is not None:
        return name, times, "by its dates; --time-column names another"
    for name in frame:
        if str(name).lower() in TIME_NAMES and name not in others:
            seconds = _seconds(frame[name])
            if seconds is not None and seconds.is_monotonic_increasing and seconds.is_unique:
                return name, seconds, "by its times of day or durations, in seconds"
    name = numeric_times.find(frame, others)
    if name is None:
        return None, None, None
    times, reading = numeric_times.as_dates(frame[name])
    reading = f": {reading}" if reading else ""
    why = f"by its name{reading}; --time-column names another, --columns makes it a channel"
    return name, times, why


def _seconds(column):
    """Times of day or durations such as 10:30:05 as a pandas series of seconds, or None."""
    days = written_dates.days_of_times(column)
    if days is None:
        return None
    import pandas as pd

    return pd.Series(np.round(days * 86400, 6), column.index)


def _column_of_dates(frame, others):
    """The first column of dates with its values, or (None, None)."""
    named = [c for c in frame if str(c).lower() in TIME_NAMES]
    for name in [*named, *(c for c in frame if c not in named)]:
        if name in others or frame[name].dtype.kind not in "OM":
            continue
        if frame[name].dtype.kind == "M" or written_numbers.parse(frame[name]) is None:
            dates = written_dates.parse(frame[name])
            if dates is not None and (dates.notna().all() or name in named):
                return name, dates
            if name in named:
                series_time_checks.dates(frame[name], name)
    return None, None


def _with_clock(frame, name, times):
    """Times with those of a column of times of day, if the dates repeat and it makes them differ.

    Returns:
        `(times, frame, clock)`: the frame is without the column `clock`, which is None if unused.
    """
    if times.dtype.kind == "M" and times.duplicated().any():
        for clock in frame.columns.drop(name):
            days = _days_of_clock(frame[clock])
            if days is None or np.nanmax(days, initial=0) > 1:  # 24:00 ends a day
                continue
            import pandas as pd

            both = times + pd.to_timedelta(np.round(days * 86400e6) * 1e3, unit="ns")
            if not both.duplicated().any():
                return both, frame.drop(columns=clock), clock
    return times, frame, None


def _days_of_clock(column):
    """Times of day, which in this place may also be written 10.30.05, as days; or None."""
    days = written_dates.days_of_times(column)
    if days is None and column.dtype.kind == "O":
        dots = column.astype("string").str.replace(".", ":", regex=False)
        days = written_dates.days_of_times(dots.astype(object))
    return days


def _step_notes(times, gridded):
    """The step between two rows, and how many steps have no row."""
    if len(times) < 3:
        return
    differences = np.diff(times)
    step = np.median(differences)
    ratio = differences / step
    text = numeric_times.duration(step)
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
            f"longest {numeric_times.duration(differences.max())}"
        )
    if irregular:
        parts.append(f"{irregular:.0%} of the differences are not multiples of it")
    yield ", ".join(parts) + offer
