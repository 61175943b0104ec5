"""Files of tables as pandas data frames: the first step of `tables.py` and `time_series.py`.

The columns of a table are then given kinds (`column_kinds.py`) and encoded (`table_columns.py`);
those of a series are read in `series_files.py`.
"""

import bz2
import gzip
import io
import json
import lzma
import zlib

from support.data import csv_format
from support.run.cli import InputError, as_input_error, first_line

OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
TEXTS = (".csv", ".tsv", ".tab", ".txt", ".data", ".dat")
JSON_LINES = (".jsonl", ".ndjson")
EXCEL = (".xlsx", ".xlsm")
SUFFIXES = ".csv, .tsv, .txt (also .gz, .bz2, .xz), .jsonl, .xlsx or .parquet"
FORMAT_OPTIONS = ("sep", "decimal", "encoding", "header")


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


def read_frame(path, options=None):
    """Read a file of a table: `(frame, notes)`; column names become strings.

    Args:
        path: a file; its suffix names the format.
        options: may have the attributes `sep`, `decimal`, `encoding` and `header`.

    Returns:
        The pandas data frame, and notes on what was detected. `frame.attrs["decimal"]` is the mark
        before the fraction.
    """
    if not path.is_file():
        raise InputError("--data", f"expected an existing file, got {path}")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    opener = OPENERS.get(suffixes[-1] if suffixes else "", open)
    kind = (suffixes[-2:-1] if opener is not open else suffixes[-1:]) or [""]
    readers = {
        **dict.fromkeys(TEXTS, _read_csv),
        **dict.fromkeys(JSON_LINES, _read_json_lines),
        **dict.fromkeys(EXCEL, _read_excel),
        ".parquet": _read_parquet,
    }
    if kind[0] not in readers:
        raise InputError("--data", f"expected a file of the kind {SUFFIXES}, got {path}")
    given = {name: getattr(options, name, None) for name in FORMAT_OPTIONS}
    try:
        with opener(path, "rb") as file:
            content = file.read()
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise InputError("--data", f"expected a readable file, got {path}: {error}") from error
    frame, notes = readers[kind[0]](content, given)
    frame.columns = _unique_names(frame.columns)
    return frame, notes


def _read_csv(content, given):
    import pandas as pd

    text, notes = csv_format.decode(content, given["encoding"])
    header = None if given["header"] is None else given["header"] == "yes"
    dialect = csv_format.detect(text, given["sep"], given["decimal"], header)
    options = dict(
        sep=dialect.separator,
        decimal=dialect.decimal,
        header=0 if dialect.header else None,
        skipinitialspace=True,
        index_col=False,
    )
    try:
        start = pd.read_csv(io.StringIO(text), dtype=str, nrows=1000, **options)
        as_text = {name: str for name in start if _has_leading_zeros(start[name])}
        frame = pd.read_csv(io.StringIO(text), dtype=as_text, low_memory=False, **options)
    except (ValueError, OverflowError) as error:  # pandas' own errors are ValueErrors
        name = csv_format.SEPARATORS.get(dialect.separator, repr(dialect.separator))
        raise InputError(
            "--data",
            f"expected rows of equally many values separated by {name}, got {first_line(error)}; "
            "correct the file, or name the separator with --sep",
        ) from error
    if not dialect.header:
        frame.columns = [f"column_{i + 1}" for i in range(len(frame.columns))]
    frame.attrs["decimal"] = dialect.decimal
    return frame, (*notes, *dialect.notes)


def _has_leading_zeros(column):
    """True for codes such as 01067, of which a number would lose the zero."""
    return bool(column.dropna().str.fullmatch(r"0\d+").any())


def _read_json_lines(content, given):
    import pandas as pd

    text, notes = csv_format.decode(content, given["encoding"])
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        try:
            rows += [json.loads(line)] if line.strip() else []
        except (ValueError, RecursionError) as error:
            raise InputError(
                "--data", f"expected a JSON object in each line, got line {number}: {error}"
            ) from error
        if rows and not isinstance(rows[-1], dict):
            raise InputError(
                "--data", f"expected a JSON object in each line, got {line[:40]!r} in line {number}"
            )
    return pd.json_normalize(rows), notes


def _read_excel(content, given):
    import pandas as pd

    try:
        sheets = pd.read_excel(
            io.BytesIO(content), sheet_name=None, header=None if given["header"] == "no" else 0
        )
    except ImportError as error:
        raise InputError(
            "--data", "reading .xlsx needs openpyxl: pip install openpyxl, or save it as .csv"
        ) from error
    except Exception as error:  # openpyxl raises whatever the damage leads to
        raise InputError("--data", f"expected an .xlsx file, got {first_line(error)}") from error
    (name, frame), *others = sheets.items()
    if not others:
        return frame, ()
    return frame, (f"sheet: the first, {name!r}, of {len(sheets)}",)


def _read_parquet(content, given):
    import pandas as pd

    with as_input_error("--data", ValueError, OSError):  # ArrowInvalid is a ValueError
        return pd.read_parquet(io.BytesIO(content)), ()


def _unique_names(columns):
    """Column names as different strings."""
    names, used = [], set()
    for column in columns:
        name = str(column).strip()
        while name in used:
            name += "'"
        used.add(name)
        names.append(name)
    return names


def listing(names, maximum=12):
    """The first names for a message, comma-separated."""
    names = [str(name) for name in names]
    return ", ".join(names[:maximum]) + (", ..." if len(names) > maximum else "")


def check_column(frame, name, argument):
    """Raise an error of `argument` unless the frame has the column."""
    if name not in frame:
        raise InputError(
            argument, f"expected a column of the data, got {name!r}; it has {listing(frame)}"
        )
