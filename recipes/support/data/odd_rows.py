"""Rows of a file that are none of its data: names or units between numbers, totals, empty rows."""

import numpy as np

MIN_ROWS = 10  # above a row of totals
MAX_NAMED = 3  # columns and rows in a note
TOLERANCE = 1e-3  # of a sum, by which rounded totals differ from it
LAST = 3  # rows at the end, of which one may hold totals


def notes(frame, numbers):
    """Notes on rows that may be none of the data; they are used like the others.

    Args:
        frame: the data frame of a file, in its order.
        numbers: column -> its values as float64 `[N]`, NaN where missing, for columns of numbers.
    """
    empty = np.flatnonzero(frame.isna().all(axis=1))
    if len(empty):
        yield f"{len(empty):,} rows are empty{_rows(frame, empty)}; they count as missing values"
    if numbers:
        yield from _texts(frame, numbers)
        yield from _totals(frame, numbers)


def _texts(frame, numbers):
    """Rows with texts in all columns of numbers: names that are repeated, or units."""
    written = frame[list(numbers)].notna().to_numpy()
    rows = np.flatnonzero((written & np.isnan(np.stack([*numbers.values()], 1))).all(1))
    if 0 < len(rows) <= MAX_NAMED:
        texts = ", ".join(repr(str(frame[name].iloc[rows[0]])) for name in [*numbers][:MAX_NAMED])
        yield (
            f"{len(rows):,} rows have texts in all columns of numbers{_rows(frame, rows)}: "
            f"{texts}; they count as missing values; remove them if they are names or units"
        )


def _totals(frame, numbers):
    """A row at the end that is the sum of the rows above it."""
    for row in range(len(frame) - 1, max(MIN_ROWS, len(frame) - LAST) - 1, -1):
        filled = {name: x[: row + 1] for name, x in numbers.items() if np.isfinite(x[row])}
        names = [name for name, x in filled.items() if _is_total(x)]
        if names and 2 * len(names) > len(filled):
            listed = ", ".join(map(repr, names[:MAX_NAMED]))
            yield (
                f"row {frame.index[row]} is the sum of the rows above it in {listed}; remove it if "
                "it holds totals"
            )
            return


def _is_total(x):
    above = x[:-1][~np.isnan(x[:-1])]
    size = np.abs(above).sum()
    # A sum that is as small as a value may be one by chance.
    is_large = size > 0 and abs(x[-1]) > 2 * np.abs(above).max()
    return bool(is_large and abs(x[-1] - above.sum()) <= TOLERANCE * size)


def _rows(frame, rows):
    listed = ", ".join(str(frame.index[row]) for row in rows[:MAX_NAMED])
    return f" (rows {listed}{', ...' if len(rows) > MAX_NAMED else ''})"
