"""Numeric columns of times: seconds since 1970, dates such as 20240213, or counted steps."""

import re

import numpy as np
from support.data import written_dates

# Names of columns of numbers that are times if they increase from row to row.
NAMES = (
    "date",
    "time",
    "timestamp",
    "datetime",
    "ds",
    "epoch",
    "unix",
    "unixtime",
    "unix_time",
    "ts",
)
NAMES += ("t", "step", "index", "year", "seconds", "minutes", "hours", "days")
UNIT = re.compile(r"[\[(].*")  # of a name such as time (s)
UNITS = {"seconds": 1.0, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}
# Forms of dates written as one number, with the first and the last one of the years 1000 to 2999.
FORMS = (
    ("%Y%m%d", 1000_01_01, 2999_12_31),
    ("%Y%m%d%H%M", 1000_01_01_0000, 2999_12_31_2359),
    ("%Y%m%d%H%M%S", 1000_01_01_000000, 2999_12_31_235959),
)
FIRST, LAST = 631_152_000.0, 4_102_444_800.0  # the years 1990 and 2100 in seconds since 1970


def find(frame, others):
    """Name of the first column of numbers that is a column of times by its name, or None.

    Its numbers increase or decrease from row to row, or are seconds since 1970.

    Args:
        frame: a pandas data frame.
        others: names of columns that are channels or the label.
    """
    for name in frame:
        column = frame[name]
        word = UNIT.sub("", str(name)).strip().lower()
        if name in others or column.dtype.kind not in "iuf" or word not in NAMES:
            continue
        ordered = column.is_monotonic_increasing or column.is_monotonic_decreasing
        if _unit(column) or (ordered and column.is_unique and column.notna().all()):
            return name
    return None


def as_dates(column):
    """Dates of a column of numbers and how they were read; `(column, None)` if they are none."""
    import pandas as pd

    unit = _unit(column)
    if unit:
        # Whole nanoseconds: a float of seconds has no more digits than microseconds.
        scale = 1e9 / UNITS[unit]
        exact = column.dtype.kind in "iu"
        nanoseconds = column * int(scale) if exact else (column * scale / 1e3).round() * 1e3
        dates = pd.to_datetime(nanoseconds)
        return dates, f"{unit} since 1970, in UTC, from {dates.min():%Y-%m-%d}"
    whole = column.dropna()
    if len(whole) and (whole % 1 == 0).all():
        for form, low, high in FORMS:
            if whole.between(low, high).all():
                texts = column.astype("Int64").astype("string")
                dates = written_dates.read(texts, format=form)
                if dates is not None:
                    return dates, f"dates such as {whole.iloc[0]:.0f}"
    return column, None


def _unit(column):
    """The unit of times since 1970, all of them between 1990 and 2100, or None."""
    values = column.dropna()
    for unit, factor in UNITS.items():
        if len(values) and values.between(FIRST * factor, LAST * factor).all():
            return unit
    return None


def duration(step):
    """A step of dates or numbers as a text."""
    import pandas as pd

    if isinstance(step, np.timedelta64):
        return str(pd.Timedelta(step)).replace("0 days ", "").removesuffix(" 00:00:00")
    return f"{step:g}"
