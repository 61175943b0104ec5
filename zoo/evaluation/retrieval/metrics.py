"""Retrieval metrics: recall, reciprocal rank and precision of nearest-neighbour search by codes.

Ties. The order of gallery items at the same distance is arbitrary, so every score is the
expectation over a uniformly random order of these items. An encoder that maps all x to one code
thus scores at the level of chance, in whatever order the gallery is. A partner with n items
strictly nearer and t items at the same distance, itself included, has

    rank = 1 + n + (t - 1) / 2,   P(among the k nearest) = clip((k - n) / t, 0, 1),
    E[1 / rank] = (1 / (n + 1) + ... + 1 / (n + t)) / t.

Without ties, t = 1, these are the usual scores. Equal codes tie exactly, because distances are sums
of squared differences in float64, added in the same order for all pairs. (A matrix product would be
faster, but its rounding depends on the position of the item in the matrix.)
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from zoo.core import inputs
from zoo.evaluation.retrieval.inputs import (
    check_cutoffs,
    check_metric,
    check_sizes,
    class_indices,
    metric_points,
)
from zoo.evaluation.retrieval.result import Retrieval
from zoo.model import VAE

BLOCK_SIZE = 2**18  # distances computed at a time: about four arrays of 2 MB, which fit the cache


def retrieval(
    vae: VAE,
    queries: np.ndarray | dict | tf.data.Dataset,
    gallery: np.ndarray | dict | tf.data.Dataset,
    *,
    labels: Sequence | None = None,
    gallery_labels: Sequence | None = None,
    ks: Sequence[int] = (1, 5, 10),
    metric: str = "euclidean",
    batch_size: int = 256,
) -> Retrieval:
    """Search the gallery for the nearest neighbours of each query, by the means of q(z|x).

    If both have the same number of examples, the partner of queries[i] is gallery[i], such as the
    caption of an image. Recall, precision and reciprocal rank are defined as in Manning, Raghavan
    and Schuetze, Introduction to information retrieval, 2008, chapter 8; for tied items they are
    the expectation over a random order.

    Args:
        vae: a `VAE`, or an object whose `encode(x, batch_size=...)` returns one with `loc`
            `[N, D]`.
        queries: N examples that `vae.encode` accepts: an array, a dataset, or for a multimodal
            model a dict such as `{"image": x}`.
        gallery: M examples in the same form, possibly of another modality.
        labels: classes of the queries, `[N]`, numbers or strings.
        gallery_labels: classes of the gallery, `[M]`; None takes the class of the partner.
        ks: numbers of neighbours to score, positive integers of at most M.
        metric: "euclidean", or "cosine", which compares only the directions of codes.
        batch_size: examples to encode at a time.

    Raises:
        TypeError: queries or gallery hold no examples, or labels are not numbers or strings.
        ValueError: an argument is empty or does not fit the others, or there are neither partners
            nor labels, so that nothing can be scored.

    >>> from types import SimpleNamespace
    >>> identity = SimpleNamespace(encode=lambda x, batch_size: SimpleNamespace(loc=x))
    >>> x = np.array([[0.0], [1.0], [3.0]])
    >>> print(retrieval(identity, x, [[0.1], [2.9], [2.8]], labels=["a", "a", "b"], ks=(1, 2)))
                   @1      @2
    recall      0.333   0.667
    precision   0.667   0.500
    mean reciprocal rank 0.611
    """
    inputs.require_encoder(vae)
    ks = check_cutoffs(ks)
    classes = class_indices(labels, gallery_labels)
    check_metric(metric)
    named = {"queries": queries, "gallery": gallery}
    for argument, x in named.items():
        inputs.require_examples(x, argument)
    codes = [np.asarray(vae.encode(x, batch_size=batch_size).loc) for x in named.values()]
    queries, gallery = metric_points(*codes, metric, names=tuple(named))
    check_sizes(len(queries), len(gallery), classes, ks)
    return _score(queries, gallery, classes, ks)


def rank(
    query_codes: np.ndarray, gallery_codes: np.ndarray, metric: str = "euclidean"
) -> np.ndarray:
    """Rank of gallery_codes[i] among the gallery by distance to query_codes[i], float `[N]`.

    rank = 1 + (items strictly nearer) + (other items at the same distance) / 2.

    Args:
        query_codes: `[N, D]`.
        gallery_codes: `[N, D]`, the partners in the same order.
        metric: "euclidean" or "cosine".

    Raises:
        ValueError: codes are empty, not finite, or do not pair up; the metric is unknown.

    >>> rank([[0.0], [0.0], [5.0]], [[1.0], [-1.0], [4.0]])
    array([1.5, 1.5, 1. ])
    """
    check_metric(metric)
    queries, gallery = metric_points(query_codes, gallery_codes, metric)
    if len(queries) != len(gallery):
        raise ValueError(
            f"gallery_codes must have as many rows as query_codes, {len(queries)}, "
            f"got {len(gallery)}"
        )
    blocks = _distance_blocks(queries, gallery)
    nearer, tied = np.hstack([_count_nearer_and_tied(block, start) for start, block in blocks])
    return 1 + nearer + (tied - 1) / 2


def distances(
    query_codes: np.ndarray, gallery_codes: np.ndarray, metric: str = "euclidean"
) -> np.ndarray:
    """Distances that order items as the metric does, float64 `[N, M]`.

    "euclidean" gives the squared Euclidean distance; "cosine" gives 2 (1 - cosine), the squared
    Euclidean distance of codes divided by their norms. A code of norm 0 has no direction, so its
    cosine with any other code is 0.

    Raises:
        ValueError: codes are empty, not finite, or differ in width; the metric is unknown.

    >>> distances([[1.0, 0.0]], [[0.0, 2.0], [-3.0, 0.0], [0.0, 0.0]], "cosine")
    array([[2., 4., 2.]])
    """
    check_metric(metric)
    return _squared_distances(*metric_points(query_codes, gallery_codes, metric))


def _score(queries, gallery, classes, ks):
    """A `Retrieval` from points `[N, D]` and `[M, D]`, and class indices or None."""
    rng = np.random.default_rng(0)  # for the order of ties, the same in each call
    paired = len(queries) == len(gallery)
    partner_counts, neighbours, precisions = [], [], []
    for start, block in _distance_blocks(queries, gallery):
        if paired:
            partner_counts.append(_count_nearer_and_tied(block, start))
        furthest = np.partition(block, ks[-1] - 1, axis=1)[:, ks[-1] - 1]
        for i, row in enumerate(block):
            nearest = _nearest_items(row, furthest[i], rng)
            neighbours.append(nearest[: ks[-1]])
            if classes is not None:
                same = classes[1][nearest] == classes[0][start + i]
                precisions.append(_precision_at(row[nearest], same, ks))
    recall = reciprocal_rank = None
    if paired:
        recall, reciprocal_rank = _recall_and_reciprocal_rank(*np.hstack(partner_counts), ks)
    precision = None if classes is None else _mean_by_k(ks, precisions)
    return Retrieval(np.stack(neighbours), recall, reciprocal_rank, precision)


def _count_nearer_and_tied(block, start):
    """Numbers of items nearer than the partner, and as far as it, itself included: int `[2, B]`.

    Args:
        block: distances `[B, M]` of the queries from index `start` on.
    """
    rows = np.arange(len(block))
    partner = block[rows, start + rows][:, None]
    return np.stack([np.count_nonzero(block < partner, 1), np.count_nonzero(block == partner, 1)])


def _recall_and_reciprocal_rank(nearer, tied, ks):
    """Recall at each k and the mean reciprocal rank, in expectation over the order of ties."""
    recalls = np.clip((np.array(ks) - nearer[:, None]) / tied[:, None], 0, 1)
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, len(nearer) + 1))])
    reciprocal = (harmonic[nearer + tied] - harmonic[nearer]) / tied
    return _mean_by_k(ks, recalls), float(reciprocal.mean())


def _nearest_items(row, furthest, rng):
    """Indices of items up to the distance `furthest`, nearest first, ties in random order."""
    items = np.flatnonzero(row <= furthest)
    return items[np.lexsort((rng.random(len(items)), row[items]))]


def _precision_at(sorted_distances, same, ks):
    """Expected fraction of the k nearest items that have the class of the query, `[len(ks)]`.

    (hits nearer + (k - nearer) * hits tied / tied) / k, where tied items are those at the distance
    of the k-th.

    Args:
        sorted_distances: `[C]` in ascending order, with all items tied with the last k-th.
        same: bool `[C]`, true for items of the query's class.
        ks: positive integers of at most C.
    """
    ks = np.array(ks)
    at_k = sorted_distances[ks - 1]
    nearer = np.searchsorted(sorted_distances, at_k, "left")
    up_to = np.searchsorted(sorted_distances, at_k, "right")
    hits = np.concatenate([[0], np.cumsum(same)])
    tied_precision = (hits[up_to] - hits[nearer]) / (up_to - nearer)
    return (hits[nearer] + (ks - nearer) * tied_precision) / ks


def _mean_by_k(ks, rows):
    """Dict of k -> mean of its column, from `[N, len(ks)]`."""
    return dict(zip(ks, np.mean(rows, 0).tolist(), strict=True))


def _distance_blocks(queries, gallery):
    """Yield (index of the first query, squared distances `[B, M]`), about BLOCK_SIZE at a time."""
    rows = max(1, BLOCK_SIZE // len(gallery))
    for start in range(0, len(queries), rows):
        yield start, _squared_distances(queries[start : start + rows], gallery)


def _squared_distances(queries, gallery):
    """Squared distances `[N, M]`, summed by dimension so that no `[N, M, D]` is in memory."""
    total = np.zeros((len(queries), len(gallery)))
    difference = np.empty_like(total)
    for q, g in zip(queries.T, gallery.T, strict=True):
        np.subtract.outer(q, g, out=difference)
        np.square(difference, out=difference)
        total += difference
    return total
