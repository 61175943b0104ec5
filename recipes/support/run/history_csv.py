"""history.csv: one row of numbers for each epoch, as `keras.callbacks.CSVLogger` writes them."""

import contextlib
import csv
import io

from zoo.core import files


def read(path, epochs=None):
    """Read name -> a number for each epoch, like `fit(...).history`; all epochs or the first."""
    _, rows = _rows(path, epochs)
    return {name: [float(row[name]) for row in rows] for name in rows[0]} if rows else {}


def count(path):
    """Number of epochs, from the first on, whose lines are complete."""
    _, rows = _rows(path, None)
    return next(n for n in range(len(rows) + 1) if n == len(rows) or int(rows[n]["epoch"]) != n)


def truncate(path, epochs):
    """Delete all but the first `epochs` epochs, which the checkpoint of the run includes.

    A killed process may have written an epoch that is not in its checkpoint, or half a line.
    """
    names, rows = _rows(path, epochs)
    if not rows:
        path.unlink(missing_ok=True)
        return
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(rows)
    files.write(path, text.getvalue().encode())


def _rows(path, epochs):
    """Column names, and the last complete row of each epoch; both empty without a readable file."""
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return (), []
    text = text[: text.rfind("\n") + 1]  # the rest may be half a line, with half a number
    reader, rows = csv.DictReader(io.StringIO(text, newline="")), {}
    with contextlib.suppress(csv.Error):
        for row in reader:
            if _is_complete(row):
                rows[int(row["epoch"])] = row
    return tuple(reader.fieldnames or ()) if rows else (), [
        row for epoch, row in sorted(rows.items()) if epochs is None or epoch < epochs
    ]


def _is_complete(row):
    """True if a row has the number of its epoch and a number in each other column."""
    try:
        numbers = [float(value) for value in row.values()]
        return len(numbers) > 1 and int(row["epoch"]) >= 0
    except (KeyError, TypeError, ValueError):
        return False
