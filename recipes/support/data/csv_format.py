"""Format of a CSV file: its encoding, separator, decimal mark and header, detected or given.

What is detected is reported in notes; --encoding, --sep, --decimal and --header override it.
"""

import codecs
import csv
import dataclasses
import re

from support.run.cli import InputError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
NAMED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
SAMPLE = 50  # lines from which separator, decimal mark and header are detected
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
DECIMAL_COMMA = re.compile(r"[+-]?\d{1,3}(\.\d{3})*,\d+|[+-]?\d+,\d+")
DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d+")
CONTROL = re.compile("[\x00-\x08\x0e-\x1f\ufffd]")
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


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
    if zeros:
        raise InputError(argument, "expected a file of text, got one with zero bytes")
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
    text = content.decode("cp1252", "replace")
    if CONTROL.search(text):
        raise InputError(
            argument, f"expected text in UTF-8, got {byte}; name its encoding with --encoding"
        )
    note = f"encoding: not UTF-8 ({byte}), so read as Windows-1252; --encoding names another"
    return text, (note,)


def detect(text, separator=None, decimal=None, header=None):
    """Detect the `CsvFormat` of a text; arguments that are not None are taken as they are."""
    lines = [line for line in text[:1_000_000].splitlines() if line.strip()][:SAMPLE]
    notes = []
    if separator is None:
        separator = _separator(lines)
        if separator != ",":
            notes.append(f"separator: {SEPARATORS[separator]}; --sep names another")
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator)]
    if decimal is None:
        decimal = _decimal(rows[1:], separator)
        if decimal == ",":
            notes.append("decimal mark: comma, as in 3,14; --decimal names another")
    if header is None:
        header = has_header(rows)
        if not header:
            notes.append(
                "no header: the first row holds values, so columns are named column_1, ...; "
                "--header yes takes it as names"
            )
    return CsvFormat(separator, decimal, header, tuple(notes))


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
    """The separator that cuts all lines into equally many values, more than one; else a comma."""
    counts = {}
    for separator in SEPARATORS:
        sizes = [len(row) for row in csv.reader(lines, delimiter=separator)]
        if sizes and sizes[0] > 1 and len(set(sizes)) == 1:
            counts[separator] = sizes[0]
    return max(counts, key=counts.get) if counts else ","


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
