"""Sheets of Excel files: the table in a sheet, below titles and empty rows, and its header."""

import io

from support.data import csv_format
from support.run.cli import InputError, first_line

MAX_EMPTY_ROWS = 100  # above the table of a sheet
MAX_GAP = 10_000  # empty rows of a sheet between two others
MAX_SHEET_ROWS = 2**20  # that Excel has
ZIP = b"PK"  # first bytes of an .xlsx file


def read(content, name=None, header=None):
    """Read a sheet of an Excel file: `(frame, notes)`.

    Args:
        content: bytes of the file.
        name: of the sheet; the first one if None.
        header: "yes" or "no"; detected if None.
    """
    import pandas as pd

    if not content.startswith(ZIP):
        raise InputError(
            "--data",
            "expected an .xlsx file, got something else by its first bytes; save an older Excel "
            "file as .xlsx or .csv, and give a file of text the ending .csv",
        )
    try:
        with pd.ExcelFile(io.BytesIO(content)) as book:
            # Sheets of a chart alone have no cells.
            sheets = [s for s in book.sheet_names if hasattr(book.book[s], "iter_rows")]
            if name is not None and name not in sheets:
                listed = ", ".join(map(str, sheets[:12]))
                raise InputError("--sheet", f"expected one of {listed}, got {name!r}")
            frame, notes = _read_sheet(book, name or sheets[0], header)
    except InputError:
        raise
    except ImportError as error:
        raise InputError(
            "--data", "reading .xlsx needs openpyxl: pip install openpyxl, or save it as .csv"
        ) from error
    except Exception as error:  # openpyxl raises whatever the damage leads to
        raise InputError("--data", f"expected an .xlsx file, got {first_line(error)}") from error
    if name is None and len(sheets) > 1:
        listed = ", ".join(map(str, sheets[:12]))
        notes = [f"sheet: the first, {sheets[0]!r}, of {listed}; --sheet names another", *notes]
    return frame, notes


def _read_sheet(book, name, header):
    """A sheet without titles and without empty rows and columns above and beside its table."""
    import pandas as pd

    start = pd.read_excel(book, sheet_name=name, header=None, nrows=MAX_EMPTY_ROWS)
    skipped, named, notes = layout(start, header)
    frame = pd.read_excel(
        book,
        sheet_name=name,
        header=0 if named else None,
        skiprows=skipped,
        nrows=row_count(book.book[name]),
    )
    if named:
        empty = [c for c in frame if str(c).startswith("Unnamed: ") and frame[c].isna().all()]
        return frame.drop(columns=empty), notes
    frame = frame.dropna(axis=1, how="all")
    return frame.set_axis([f"column_{i + 1}" for i in range(frame.shape[1])], axis=1), notes


def layout(start, header=None):
    """The rows above a table, whether its first row has names, and notes.

    Args:
        start: the first rows of a sheet as a data frame, with its title, names and values.
        header: "yes" or "no"; detected if None.
    """
    filled = start.notna().sum(axis=1)
    rows = [i for i, count in enumerate(filled) if count]
    if not rows:
        return 0, header != "no", []
    # Titles are single cells above the names of several columns.
    several = next((row for row in rows if filled[row] > 1), rows[0])
    titles = [str(start.loc[row].dropna().iloc[0]) for row in rows if row < several]
    if not all(isinstance(cell, str) for cell in start.loc[several].dropna()):
        several, titles = rows[0], []
    skipped, notes = several, []
    if titles:
        listed = ", ".join(repr(title[:40]) for title in titles[:3])
        notes.append(f"rows with one cell above the table are left out: {listed}")
    if header is not None:
        return skipped, header == "yes", notes
    cells = start.iloc[skipped:].dropna(axis=1, how="all").dropna(how="all")
    named = csv_format.has_header([[*map(_text, row)] for row in cells.to_numpy(object)])
    return skipped, named, [*notes, *([] if named else [csv_format.NO_HEADER])]


def _text(cell):
    """A cell as in a CSV file: empty, a whole number without ".0", or as Python writes it."""
    if cell is None or cell != cell:
        return ""
    return f"{cell:.0f}" if isinstance(cell, float) and cell.is_integer() else str(cell)


def row_count(sheet):
    """Number of the last filled row of a sheet of openpyxl.

    pandas makes a row of each number below it, which in a damaged file may be any.
    """
    sheet.reset_dimensions()  # which a file may have wrong
    last = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        if number > MAX_SHEET_ROWS:
            raise ValueError(f"a sheet with a row number beyond {MAX_SHEET_ROWS}, Excel's last")
        if any(value is not None for value in row):
            if number - last > MAX_GAP:
                raise ValueError(
                    f"a sheet with {number - last - 1} empty rows above its row {number}: delete "
                    "what is not part of its table"
                )
            last = number
    return last
