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

from zoo import checks
from zoo.component import is_integer

METRICS = ("euclidean", "cosine")
BLOCK = 2**18  # distances at a time: 2 MB, and about four such arrays, which stay near the core
DECIMALS = 9  # of directions: finer than float32 codes, coarser than the rounding in a norm


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
    ks = _ks(ks)
    classes = _labels(labels, gallery_labels)
    _known(metric)
    named = {"queries": queries, "gallery": gallery}
    for argument, x in named.items():
        checks.given(x, argument)
    codes = [np.asarray(vae.encode(x, batch_size=batch_size).loc) for x in named.values()]
    queries, gallery = _embedded(*codes, metric, names=tuple(named))
    _fitting(len(queries), len(gallery), classes, ks)
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
    _known(metric)
    queries, gallery = _embedded(query_codes, gallery_codes, metric)
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
    _known(metric)
    return _squared(*_embedded(query_codes, gallery_codes, metric))


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


def _embedded(query_codes, gallery_codes, metric, names=("query_codes", "gallery_codes")):
    """Codes, checked, as points whose Euclidean distances order as the metric does."""
    queries, gallery = map(_codes, (query_codes, gallery_codes), names)
    if queries.shape[1] != gallery.shape[1]:
        raise ValueError(
            f"{names[1]} must have codes of the width of {names[0]}, {queries.shape[1]}, "
            f"got {gallery.shape[1]}"
        )
    if metric == "cosine":
        queries, gallery = _directions(queries, 0), _directions(gallery, 1)
    return queries, gallery


def _codes(codes, argument):
    """Codes as a float64 matrix; `ValueError` unless they are finite and not empty."""
    codes = np.asarray(codes, "float64")
    if codes.ndim < 2 or 0 in codes.shape:
        raise ValueError(
            f"{argument} must have codes [N, D] of at least one example, got shape {codes.shape}"
        )
    if not np.isfinite(codes).all():  # NaN is nearer than nothing, so its rank would be 1
        raise ValueError(f"{argument} must have finite codes, got NaN or infinity")
    return codes.reshape(len(codes), -1)


def _directions(codes, side):
    """Codes / their norms `[N, D + 2]`, rounded so that parallel codes have one direction.

    Zeros become a unit vector of their side's own dimension, at a right angle to all others.
    """
    norms = np.linalg.norm(codes, axis=1, keepdims=True)
    units = np.round(codes / np.where(norms == 0, 1.0, norms), DECIMALS)
    own = np.zeros((len(codes), 2))
    own[:, side] = norms[:, 0] == 0
    return np.concatenate([units, own], 1)


def _known(metric):
    if not isinstance(metric, str) or metric not in METRICS:
        raise ValueError(f"metric must be one of {', '.join(map(repr, METRICS))}, got {metric!r}")


def _ks(ks):
    """ks as Python's integers, each once, in order."""
    found = list(ks) if np.iterable(ks) else []
    if not found or not all(is_integer(k) and k > 0 for k in found):
        raise ValueError(f"ks must be a list of positive integers, got {ks!r}")
    return tuple(sorted({int(k) for k in found}))


def _labels(labels, gallery_labels):
    """Numbers of the classes of the queries and of the gallery, one array if they share it.

    None without labels.
    """
    if labels is None:
        if gallery_labels is not None:
            raise ValueError("labels must be given beside gallery_labels, got None")
        return None
    labels = _vector(labels, "labels")
    if gallery_labels is None:
        shared = np.unique(labels, return_inverse=True)[1]
        return shared, shared
    gallery_labels = _vector(gallery_labels, "gallery_labels")
    kinds = ["number" if a.dtype.kind in "biuf" else a.dtype.kind for a in (labels, gallery_labels)]
    if kinds[0] != kinds[1]:  # 1 and "1" would never be equal, and precision 0
        raise ValueError(
            f"gallery_labels must be of the kind of labels, {labels.dtype}, "
            f"got {gallery_labels.dtype}"
        )
    numbers = np.unique(np.concatenate([labels, gallery_labels]), return_inverse=True)[1]
    return numbers[: len(labels)], numbers[len(labels) :]


def _vector(labels, argument):
    """Labels as an array `[N]` of numbers or strings."""
    found = np.asarray(labels)
    found = np.asarray(found.tolist()) if found.dtype == object else found  # as pandas has strings
    if found.ndim != 1 or not found.size:
        raise ValueError(f"{argument} must be a vector of classes, got shape {found.shape}")
    if found.dtype.kind not in "biufSU" or (found.dtype.kind == "f" and np.isnan(found).any()):
        raise ValueError(f"{argument} must be numbers or strings, got {found.dtype}, or NaN in it")
    return found


def _fitting(n, m, classes, ks):
    """Raise unless ks and classes fit n queries and m gallery items, and something is to score."""
    if ks[-1] > m:
        raise ValueError(f"ks must be at most {m}, as many as gallery has, got {ks[-1]}")
    if classes is None:
        if n != m:
            raise ValueError(
                f"gallery must have as many examples as queries, {n}, where there are no labels, "
                f"got {m}: without partners or classes there is nothing to score"
            )
        return
    if len(classes[0]) != n:
        raise ValueError(f"labels has {len(classes[0])} rows, expected {n}, as many as queries")
    if len(classes[1]) != m:
        if classes[1] is classes[0]:
            raise ValueError(f"gallery_labels must be given, as gallery has {m} rows, not {n}")
        raise ValueError(
            f"gallery_labels has {len(classes[1])} rows, expected {m}, as many as gallery"
        )
