"""Regular grid of a series, with the means of the rows of each step."""

import numpy as np
from support.data import numeric_times, series_times
from support.run.cli import InputError

MAX_GRID_STEPS = 10_000_000


def on_grid(values, times, anomaly, grid):
    """Values averaged in the cells of a regular grid, NaN where there are none.

    Args:
        values: `[steps, channels]`.
        times: `[steps]`, dates or numbers.
        anomaly: bool `[steps]`, or None.
        grid: "auto" for the median difference of times, a duration such as "15min", or a number.

    Returns:
        `(values, times, anomaly, note)` of the grid.
    """
    step = _step(times, grid)
    cells = np.floor((times - times[0]) / step + series_times.TOLERANCE).astype("int64")
    count = int(cells[-1]) + 1
    if count > MAX_GRID_STEPS:
        raise InputError(
            "--grid", f"expected at most {MAX_GRID_STEPS:,} steps, got {count:,}; use a longer one"
        )
    observed = ~np.isnan(values)
    totals, counts = np.zeros((2, count, values.shape[1]))
    np.add.at(totals, cells, np.where(observed, values, 0.0))
    np.add.at(counts, cells, observed)
    gridded = np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)
    if anomaly is not None:
        marked = np.zeros(count, bool)
        np.logical_or.at(marked, cells, anomaly)
        anomaly = marked
    filled = len(np.unique(cells))
    length, empty = numeric_times.duration(step), count - filled
    note = f"grid: {count:,} steps of {length}; {empty:,} have no row and are missing"
    if filled < len(cells):
        note += f"; {len(cells) - filled:,} rows are averaged with others of their step"
    return gridded, times[0] + step * np.arange(count), anomaly, note


def _step(times, grid):
    """The step of --grid in the unit of the times."""
    import pandas as pd

    if grid == "auto":
        return np.median(np.diff(times))
    try:
        step = pd.Timedelta(grid).to_numpy() if times.dtype.kind == "M" else float(grid)
    except ValueError as error:
        kind = "a duration such as 15min or 1h" if times.dtype.kind == "M" else "a number"
        raise InputError("--grid", f"expected auto or {kind}, got {grid!r}") from error
    if not step > step * 0:
        raise InputError("--grid", f"expected a step above 0, got {grid!r}")
    return step
