"""Dates as people write them: 2024-02-13, 13.2.2024, 2/13/2024 10:30, 13-Feb-2024; times: 10:30."""

import contextlib
import datetime
import warnings

from support.data.written_numbers import MISSING

MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
NAMED = rf"(?i:\b\d{{1,2}}[-/. ]*{MONTH}\b|\b{MONTH}[-/. ]+\d)"  # 13-Feb-2024, Feb 13, 2024
DATE = rf"\d{{1,4}}[-/.:T ]\d|{NAMED}"
TIME = r"(?i:\d{1,3}:[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)"  # 10:30, 1:07:30.5; not the ratio 1:80
# A year of two digits after this many years from now is one of the century before.
FUTURE_YEARS = 10
SHORT_YEAR = r"^\d{1,2}[-/.]\d{1,2}[-/.]\d{2}(?!\d)"
FIRST_YEAR = 1000  # pandas takes the year 1 where none is written
# Forms of which a column may have several; each is read by itself.
FORMS = {
    "named": NAMED,
    "year first": r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b",
    "dots": r"^\d{1,2}\.\d{1,2}\.\d{2,4}\b",
    "slashes": r"^\d{1,2}[-/]\d{1,2}[-/]\d{2,4}\b",
}
NUMERIC = r"^(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})(?!\d)"
ZERO = r"0{1,4}[-/.]0{1,2}[-/.]0{1,4}\b"  # how databases write a missing date
DAY_ALONE = r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
AT_CLOCK = rf"{DAY_ALONE} \d{{1,2}}(:\d\d(?::\d\d)?)"
SHORT_YEAR_FIRST = r"^(\d\d)([-/.])(\d\d)\2(\d\d)(?!\d)"  # 24-01-31
HALF_DAY = r"(?i:\d{1,2}(?::\d\d){1,2}\s*[ap]\.?m\.?)"  # 10:30 PM


def parse(column):
    """A column as a pandas series of dates, or None if it does not hold dates.

    13.2.2024 has the day first. Of 1/2/2024 that reading is taken which makes fewer jumps from row
    to row; `attrs["order"]` of the result then says which. Offsets that differ, as with daylight
    saving, give times in UTC. Texts without a year, such as 3/4, are not dates. Where a column has
    several forms, `attrs["forms"]` has an example of each.
    """
    import pandas as pd

    if column.dtype.kind == "M" or isinstance(column.dtype, pd.DatetimeTZDtype):
        return column
    dates = _parse(_with_midnight(column.mask(_is_missing(column))))
    if dates is None or dates.min().year < FIRST_YEAR:
        return None
    return _in_the_past(dates, _texts(column))


def _in_the_past(dates, texts):
    """Dates of which those with two digits of the year are not far in the future: 22.7.74 is 1974.

    `attrs["two_digits"]` of the result has the last year that stays.
    """
    import pandas as pd

    last = datetime.date.today().year + FUTURE_YEARS
    short = texts.str.contains(SHORT_YEAR, regex=True).reindex(dates.index, fill_value=False)
    moved = short & (dates.dt.year > last)
    if not moved.any():
        return dates
    earlier = dates.where(~moved, dates - pd.DateOffset(years=100))
    earlier.attrs = {**dates.attrs, "two_digits": last}
    return earlier


def _parse(column):
    texts = _texts(column)
    if not len(texts) or not texts.head(50).str.contains(DATE, regex=True).all():
        return None
    if texts.str.fullmatch(f"{TIME}|{HALF_DAY}").all():  # pandas would add the date of today
        return None
    if texts.str.contains(NAMED, regex=True).all():
        return read(column, format="mixed")
    month_first = _in_one_order(read(column), texts)
    day_first = _in_one_order(read(column, dayfirst=True), texts)
    year_first = _short_year_first(column, texts)
    if year_first is not None:
        return _smoother(year_first, day_first, month_first)
    if month_first is None and day_first is None:
        iso = read(column, format="ISO8601")  # with fractions of a second in some rows
        iso = read(column, format="ISO8601", utc=True) if iso is None else iso
        return _of_several_forms(column, texts) if iso is None else iso
    if month_first is None or day_first is None:
        return day_first if month_first is None else month_first
    if texts.str.contains(r"^\d{1,2}\.\d").any():
        return day_first
    if texts.str.contains(r"^\d{1,2}[/-]\d").all() and not month_first.equals(day_first):
        return _smoother(None, day_first, month_first)
    return month_first


def _with_midnight(column):
    """The column with the time 00:00, which spreadsheets omit, if its other dates have a time."""
    texts = column.astype("string").str.strip()
    alone = texts.str.fullmatch(DAY_ALONE).fillna(False).astype(bool)
    clocks = texts.str.extract(f"^{AT_CLOCK}$")[0]
    if not alone.any() or clocks.isna().all():
        return column
    zero = " 00" + clocks.dropna().iloc[0].translate(dict.fromkeys(map(ord, "123456789"), "0"))
    return texts.mask(alone, texts + zero).astype(object)


def _in_one_order(dates, texts):
    """The dates, or None if day and month are not in the same places of all texts.

    pandas takes 13 for the day wherever it stands, in some rows of a column or in all of them.
    """
    parts = texts.str.extract(NUMERIC)
    if dates is None or parts.isna().any(axis=None):
        return dates
    first, second, third = (parts[i].astype("int64") for i in range(3))
    read_dates = dates[texts.index]
    day, month = read_dates.dt.day, read_dates.dt.month
    if (parts[0].str.len() == 4).any():
        return dates if ((month == second) & (day == third)).all() else None
    orders = ((first, second), (second, first))
    return dates if any(((day == d) & (month == m)).all() for d, m in orders) else None


def _short_year_first(column, texts):
    """Dates such as 24-01-31, if all of them can be read so, else None."""
    if not texts.str.match(SHORT_YEAR_FIRST).all():
        return None
    full = column.astype("string").str.strip()
    full = full.str.replace(SHORT_YEAR_FIRST, r"20\1-\3-\4", regex=True)
    return _in_one_order(read(full), full.dropna())


def _smoother(year_first, day_first, month_first):
    """The reading that makes the fewest jumps from row to row, of those that are not None."""
    readings = {"day first": day_first, "month first": month_first, "year first": year_first}
    readings = {order: dates for order, dates in readings.items() if dates is not None}
    order = min(readings, key=lambda order: readings[order].diff().abs().sum())
    readings[order].attrs["order"] = order
    return readings[order]


def _of_several_forms(column, texts):
    """Dates of a column that has several of the `FORMS`, or None."""
    import pandas as pd

    form_of = pd.Series(None, texts.index, object)
    for name, pattern in FORMS.items():
        form_of = form_of.mask(form_of.isna() & texts.str.contains(pattern, regex=True), name)
    if form_of.isna().any() or form_of.nunique() < 2:
        return None
    parts = {name: column[rows.index] for name, rows in form_of.groupby(form_of, sort=False)}
    readings = []
    for day_first in (False, True):
        dates = [
            _in_one_order(read(part, dayfirst=day_first), _texts(part))
            if name == "slashes"
            else _parse(part)
            for name, part in parts.items()
        ]
        if all(part is not None for part in dates):
            joined = pd.concat(dates).reindex(column.index)
            # Times with an offset and without one cannot be compared.
            readings += [joined] if joined.dtype.kind == "M" else []
    if not readings:
        return None
    same = readings[0].equals(readings[-1])
    joined = readings[0] if same else _smoother(None, *readings[::-1])
    joined.attrs["forms"] = [str(part.iloc[0]) for part in parts.values()]
    return joined


def _is_missing(column):
    """True where a column of texts says that a date is missing, such as "-" or 0000-00-00."""
    if column.dtype.kind in "biufm":
        return column.isna()
    written = column.astype("string").str.strip().str.lower()
    return (written.isin(MISSING) | written.str.match(ZERO)).fillna(True).astype(bool)


def days_of_times(column):
    """Times of day or durations such as 10:30 or 1:07:30 in days, float64; None for other values.

    Two numbers are hours and minutes.
    """
    import pandas as pd

    column = column.mask(_is_missing(column))
    texts = _texts(column)
    if not len(texts):
        return None
    if texts.str.fullmatch(HALF_DAY).all():
        times = read(column.astype("string").str.replace(".", ""))
        return None if times is None else _days(times - times.dt.normalize())
    if not texts.str.fullmatch(TIME).all():
        return None
    written = column.astype("string").str.strip()
    short = written.str.fullmatch(r"\d+:\d+").fillna(False)
    return _days(pd.to_timedelta(written.mask(short, written + ":00").astype(object)))


def days(column):
    """Days since 1970 as float64, NaN where missing, and the reason; (None, "") for no dates."""
    times = days_of_times(column)
    if times is not None:
        return times, "times or durations such as 10:30, as days"
    dates = parse(column)
    if dates is None:
        return None, ""
    import pandas as pd

    start = dates.min()
    # In the column's own unit: nanoseconds end in the year 2262, and 9999-12-31 stands for "never".
    epoch = pd.Timestamp(0, tz=dates.dt.tz).as_unit(dates.dt.unit)
    values = _days(dates - epoch)
    # `strftime` refuses years outside of 1 to 9999.
    first, last = (f"{d.year:04}-{d.month:02}-{d.day:02}" for d in (start, dates.max()))
    return values, f"dates from {first} to {last}, as days{reading(dates)}"


def reading(dates):
    """Phrases on how ambiguous dates were read, each after a comma."""
    order = f", read {dates.attrs['order']}" if "order" in dates.attrs else ""
    forms = [repr(example) for example in dates.attrs.get("forms", ())]
    if "two_digits" in dates.attrs:
        order += f", two-digit years up to {dates.attrs['two_digits']}"
    return order + (f", written in {len(forms)} forms: {', '.join(forms)}" if forms else "")


def first_other(column):
    """Index of the first value that is not a date in a column of mostly dates, else None."""
    texts = _texts(column)
    if not len(texts) or texts.str.contains("|".join(FORMS.values()), regex=True).mean() < 0.5:
        return None
    dates = read(column, format="mixed", errors="coerce", utc=True)
    if dates is None or dates.notna().mean() < 0.5:
        return None
    swapped = texts.str.contains(r"^\d{4}-(?:1[3-9]|[2-9]\d)\b", regex=True)  # month 13
    others = (dates.isna() & column.notna()) | swapped.reindex(column.index, fill_value=False)
    return others.idxmax() if others.any() else None


def other_note(column):
    """A note on the first value that is not a date in a column of mostly dates."""
    row = first_other(column)
    if row is not None:
        yield f"most are dates, but not {column[row]!r} in row {row}"


def _texts(column):
    """The values that are not missing, as texts; none of a column of numbers."""
    if column.dtype.kind in "biufm":
        return column.head(0).astype("string")
    return column.dropna().astype("string").str.strip()


def _days(times):
    return (times.dt.total_seconds() / 86400).to_numpy("float64")


def read(column, **options):
    """The column read by `pandas.to_datetime` with these options, or None."""
    import pandas as pd

    with warnings.catch_warnings(), contextlib.suppress(ValueError, TypeError, OverflowError):
        warnings.simplefilter("ignore")  # of formats that have to be guessed
        return pd.to_datetime(column, **options)
    return None
