"""Format of a CSV file: its encoding, separator, decimal mark and header, detected or given.

What is detected is reported in notes; --encoding, --sep, --decimal and --header override it.
"""

import codecs
import csv
import dataclasses
import re

from support.run.cli import InputError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", " ": "spaces"}
NAMED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
SAMPLE = 50  # lines from which separator, decimal mark and header are detected
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
DECIMAL_COMMA = re.compile(r"[+-]?\d{1,3}(\.\d{3})*,\d+|[+-]?\d+,\d+")
DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d+")
GROUPED_POINT = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")  # 1.234, which may also be 1234
CONTROL = re.compile("[\x00-\x08\x0e-\x1f\ufffd]")
LINE_END = re.compile(r"\r\n|\r|\n")
SEPARATOR_LINE = re.compile(r"\s*\"?sep=(.)\"?[,;\t]*(\r\n|\r|\n|$)", re.IGNORECASE)
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# First bytes of files that are not text, and what to do.
SIGNATURES = {
    b"\x1f\x8b": "gzip data; give its name the ending .gz",
    b"BZh": "bzip2 data; give its name the ending .bz2",
    b"\xfd7zXZ": "xz data; give its name the ending .xz",
    b"PK\x03\x04": "a zip archive or Excel file; unpack it, or give its name the ending .xlsx",
    b"PAR1": "a Parquet file; give its name the ending .parquet",
}


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


def decode(content, encoding, argument="--data"):
    """The text of a file's bytes, and notes on its encoding.

    Args:
        content: bytes.
        encoding: a name of Python's codecs, or None to detect UTF-8, UTF-16 or Windows-1252.
        argument: the flag that an error names.
    """
    if encoding is not None:
        try:
            return content.decode(encoding), ()
        except (UnicodeError, LookupError) as error:
            raise InputError("--encoding", f"expected the file's encoding: {error}") from error
    for mark, name in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _decode(content, name, argument), (f"encoding: {name}, by its byte order mark",)
    zeros = content[:2000].count(0)
    if zeros > len(content[:2000]) // 4:  # Latin letters of UTF-16 have a zero byte each
        name = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
        text = _decode(content, name, argument)
        if not CONTROL.search(text):
            return text, (f"encoding: {name}, by its zero bytes",)
    for signature, what in SIGNATURES.items():
        if content.startswith(signature):
            raise InputError(argument, f"expected a file of text, got {what}")
    if b"\0" in content:
        position = content.index(b"\0")
        raise InputError(
            argument,
            f"expected a file of text, got a NUL byte (0x00) at position {position}; remove such "
            "bytes, or convert the file to text",
        )
    try:
        return content.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        return _decode_eight_bits(content, error, argument)


def _decode(content, name, argument):
    try:
        return content.decode(name)
    except UnicodeError as error:
        raise InputError(
            argument, f"expected text in {name}, got {error}; name another with --encoding"
        ) from error


def _decode_eight_bits(content, error, argument):
    """Windows-1252, of which Latin-1 is nearly a part; control characters mean that it is not."""
    byte = f"the byte 0x{content[error.start]:02x} at position {error.start}"
    unicode = content.decode("utf-8", "replace")
    errors = unicode.count("\ufffd")
    if len(unicode) - len(unicode.encode("ascii", "ignore")) > 2 * errors:
        raise InputError(
            argument,
            f"expected text in UTF-8, as most of the file is, got {byte}; correct the file, or "
            "name its encoding with --encoding",
        )
    text = content.decode("cp1252", "replace")
    if CONTROL.search(text):
        raise InputError(
            argument, f"expected text in UTF-8, got {byte}; name its encoding with --encoding"
        )
    note = f"encoding: not UTF-8 ({byte}), so read as Windows-1252; --encoding names another"
    return text, (note,)


def detect(text, separator=None, decimal=None, header=None):
    """Detect the `CsvFormat` of a text; arguments that are not None are taken as they are."""
    sample = [line.strip(" ") for line in split_lines(text[:1_000_000]) if line.strip()][:SAMPLE]
    notes = []
    if separator is None:
        separator = _separator(sample)
        if separator != ",":
            notes.append(f"separator: {SEPARATORS[separator]}; --sep names another")
    rows = [[cell.strip() for cell in row] for row in read_rows(sample, separator)]
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
        if not header:
            notes.append(
                "no header: the first row holds values, so columns are named column_1, ...; "
                "--header yes takes it as names"
            )
    return CsvFormat(separator, decimal, header, tuple(notes))


def split_lines(text):
    """The lines of a text, which end at CR, LF or both.

    `str.splitlines` also cuts at form feeds and U+2028, which are part of a line.
    """
    lines = LINE_END.split(text)
    return lines[:-1] if lines[-1] == "" else lines


def read_rows(lines, separator):
    """A `csv.reader` of lines; several spaces count as one separator."""
    return csv.reader(lines, delimiter=separator, skipinitialspace=True)


def take_separator(text):
    """The separator of a first line "sep=;", as Excel writes it, and the other lines.

    `(None, text)` if the text does not begin with such a line.
    """
    match = SEPARATOR_LINE.match(text)
    return (match[1], text[match.end() :]) if match else (None, text)


def separator_name(text):
    """argparse type of --sep: one character, or "tab", "semicolon", ..."""
    separator = NAMED.get(text.lower(), text)
    if len(separator) != 1:
        import argparse

        raise argparse.ArgumentTypeError(
            f"expected one character or one of {', '.join(NAMED)}, got {text!r}"
        )
    return separator


def _separator(lines):
    """The separator that cuts all lines into equally many values, more than one; else a comma.

    Spaces, which are part of texts, separate only if nothing else does and below the first line a
    column has nothing but numbers.
    """
    counts = {}
    for separator in SEPARATORS:
        rows = list(read_rows(lines, separator))
        sizes = {len(row) for row in rows}
        separates = separator != " " or (not counts and _has_numbers(rows[1:]))
        if len(sizes) == 1 and max(sizes) > 1 and separates:
            counts[separator] = max(sizes)
    return max(counts, key=counts.get) if counts else ","


def _has_numbers(rows):
    """True if a column of the rows has nothing but numbers."""
    return any(all(map(NUMBER.fullmatch, column)) for column in zip(*rows, strict=False))


def _may_be_grouped(rows):
    """True if all values of a column are like 1.234, so that the point may separate thousands."""
    columns = [[cell for cell in column if cell] for column in zip(*rows, strict=False)]
    return any(len({*c}) > 2 and all(map(GROUPED_POINT.fullmatch, c)) for c in columns)


def _decimal(rows, separator):
    """A comma if values are written like 3,14 and none like 3.14; not between commas."""
    if separator == ",":
        return "."
    cells = [cell for row in rows for cell in row]
    points = [c for c in cells if DECIMAL_POINT.fullmatch(c)]
    return "," if any(DECIMAL_COMMA.fullmatch(c) for c in cells) and not points else "."


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
