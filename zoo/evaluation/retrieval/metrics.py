"""Retrieval across views: does the code of one find its partner, or its class, in the other?

Ties. Where gallery items are equally far, each order of them is as good as any other, so every
score is its expectation over a uniformly random order among equals. An encoder that gives all x one
code thus scores what chance does, whatever order the gallery has. A partner with n items strictly
nearer and t items as far, itself among them, has

    rank = 1 + n + (t - 1) / 2,   P(among the k nearest) = clip((k - n) / t, 0, 1),
    E[1 / rank] = (1 / (n + 1) + ... + 1 / (n + t)) / t.

Without ties, t = 1, these are the scores that everyone reports. Equal codes tie exactly: distances
are sums of squared differences in float64, added in the same order for all pairs. (A matrix product
would be faster, but its rounding depends on the item's place in the matrix.)
"""

import dataclasses

import numpy as np

from zoo.core import inputs
from zoo.evaluation.retrieval import inputs as galleries

BLOCK = 2**18  # distances at a time: 2 MB, and about four such arrays, which stay near the core


@dataclasses.dataclass(frozen=True, eq=False)
class Retrieval:
    """How well N queries find their own among M gallery items; see `retrieval`.

    Attributes:
        neighbours: int `[N, max(ks)]`, numbers of gallery items, nearest first; equals stand in a
            random order, the same each time.
        recall_at: k -> fraction of queries whose partner is among the k nearest; None if unpaired.
        mean_reciprocal_rank: mean of 1 / (rank of the partner in the whole gallery, from 1); None
            if unpaired.
        precision_at: k -> mean fraction of the k nearest that have the query's class; None without
            labels.
    """

    neighbours: np.ndarray
    recall_at: dict | None
    mean_reciprocal_rank: float | None
    precision_at: dict | None

    def __str__(self):
        """A table: a row for each score, a column for each k."""
        tables = {"recall": self.recall_at, "precision": self.precision_at}
        tables = {name: table for name, table in tables.items() if table is not None}
        ks = next(iter(tables.values()))
        lines = [" " * 9 + "".join(f"{f'@{k}':>8}" for k in ks)]
        for name, table in tables.items():
            lines.append(f"{name:9}" + "".join(f"{table[k]:8.3f}" for k in ks))
        if self.mean_reciprocal_rank is not None:
            lines.append(f"mean reciprocal rank {self.mean_reciprocal_rank:.3f}")
        return "\n".join(lines)

    def to_dict(self):
        """The attributes as Python's own lists, dicts and numbers."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        values["neighbours"] = self.neighbours.tolist()
        for name in ("recall_at", "precision_at"):
            values[name] = None if values[name] is None else dict(values[name])
        return values


def retrieval(
    vae,
    queries,
    gallery,
    *,
    labels=None,
    gallery_labels=None,
    ks=(1, 5, 10),
    metric="euclidean",
    batch_size=256,
):
    """Search the gallery for each query by the means of q(z|x): a `Retrieval`.

    The partner of queries[i] is gallery[i] where both have equally many examples: an image and its
    caption, say, or two views. Labels say which items are of one class. Recall, precision and
    reciprocal rank as in Manning, Raghavan and Schuetze, Introduction to information retrieval,
    2008, chapter 8; ties as the module says.

    Args:
        vae: a `VAE`, or anything whose `encode(x, batch_size=...)` has a `loc` `[N, D]`.
        queries: N examples as `vae.encode` takes them: an array, a dataset, or for a multimodal
            model a dict such as `{"image": x}`.
        gallery: M examples, likewise; perhaps of another modality.
        labels: classes of the queries, `[N]`, numbers or strings.
        gallery_labels: classes of the gallery, `[M]`; partners share theirs if None.
        ks: how many neighbours to look at, positive integers of at most M.
        metric: "euclidean", or "cosine", to compare the codes' directions alone.
        batch_size: examples to encode at a time.

    Raises:
        TypeError: queries or gallery hold no examples.
        ValueError: an argument is empty, or does not fit the others; or there are neither partners
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
    ks = galleries.cutoffs(ks)
    classes = galleries.class_numbers(labels, gallery_labels)
    galleries.check_metric(metric)
    named = {"queries": queries, "gallery": gallery}
    for argument, x in named.items():
        inputs.given(x, argument)
    codes = [np.asarray(vae.encode(x, batch_size=batch_size).loc) for x in named.values()]
    queries, gallery = galleries.embedded(*codes, metric, names=tuple(named))
    galleries.check_sizes(len(queries), len(gallery), classes, ks)
    return _scored(queries, gallery, classes, ks)


def rank(query_codes, gallery_codes, metric="euclidean"):
    """The rank of gallery_codes[i] among all of the gallery, seen from query_codes[i]: `[N]`.

    rank = 1 + (items strictly nearer) + (other items as far) / 2, as floats.

    Args:
        query_codes: `[N, D]`.
        gallery_codes: `[N, D]`, the partners in order.
        metric: "euclidean" or "cosine".

    Raises:
        ValueError: codes are empty, not finite, or do not pair up; the metric is unknown.

    >>> rank([[0.0], [0.0], [5.0]], [[1.0], [-1.0], [4.0]])
    array([1.5, 1.5, 1. ])
    """
    galleries.check_metric(metric)
    queries, gallery = galleries.embedded(query_codes, gallery_codes, metric)
    if len(queries) != len(gallery):
        raise ValueError(
            f"gallery_codes must have as many rows as query_codes, {len(queries)}, "
            f"got {len(gallery)}"
        )
    blocks = _blocks(queries, gallery)
    nearer, tied = np.hstack([_standing(block, start) for start, block in blocks])
    return 1 + nearer + (tied - 1) / 2


def distances(query_codes, gallery_codes, metric="euclidean"):
    """Distances that order as the metric does, `[N, M]` in float64, all at once.

    The square of the Euclidean distance; or 2 (1 - cosine), the same between codes / their norms.
    A code of norm zero has no direction: its cosine is 0 with everything.

    Raises:
        ValueError: codes are empty, not finite, or differ in width; the metric is unknown.

    >>> distances([[1.0, 0.0]], [[0.0, 2.0], [-3.0, 0.0], [0.0, 0.0]], "cosine")
    array([[2., 4., 2.]])
    """
    galleries.check_metric(metric)
    return _squared(*galleries.embedded(query_codes, gallery_codes, metric))


def _scored(queries, gallery, classes, ks):
    """A `Retrieval` from points `[N, D]` and `[M, D]`, and numbers of classes or None."""
    rng = np.random.default_rng(0)  # for the order among equals; the same call, the same result
    paired = len(queries) == len(gallery)
    partners, neighbours, precisions = [], [], []
    for start, block in _blocks(queries, gallery):
        if paired:
            partners.append(_standing(block, start))
        furthest = np.partition(block, ks[-1] - 1, axis=1)[:, ks[-1] - 1]
        for i, row in enumerate(block):
            near = _nearest(row, furthest[i], rng)
            neighbours.append(near[: ks[-1]])
            if classes is not None:
                same = classes[1][near] == classes[0][start + i]
                precisions.append(_precision(row[near], same, ks))
    recall, reciprocal = _partner_scores(*np.hstack(partners), ks) if paired else (None, None)
    precision = None if classes is None else _by_k(ks, precisions)
    return Retrieval(np.stack(neighbours), recall, reciprocal, precision)


def _standing(block, start):
    """Items strictly nearer than the partner, and as far as it, itself among them: int `[2, B]`.

    Args:
        block: distances `[B, M]` of the queries from number `start` on.
    """
    rows = np.arange(len(block))
    partner = block[rows, start + rows][:, None]
    return np.stack([np.count_nonzero(block < partner, 1), np.count_nonzero(block == partner, 1)])


def _partner_scores(nearer, tied, ks):
    """Recall at each k, and the mean reciprocal rank: expectations, see the module."""
    recalls = np.clip((np.array(ks) - nearer[:, None]) / tied[:, None], 0, 1)
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, len(nearer) + 1))])
    reciprocal = (harmonic[nearer + tied] - harmonic[nearer]) / tied
    return _by_k(ks, recalls), float(reciprocal.mean())


def _nearest(row, furthest, rng):
    """Items up to the distance `furthest`, nearest first, equals in random order: at least k."""
    near = np.flatnonzero(row <= furthest)
    return near[np.lexsort((rng.random(len(near)), row[near]))]


def _precision(near, same, ks):
    """Expected fraction of the k nearest that are of the class, `[len(ks)]`.

    Of the items as far as the k-th, those that find room count by the share of the class among
    all of them: (hits nearer + (k - nearer) * hits tied / tied) / k.

    Args:
        near: sorted distances `[C]`, with all items as far as the last k-th.
        same: bool `[C]`, whether each is of the query's class.
        ks: positive integers of at most C.
    """
    ks = np.array(ks)
    at_k = near[ks - 1]
    nearer, reached = np.searchsorted(near, at_k, "left"), np.searchsorted(near, at_k, "right")
    hits = np.concatenate([[0], np.cumsum(same)])
    share = (hits[reached] - hits[nearer]) / (reached - nearer)
    return (hits[nearer] + (ks - nearer) * share) / ks


def _by_k(ks, rows):
    """k -> mean of its column, from `[N, len(ks)]`."""
    return dict(zip(ks, np.mean(rows, 0).tolist(), strict=True))


def _blocks(queries, gallery):
    """(number of the first query, squared distances `[B, M]`), for about BLOCK distances each."""
    rows = max(1, BLOCK // len(gallery))
    for start in range(0, len(queries), rows):
        yield start, _squared(queries[start : start + rows], gallery)


def _squared(queries, gallery):
    """Sums of squared differences, `[N, M]`, dimension by dimension: no `[N, M, D]` is held."""
    total = np.zeros((len(queries), len(gallery)))
    difference = np.empty_like(total)
    for q, g in zip(queries.T, gallery.T, strict=True):
        np.subtract.outer(q, g, out=difference)
        np.square(difference, out=difference)
        total += difference
    return total
