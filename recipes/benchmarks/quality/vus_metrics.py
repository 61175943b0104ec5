"""VUS-PR, the volume under the precision-recall surface, and its tolerance.

Paparrizos et al., Volume under the surface: a new accuracy evaluation measure for time-series
anomaly detection, 2022. Both functions return what the package vus 0.0.6 does (`find_length` and
`RangeAUC_volume_opt` with 250 thresholds), up to rounding, and are faster: the sums over all
thresholds are cumulative sums of steps that are sorted by their scores.
"""

import itertools

import numpy as np

THRESHOLDS = 250
MAX_LAG = 400
BASE = 3
NO_PERIOD = 125


def tolerance(values):
    """Period of a series `[steps]` by its autocorrelation; 125 without one of at most 300 steps."""
    values = np.asarray(values, "float64")[:20_000]
    steps = len(values)
    centred = values - values.mean()
    spectrum = np.abs(np.fft.rfft(centred, 2 * steps)) ** 2
    lags = min(MAX_LAG, steps - 1)
    sums = np.fft.irfft(spectrum)[: lags + 1]
    if sums[0] <= 0:
        return NO_PERIOD
    correlation = (sums / sums[0])[BASE:]
    peaks = 1 + np.flatnonzero(
        (correlation[1:-1] > correlation[:-2]) & (correlation[1:-1] > correlation[2:])
    )
    if not len(peaks):
        return NO_PERIOD
    best = int(peaks[np.argmax(correlation[peaks])])
    return NO_PERIOD if best < BASE or best > 300 else best + BASE


def vus_pr(anomaly, score, period):
    """Mean over tolerances of 0 to `period` steps of the range-based average precision.

    Args:
        anomaly: `[steps]`, 1 for anomalous steps.
        score: `[steps]`, higher for more anomalous steps; ties are broken by the step.
        period: largest tolerance.
    """
    steps = len(score)
    order = np.argsort(-np.argsort(np.argsort(score)))
    rank = np.empty(steps, int)
    rank[order] = np.arange(steps)
    cut = np.linspace(0, steps - 1, THRESHOLDS).astype(int)
    ranges = _ranges(np.asarray(anomaly) > 0)
    counted = _mask(_widened(ranges, period, steps), steps)
    precisions = [
        _average_precision(ranges, width, order, rank, cut, counted) for width in range(period + 1)
    ]
    return float(np.mean(precisions))


def _average_precision(ranges, width, order, rank, cut, counted):
    """Average precision where labels fall off over `width` steps around each range."""
    steps = len(rank)
    labels = _soft_labels(ranges, width, steps)
    widened = _widened(ranges, width, steps)
    first_ranks = np.array([rank[first : last + 1].min() for first, last in widened])
    existence = (first_ranks[None] <= cut[:, None]).mean(1)
    inside = _mask(ranges, steps)
    weights = np.where(counted, labels, 0.0)
    hits = np.cumsum(weights[order])[cut]
    near = np.where(inside, 0.0, weights)
    within = _mask(widened, steps)
    near_hits = np.cumsum(np.where(within, near, 0.0)[order])[cut] + near[~within].sum()
    count = inside.sum()
    positives = (count + (inside & counted).sum() + near_hits) / 2
    recall = np.minimum(hits / positives, 1) * existence
    return np.dot(np.diff(np.concatenate([[0.0], recall])), hits / (cut + 1))


def _ranges(mask):
    """First and last step of each range of True."""
    change = np.diff(np.concatenate([[0], mask.astype(int), [0]]))
    return list(zip(np.flatnonzero(change == 1), np.flatnonzero(change == -1) - 1, strict=True))


def _mask(ranges, steps):
    mask = np.zeros(steps, bool)
    for first, last in ranges:
        mask[first : last + 1] = True
    return mask


def _soft_labels(ranges, width, steps):
    """1 within each range, and sqrt(1 - distance / width) within width // 2 steps of it."""
    labels = _mask(ranges, steps).astype(float)
    for first, last in ranges:
        after = np.arange(last + 1, min(last + width // 2 + 1, steps))
        labels[after] += np.sqrt(1 - (after - last) / width) if width else 0.0
        before = np.arange(max(first - width // 2, 0), first)
        labels[before] += np.sqrt(1 - (first - before) / width) if width else 0.0
    return np.minimum(labels, 1.0)


def _widened(ranges, width, steps):
    """Ranges widened by width // 2 steps at both ends; those that then overlap are one."""
    half, merged = width // 2, []
    start = max(ranges[0][0] - half, 0)
    for (_, last), (following, _) in itertools.pairwise(ranges):
        if last + half < following - half:
            merged.append((start, last + half))
            start = following - half
    return [*merged, (start, min(ranges[-1][1] + half, steps - 1))]
