"""Draws of missing values, and frames in which they are filled in."""

import dataclasses

import numpy as np

from zoo.tables.frames import is_missing


@dataclasses.dataclass(frozen=True)
class Draws:
    """Draws of the incomplete rows of a table.

    Attributes:
        values: encoded rows, float64 `[draws, incomplete rows, columns]`.
        rows: bool `[N]`, True for the incomplete rows.
    """

    values: np.ndarray
    rows: np.ndarray

    def one(self, number):
        """A single draw, as `Draws`."""
        return dataclasses.replace(self, values=self.values[number : number + 1])


def fill(frame, draws, columns, quantile=None):
    """A frame whose missing values come from draws.

    Args:
        frame: frame with missing values.
        draws: `Draws` of its incomplete rows.
        columns: `Columns`.
        quantile: probability of the quantile of numbers; None for their mean.
    """
    result, slices = frame.copy(), columns.slices()
    place = np.cumsum(draws.rows) - 1  # of each incomplete row among the draws
    for part in columns.parts:
        if part.kind == "left out" or part.kind == "empty":
            continue
        missing = is_missing(frame[part.name])
        if not missing.any():
            continue
        if part.classes:
            values = draws.values[:, place[missing]][..., slices[part.name]][..., 0]
            filled = _filled(part, values, missing, quantile)
        else:
            filled = part.fill(len(frame))
        result[part.name] = _joined(frame[part.name], filled, missing)
    return result


def _filled(part, values, missing, quantile):
    """A series with values where `missing`, from draws `[draws, missing]` of a column."""
    if part.kind == "number":
        offsets = part.offsets_of(values)
        summary = offsets.mean(0) if quantile is None else np.quantile(offsets, quantile, axis=0)
        return part.series(summary, missing)
    positions = np.round(values).astype(int)
    if not part.is_number:
        return part.decode(_at(_mode(positions), missing))
    levels = np.array(part.levels, "float64")
    numbers = levels[positions]
    summary = numbers.mean(0) if quantile is None else np.quantile(numbers, quantile, axis=0)
    nearest = np.abs(summary[:, None] - levels).argmin(1)
    return part.decode(_at(nearest, missing))


def _mode(positions):
    """Most frequent position of each column of `[draws, N]`; the first one of several."""
    counts = np.zeros((positions.max(initial=0) + 1, positions.shape[1]), int)
    for row in positions:
        counts[row, np.arange(positions.shape[1])] += 1
    return counts.argmax(0)


def _at(values, where):
    """Values in the places where `where`, as a column `[N, 1]`; NaN elsewhere."""
    result = np.full((len(where), 1), np.nan)
    result[where, 0] = values
    return result


def _joined(column, filled, missing):
    """`filled` where `missing` and the column elsewhere, in the dtype of fit if it holds both."""
    kept = column[~missing]
    dtype = filled.dtype
    if kept.dtype != dtype and not (kept.astype(dtype) == kept).all():
        dtype = column.dtype
    result = filled.astype(dtype)
    result.index = column.index
    result[~missing] = kept.astype(dtype)
    return result
