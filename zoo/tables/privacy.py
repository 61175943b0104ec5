"""Privacy of a synthetic table: distances to the nearest real row, and copies."""

import importlib

import numpy as np

MAX_ROWS = 5000  # of each table


def privacy(real, synthetic, holdout, seed):
    """Compare the distances from synthetic rows to training rows with those of held-out rows.

    The distance of two rows is the mean over columns of the difference of ranks among the training
    rows, in [0, 1], and of 0 or 1 for equal or different categories (Gower, A general coefficient
    of similarity and some of its properties, 1971). Training rows are as many as held-out ones.

    Args:
        real, synthetic, holdout: lists of `Values`, the same columns.
        seed: seed of the choice of rows.

    Returns:
        {"copies": fraction of synthetic rows that are equal to a training row, "copies of holdout":
        that of held-out rows, "distance": median distance to the nearest training row, "distance of
        holdout": that of held-out rows, "closer": fraction of synthetic rows that are closer to a
        training row than to a held-out one, 0.5 where training rows are not memorised}
    """
    rng = np.random.default_rng(seed)
    points = [_points(table, real) for table in (real, synthetic, holdout)]
    size = min(MAX_ROWS, len(points[0]), len(points[2]))
    train, held_out = (rng.permutation(points[i])[:size] for i in (0, 2))
    rows = rng.permutation(points[1])[:MAX_ROWS]
    columns = len(real)
    to_train, to_held_out = (_nearest(rows, others, columns) for others in (train, held_out))
    copies = [_equal_rows(table, real) for table in (synthetic, holdout)]
    ties = 0.5 * float((to_train == to_held_out).mean())
    return {
        "copies": copies[0],
        "copies of holdout": copies[1],
        "distance": float(np.median(to_train)),
        "distance of holdout": float(np.median(_nearest(held_out, train, columns))),
        "closer": float((to_train < to_held_out).mean()) + ties,
    }


def _points(table, real):
    """Coordinates whose L1 distances are those of the columns, float64 `[N, coordinates]`."""
    blocks = []
    for column, reference in zip(table, real, strict=True):
        if column.is_number:
            observed = np.sort(reference.values[~np.isnan(reference.values)])
            ends = [np.searchsorted(observed, column.values, side) for side in ("left", "right")]
            rank = (ends[0] + ends[1]) / 2 / max(1, len(observed))
            missing = np.isnan(column.values)
            blocks.append(np.where(missing, 0.5, rank)[:, None])
            blocks.append(0.5 * missing[:, None])
        else:
            levels = np.unique(reference.values)
            blocks.append(0.5 * (column.values[:, None] == levels))
    return np.concatenate(blocks, 1)


def _nearest(rows, others, columns):
    """Distance of each row to the nearest of others."""
    neighbors = importlib.import_module("sklearn.neighbors").NearestNeighbors
    distances = neighbors(n_neighbors=1, metric="manhattan").fit(others).kneighbors(rows)[0]
    return np.round(distances[:, 0] / columns, 12)


def _equal_rows(table, real):
    """Fraction of the rows of a table that are equal to one of `real` in all columns."""
    rows, known = (np.stack([v.values for v in values], 1) for values in (table, real))
    known = {row.tobytes() for row in np.nan_to_num(known, nan=np.inf)}
    return float(np.mean([row.tobytes() in known for row in np.nan_to_num(rows, nan=np.inf)]))
