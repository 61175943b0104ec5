"""Files of tables as pandas data frames: the first step of `tables.py` and `time_series.py`.

The columns of a table are then given kinds (`column_kinds.py`) and encoded (`table_columns.py`);
those of a series are read in `series_files.py`.
"""

import bz2
import gzip
import importlib
import io
import lzma
import zlib

from support.data import csv_format, csv_rows, excel_sheets, json_lines, text_encoding
from support.run.cli import InputError, first_line

OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
TEXTS = (".csv", ".tsv", ".tab", ".txt", ".data", ".dat")
MAX_NAME = 60  # letters of a column's name in a message
JSON_LINES = (".jsonl", ".ndjson")
EXCEL = (".xlsx", ".xlsm")
SUFFIXES = ".csv, .tsv, .txt (also .gz, .bz2, .xz), .jsonl, .xlsx or .parquet"
BLANK = " \t\r\n\u00a0\u200b\ufeff"  # around a name, some of which nobody sees
FORMAT_OPTIONS = ("sep", "decimal", "encoding", "header", "sheet")


def add_options(data):
    """Add --sep, --decimal, --encoding and --header to a group of a command line."""
    data.add_argument(
        "--sep",
        type=csv_format.separator_name,
        metavar="CHARACTER",
        help="between two values: one character or a name such as tab, semicolon, pipe (default: "
        "detected)",
    )
    data.add_argument(
        "--decimal", choices=(".", ","), help="mark before the fraction (default: detected)"
    )
    data.add_argument(
        "--encoding", metavar="NAME", help="of the file, such as latin-1 (default: detected)"
    )
    data.add_argument(
        "--header",
        choices=("yes", "no"),
        help="whether the first row has the names of the columns (default: detected)",
    )
    data.add_argument("--sheet", metavar="NAME", help="of an Excel file (default: the first)")


def read_frame(path, options=None):
    """Read a file of a table: `(frame, notes)`; column names become strings.

    Args:
        path: a file; its suffix names the format.
        options: may have the attributes `sep`, `decimal`, `encoding`, `header` and `sheet`.

    Returns:
        The pandas data frame, and notes on what was detected. `frame.attrs["decimal"]` is the mark
        before the fraction.
    """
    check_file(path)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    kind = (suffixes[-2:-1] if suffixes[-1:] and suffixes[-1] in OPENERS else suffixes[-1:]) or [""]
    readers = {
        **dict.fromkeys(TEXTS, (_read_csv, ("sep", "decimal", "encoding", "header"))),
        **dict.fromkeys(JSON_LINES, (_read_json_lines, ("encoding",))),
        **dict.fromkeys(EXCEL, (_read_excel, ("header", "sheet"))),
        ".parquet": (_read_parquet, ()),
    }
    if kind[0] not in readers:
        raise InputError("--data", f"expected a file of the kind {SUFFIXES}, got {path}")
    reader, known = readers[kind[0]]
    given = {name: getattr(options, name, None) for name in FORMAT_OPTIONS}
    for name, value in given.items():
        if value is not None and name not in known:
            raise InputError(
                f"--{name}", f"does not apply to a file of the kind {kind[0]}; omit it"
            )
    frame, notes = reader(read_bytes(path), given)
    frame.columns = _unique_names(frame.columns)
    return frame, notes


def check_file(path):
    """Raise unless the path of --data is a file."""
    if path.is_dir():
        raise InputError("--data", f"expected a file, got the folder {path}")
    if not path.is_file():
        raise InputError("--data", f"expected an existing file, got {path}")


def check_options(options):
    """Raise if an option about the file of --data is given without --data."""
    for name in FORMAT_OPTIONS:
        if options.data is None and getattr(options, name, None) is not None:
            raise InputError(f"--{name}", "needs a file: --data FILE")


def read_bytes(path):
    """Content of a file, unpacked if its name ends in .gz, .bz2 or .xz."""
    opener = OPENERS.get(path.suffix.lower(), open)
    try:
        with opener(path, "rb") as file:
            return file.read()
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise InputError("--data", f"expected a readable file, got {path}: {error}") from error


def _read_csv(content, given):
    text, notes = text_encoding.decode(content, given["encoding"])
    separator, text = csv_format.take_separator(text)
    separator = given["sep"] or separator
    titles, text = (
        ([], text) if given["header"] == "no" else csv_format.take_titles(text, separator)
    )
    if titles:
        notes = (*notes, f"lines with one value above the names are left out: {listing(titles)}")
    header = None if given["header"] is None else given["header"] == "yes"
    dialect = csv_format.detect(text, separator, given["decimal"], header)
    frame = csv_rows.read(text, dialect)
    if not dialect.header:
        frame.columns = [f"column_{i + 1}" for i in range(len(frame.columns))]
    frame.attrs["decimal"] = dialect.decimal
    odd = [*csv_rows.short_row_note(frame, text, dialect)]
    odd += csv_rows.open_quote_notes(frame, text, dialect)
    return frame, (*notes, *dialect.notes, *odd)


def _read_json_lines(content, given):
    return json_lines.read(content, given["encoding"])


def _read_excel(content, given):
    return excel_sheets.read(content, given["sheet"], given["header"])


def _read_parquet(content, given):
    import pandas as pd

    try:
        frame = pd.read_parquet(io.BytesIO(content))
        # Bytes that are no text are read, too, and would fail where they are used.
        parquet = importlib.import_module("pyarrow.parquet")
        parquet.read_table(io.BytesIO(content)).validate(full=True)
    except ImportError as error:
        raise InputError(
            "--data", "reading .parquet needs pyarrow: pip install pyarrow, or save it as .csv"
        ) from error
    except Exception as error:  # pyarrow raises whatever the damage leads to
        reason = f"{type(error).__name__}: {first_line(error)}"
        raise InputError("--data", f"expected a .parquet file, got {reason}") from error
    # Times are often the index; row numbers without a name are none of the data.
    numbered = isinstance(frame.index, pd.RangeIndex) and frame.index.name is None
    return (frame if numbered else frame.reset_index()), ()


def _unique_names(columns):
    """Column names as different strings."""
    names, used = [], set()
    for column in columns:
        name = str(column).strip(BLANK)
        while name in used:
            name += "'"
        used.add(name)
        names.append(name)
    return names


def listing(names, maximum=12):
    """The first names for a message, comma-separated."""
    names = [short(name) for name in names]
    return ", ".join(names[:maximum]) + (", ..." if len(names) > maximum else "")


def short(name):
    """The name of a column for a message."""
    name = " ".join(str(name).splitlines())  # spreadsheets break long names into lines
    return name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}..."


def check_column(frame, name, argument):
    """Raise an error of `argument` unless the frame has the column."""
    if name not in frame:
        raise InputError(
            argument, f"expected a column of the data, got {name!r}; it has {listing(frame)}"
        )
