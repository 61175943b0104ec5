"""Format of a CSV file: its separator, decimal mark and header, detected or given.

What is detected is reported in notes; --sep, --decimal and --header override it.
"""

import collections
import csv
import dataclasses
import re

from support.data.text_encoding import split_lines

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", " ": "spaces"}
NAMED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
# Lines and letters from which separator, decimal mark and header are detected.
SAMPLE, MAX_SAMPLE = 50, 1_000_000
MIN_EQUAL = 0.9  # of the lines, which a separator cuts into equally many values
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
DECIMAL_COMMA = re.compile(r"[+-]?\d{1,3}(\.\d{3})*,\d+|[+-]?\d+,\d+")
DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d+")
DIGIT = re.compile(r"\d")
GROUPED_POINT = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")  # 1.234, which may also be 1234
SEPARATOR_LINE = re.compile(r"\s*\"?sep=(.)\"?[,;\t]*(\r\n|\r|\n|$)", re.IGNORECASE)
MAX_TITLES = 10  # lines
NO_HEADER = (
    "no header: the first row holds values, so columns are named column_1, ...; --header yes takes "
    "it as names"
)
csv.field_size_limit(2**31 - 1)  # by default, a longer value than 131072 letters is an error


@dataclasses.dataclass
class CsvFormat:
    """Format of a CSV file.

    Attributes:
        separator: between two values.
        decimal: "." or ",".
        header: True if the first row has the names of the columns.
        notes: what was detected, where it differs from commas, points and a header.
    """

    separator: str
    decimal: str
    header: bool
    notes: tuple


def detect(text, separator=None, decimal=None, header=None):
    """Detect the `CsvFormat` of a text; arguments that are not None are taken as they are."""
    sample, cut = _sample(text)
    notes = []
    if separator is None:
        separator = _separator(sample, cut)
        if separator != ",":
            notes.append(f"separator: {SEPARATORS[separator]}; --sep names another")
    rows = [[cell.strip() for cell in row] for row in _rows(sample, separator, cut)]
    if decimal is None:
        decimal = _decimal(rows[1:], separator)
        if decimal == ",":
            notes.append("decimal mark: comma, as in 3,14; --decimal names another")
        elif separator != "," and _may_be_grouped(rows[1:]):
            notes.append(
                "decimal mark: point, although all values of a column are like 1.234; --decimal , "
                "reads its points as thousands separators"
            )
    if header is None:
        header = has_header(rows)
        if header and len(rows) > 1 and not _are_unlike(rows[0], rows[1:]):
            notes.append(
                f"header: the first row ({', '.join(rows[0])[:60]}) has the names of the columns; "
                "--header no takes it as values"
            )
        if not header:
            notes.append(NO_HEADER)
    return CsvFormat(separator, decimal, header, tuple(notes))


def _sample(text):
    """The first lines of a text that are not blank, and whether it has more of them."""
    lines = split_lines(text[:MAX_SAMPLE])
    lines = lines[:-1] if len(text) > MAX_SAMPLE and len(lines) > 1 else lines
    lines = [line.strip(" ") for line in lines if line.strip()]
    return lines[:SAMPLE], len(text) > MAX_SAMPLE or len(lines) > SAMPLE


def _rows(lines, separator, cut):
    """Rows of a sample, without the last one if it may have been cut within quotes."""
    rows = list(read_rows(lines, separator))
    return rows[:-1] if cut and len(rows) > 2 else rows


def read_rows(lines, separator, strict=False):
    """A `csv.reader` of lines; several spaces count as one separator."""
    return csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=strict)


def take_separator(text):
    """The separator of a first line "sep=;", as Excel writes it, and the other lines.

    `(None, text)` if the text does not begin with such a line.
    """
    match = SEPARATOR_LINE.match(text)
    return (match[1], text[match.end() :]) if match else (None, text)


def take_titles(text, separator=None):
    """Lines with one value above the names of three columns or more, and the other lines.

    `([], text)` if there are none. Spreadsheets write titles above a table, followed by separators.
    """
    separator = separator or _separator(*_sample(text))
    titles, end = [], 0
    for line in text[:MAX_SAMPLE].splitlines(keepends=True)[:MAX_TITLES]:
        cells = [cell.strip() for row in read_rows([line], separator) for cell in row]
        cells = [cell for cell in cells if cell]
        if len(cells) > 1:
            named = len(cells) > 2 and not any(map(NUMBER.fullmatch, cells))
            return (titles, text[end:]) if titles and named else ([], text)
        titles, end = titles + cells, end + len(line)
    return [], text


def separator_name(text):
    """argparse type of --sep: one character, or "tab", "semicolon", ..."""
    separator = NAMED.get(text.lower(), text)
    if len(separator) != 1:
        import argparse

        raise argparse.ArgumentTypeError(
            f"expected one character or one of {', '.join(NAMED)}, got {text!r}"
        )
    return separator


def _separator(lines, cut):
    """The separator that cuts nearly all lines into equally many values; else a comma.

    Spaces, which are part of texts, separate only if nothing else does, all lines have equally many
    values, and below the first line a column has nothing but numbers. Where a line differs, the
    commas of 3,14 may seem to separate as well: a separator of the first line then goes before
    others, and one that leaves more numbers.
    """
    candidates = {}
    for separator in SEPARATORS:
        rows = _rows(lines, separator, cut)
        sizes = collections.Counter(map(len, rows))
        size, count = sizes.most_common(1)[0] if sizes else (0, 0)
        enough = count == len(rows) if separator == " " else count >= MIN_EQUAL * len(rows)
        separates = separator != " " or (not candidates and _has_numbers(rows[1:]))
        if size > 1 and enough and separates:
            complete = count == len(rows)
            fit = (0, 0) if complete else (len(rows[0]) > 1, _share_of_numbers(rows))
            candidates[separator] = (complete, *fit, size)
    return max(candidates, key=candidates.get) if candidates else ","


def _share_of_numbers(rows):
    """Fraction of the values in rows that are numbers."""
    cells = [cell.strip() for row in rows for cell in row]
    return sum(bool(NUMBER.fullmatch(cell)) for cell in cells) / max(1, len(cells))


def _has_numbers(rows):
    """True if a column of the rows has nothing but numbers."""
    return any(all(map(NUMBER.fullmatch, column)) for column in zip(*rows, strict=False))


def _are_unlike(names, rows):
    """True if a column has numbers or digits below a name without, so that names are not values."""
    for name, column in zip(names, zip(*rows, strict=False), strict=False):
        numbers = any(map(NUMBER.fullmatch, column)) and not NUMBER.fullmatch(name)
        if numbers or (DIGIT.search("".join(column)) and not DIGIT.search(name)):
            return True
    return False


def _may_be_grouped(rows):
    """True if all values of a column are like 1.234, so that the point may separate thousands."""
    columns = [[cell for cell in column if cell] for column in zip(*rows, strict=False)]
    return any(len({*c}) > 2 and all(map(GROUPED_POINT.fullmatch, c)) for c in columns)


def _decimal(rows, separator):
    """A comma if values are written like 3,14 and none like 3.14; not between commas.

    Beside 26,8, whose comma groups nothing, the point of 208.556 groups thousands.
    """
    if separator == ",":
        return "."
    cells = [cell for row in rows for cell in row]
    commas = [c for c in cells if DECIMAL_COMMA.fullmatch(c)]
    points = [c for c in cells if DECIMAL_POINT.fullmatch(c)]
    if any(len(c.rpartition(",")[2]) != 3 for c in commas):
        points = [c for c in points if not GROUPED_POINT.fullmatch(c)]
    return "," if commas and not points else "."


def has_header(rows):
    """True if the first of the rows has names: a text above numbers, or nothing but texts."""
    if len(rows) < 2:
        return True
    first, others = rows[0], rows[1:]
    numeric = [bool(NUMBER.fullmatch(cell)) for cell in first]
    if not any(numeric):
        return True
    for i, cell in enumerate(first):
        column = [row[i] for row in others if len(row) > i and row[i]]
        if cell and not numeric[i] and column and all(map(NUMBER.fullmatch, column)):
            return True
    return _consecutive([cell for cell, number in zip(first, numeric, strict=True) if number])


def _consecutive(cells):
    """True for names such as 2019, 2020, 2021: integers that increase by one."""
    if len(cells) < 2 or not all(cell.isdecimal() for cell in cells):
        return False
    values = [int(cell) for cell in cells]
    return values == list(range(values[0], values[0] + len(values)))
