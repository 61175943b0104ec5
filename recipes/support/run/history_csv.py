"""history.csv: one row of numbers for each epoch, as `keras.callbacks.CSVLogger` writes them."""

import csv
import os


def read(path, epochs=None):
    """Read name -> a number for each epoch, like `fit(...).history`; all epochs or the first."""
    _, rows = _rows(path, epochs)
    return {name: [float(row[name]) for row in rows] for name in rows[0]} if rows else {}


def truncate(path, epochs):
    """Delete all but the first `epochs` epochs, which the checkpoint of the run includes.

    A killed process may have written an epoch that is not in its checkpoint, or half a line.
    """
    names, rows = _rows(path, epochs)
    if not rows:
        path.unlink(missing_ok=True)
        return
    partial = path.with_name("history.csv.partial")
    with partial.open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    os.replace(partial, path)


def _rows(path, epochs):
    """Column names, and the last row of each epoch; both empty if there is no file."""
    if not path.exists() or epochs == 0:
        return (), []
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        rows = {row["epoch"]: row for row in reader}
    if epochs is None:
        return reader.fieldnames, list(rows.values())
    wanted = map(str, range(epochs))
    return reader.fieldnames, [rows[epoch] for epoch in wanted if epoch in rows]
