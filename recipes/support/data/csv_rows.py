"""Rows of a CSV file whose format is known, as a pandas data frame, and rows of another length."""

import collections
import csv
import io
import warnings

from support.data import csv_format
from support.run.cli import InputError, first_line

MAX_NOTES = 3  # on single values


def read(text, dialect):
    """Read a text as a data frame by its `CsvFormat`; raise if a row has too many values."""
    import pandas as pd

    options = dict(
        sep=r"\s+" if dialect.separator == " " else dialect.separator,
        decimal=dialect.decimal,
        header=0 if dialect.header else None,
        skipinitialspace=True,
        index_col=False,
    )
    try:
        with warnings.catch_warnings():
            # pandas would drop the last values of rows that are longer than the first one.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            start = pd.read_csv(io.StringIO(text), dtype=str, nrows=1000, **options)
            as_text = {name: str for name in start if _has_leading_zeros(start[name])}
            return pd.read_csv(io.StringIO(text), dtype=as_text, low_memory=False, **options)
    except (ValueError, OverflowError, pd.errors.ParserWarning) as error:
        name = csv_format.SEPARATORS.get(dialect.separator, repr(dialect.separator))
        raise InputError(
            "--data",
            f"expected rows of equally many values separated by {name}, got "
            f"{_problem(text, dialect) or _of_pandas(error)}; correct the file, remove lines above "
            "the names of the columns, or name the separator with --sep",
        ) from error


def short_row_note(frame, text, dialect):
    """A note on rows with fewer values than columns, of which pandas fills up the end."""
    if len(frame) and frame.iloc[:, -1].isna().any():
        count = sum(len(row) < len(frame.columns) for _, row in _rows(text, dialect))
        if count:
            yield f"{count:,} rows have fewer values than columns; the last ones count as missing"


def open_quote_notes(frame, text, dialect):
    """Notes on values that hold whole rows, because their quotes are not closed where they begin.

    Between a quote in one row and the next one in the same column of a later row, there are as many
    separators and line ends as in the rows between them.
    """
    width, malformed, count = len(frame.columns), None, 0
    for what, value in _values_of_several_lines(frame):
        lines = value.split("\n")
        separators = value.count(dialect.separator)
        # Each row may have a separator at its end, too.
        if separators not in {(len(lines) - 1) * (width - 1), (len(lines) - 1) * width} - {0}:
            continue
        malformed = _is_malformed(text, dialect) if malformed is None else malformed
        if malformed or _are_rows(lines[1:-1], width, dialect.separator):
            count += 1
            if count <= MAX_NOTES:
                yield (
                    f"{what} spans {len(lines):,} lines that look like rows: {value[:20]!r}; if "
                    "its quote should not be there, remove it, as these rows are not read"
                )
    if count > MAX_NOTES:
        yield f"{count - MAX_NOTES:,} more values span lines that look like rows"


def _values_of_several_lines(frame):
    """Descriptions and texts of names and values with line ends."""
    for name in frame.columns:
        if "\n" in str(name):
            yield "the name of a column", str(name)
        column = frame[name]
        if column.dtype.kind == "O":
            several = column.astype("string").str.contains("\n").fillna(False)
            for row, value in column[several.astype(bool)].items():
                yield f"the value in row {row} of column {name!r}", str(value)


def _is_malformed(text, dialect):
    """True if text follows the quote at the end of a value."""
    lines = io.StringIO(text, newline="")
    try:
        collections.deque(csv_format.read_rows(lines, dialect.separator, strict=True), 0)
    except csv.Error:
        return True
    return False


def _are_rows(lines, width, separator):
    """True for two or more lines with the separators of a row, at least two in each."""
    counts = (max(2, width - 1), width)
    return len(lines) >= 2 and all(line.count(separator) in counts for line in lines)


def _has_leading_zeros(column):
    """True for codes such as 01067, of which a number would lose the zero."""
    return bool(column.dropna().str.fullmatch(r"0\d+").any())


def _problem(text, dialect):
    """A description of what is wrong with the rows, or None."""
    if not text.strip():
        return "an empty file"
    first = None
    for line, row in _rows(text, dialect):
        first = first or (line, len(row))
        if len(row) > first[1]:
            return f"{len(row)} values in line {line} and {first[1]} in line {first[0]}"
    return None


def _of_pandas(error):
    return first_line(error).removeprefix("Error tokenizing data. C error: ")


def _rows(text, dialect):
    """Line number and values of each row that is not blank."""
    reader = csv_format.read_rows(io.StringIO(text, newline=""), dialect.separator)
    for row in reader:
        if any(row):
            yield reader.line_num, row
