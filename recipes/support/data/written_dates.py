"""Dates as people write them: 2024-02-13, 13.2.2024, 2/13/2024 10:30, with offsets or without."""

import contextlib
import warnings

DATE = r"\d{1,4}[-/.:T ]\d"


def parse(column):
    """A column as a pandas series of dates, or None if it does not hold dates.

    13.2.2024 has the day first. Of 1/2/2024 that reading is taken which makes fewer jumps from row
    to row. Offsets that differ, as with daylight saving, give times in UTC.
    """
    import pandas as pd

    if column.dtype.kind == "M" or isinstance(column.dtype, pd.DatetimeTZDtype):
        return column
    if column.dtype.kind in "biufm":
        return None
    texts = column.dropna().astype("string").str.strip()
    if not len(texts) or not texts.head(50).str.contains(DATE, regex=True).all():
        return None
    month_first, day_first = _read(column), _read(column, dayfirst=True)
    if month_first is None and day_first is None:
        return _read(column, utc=True)
    if month_first is None or day_first is None:
        return day_first if month_first is None else month_first
    if texts.str.contains(r"^\d{1,2}\.\d").any():
        return day_first
    if texts.str.contains(r"^\d{1,2}[/-]\d").all():
        return min(month_first, day_first, key=lambda dates: dates.diff().abs().sum())
    return month_first


def _read(column, **options):
    """The column read by pandas, or None."""
    import pandas as pd

    with warnings.catch_warnings(), contextlib.suppress(ValueError, TypeError, OverflowError):
        warnings.simplefilter("ignore")  # of formats that have to be guessed
        return pd.to_datetime(column, **options)
    return None
