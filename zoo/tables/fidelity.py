"""Fidelity of a synthetic table: similarity of each column and of each pair of columns.

The similarities lie in [0, 1], where 1 means equal. Those of columns and of pairs of numbers are
those of SDMetrics; numbers beside categories are cut into bins of the real values in both tables,
where SDMetrics cuts each table by its own range.
"""

import dataclasses

import numpy as np

BINS = 10  # of equal width, of numbers beside categories


@dataclasses.dataclass(frozen=True)
class Values:
    """Values of a column.

    Attributes:
        name: name of the column.
        is_number: False for positions of levels.
        values: float64 `[N]`, NaN where missing; of levels the last position is "missing".
    """

    name: str
    is_number: bool
    values: np.ndarray


def values_of(columns, frame, argument):
    """`Values` of each encoded column of a frame, with the levels of `columns`."""
    encoded = columns.encode(frame, argument)  # checks the frame
    slices, result = columns.slices(), []
    for part in columns.encoded:
        if part.kind == "number":
            numbers, observed = part.storage.read(frame[part.name])
            values = np.full(len(frame), np.nan)
            values[observed] = part.less_origin(numbers)
        else:
            values = encoded[:, slices[part.name]][:, 0]
            values = np.where(np.isnan(values), part.classes[0], values)  # unknown: one more level
        result.append(Values(part.name, part.kind == "number", values))
    return result


def column_similarity(real, synthetic):
    """1 - the Kolmogorov-Smirnov statistic of numbers, 1 - the total variation of categories."""
    if not real.is_number:
        return 1 - _total_variation(real.values, synthetic.values)
    a, b = (np.sort(v.values[~np.isnan(v.values)]) for v in (real, synthetic))
    if not len(a) or not len(b):
        return float(len(a) == len(b))
    at = np.concatenate([a, b])
    below = [np.searchsorted(x, at, "right") / len(x) for x in (a, b)]
    return 1 - float(np.abs(below[0] - below[1]).max())


def pair_similarity(real, synthetic):
    """Similarity of two columns, each a pair of `Values`; NaN where it is not defined.

    1 - |r - r'| / 2 with Pearson's r for two numbers; 1 - the total variation of the joint
    frequencies otherwise, in which numbers are cut into `BINS` bins of the real values.
    """
    if all(v.is_number for v in real):
        first, second = _correlation(*real), _correlation(*synthetic)
        return 1 - abs(first - second) / 2
    pairs = [_joint(pair, real) for pair in (real, synthetic)]
    return 1 - _total_variation(*pairs)


def _correlation(a, b):
    both = ~np.isnan(a.values) & ~np.isnan(b.values)
    a, b = a.values[both], b.values[both]
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return np.nan
    return float(np.corrcoef(a, b)[0, 1])


def _joint(pair, real):
    """One number for each row, equal where both categories or bins are equal."""
    codes = [_categories(v, r) for v, r in zip(pair, real, strict=True)]
    return codes[0] * 1e6 + codes[1]


def _categories(column, real):
    """Values as numbers of bins of the real values, or of levels."""
    if not column.is_number:
        return column.values
    observed = real.values[~np.isnan(real.values)]
    edges = np.histogram_bin_edges(observed, BINS)[1:-1]
    return np.where(np.isnan(column.values), BINS, np.digitize(column.values, edges))


def _total_variation(a, b):
    """Half of the sum of differences of two vectors' frequencies."""
    levels = np.unique(np.concatenate([a, b]))
    counts = [np.bincount(np.searchsorted(levels, x), minlength=len(levels)) for x in (a, b)]
    return 0.5 * float(np.abs(counts[0] / len(a) - counts[1] / len(b)).sum())
