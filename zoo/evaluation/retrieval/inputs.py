"""Checks of the codes, classes and cutoffs of retrieval."""

import numpy as np

from zoo.core.argument_values import as_list, is_integer
from zoo.core.arrays import as_array
from zoo.evaluation.inputs import label_vector

METRICS = ("euclidean", "cosine")
DECIMALS = 9  # of unit vectors: finer than float32 codes, coarser than the rounding of a norm


def metric_points(query_codes, gallery_codes, metric, names=("query_codes", "gallery_codes")):
    """Codes as float64 points whose Euclidean distances have the order of the metric."""
    queries, gallery = map(_check_codes, (query_codes, gallery_codes), names)
    if queries.shape[1] != gallery.shape[1]:
        raise ValueError(
            f"{names[1]} must have codes of the same width as {names[0]}, {queries.shape[1]}, "
            f"got {gallery.shape[1]}"
        )
    if metric == "cosine":
        queries, gallery = _unit_vectors(queries, 0), _unit_vectors(gallery, 1)
    return queries, gallery


def _check_codes(codes, argument):
    """Codes as a float64 matrix; `ValueError` unless they are finite and not empty."""
    codes = as_array(codes, argument)
    if codes.dtype.kind not in "biuf":
        raise TypeError(f"{argument} must have codes of numbers, got dtype {codes.dtype}")
    if codes.ndim < 2 or 0 in codes.shape:
        raise ValueError(
            f"{argument} must have codes [N, D] of at least one example, got shape {codes.shape}"
        )
    if not np.isfinite(codes).all():  # NaN compares as False, so its rank would be 1
        raise ValueError(f"{argument} must have finite codes, got NaN or infinity")
    return codes.reshape(len(codes), -1).astype("float64", copy=False)


def _unit_vectors(codes, side):
    """Codes / their norms `[N, D + 2]`, rounded so that parallel codes become equal.

    The last two dimensions hold the codes of norm 0: a unit vector along dimension D + `side`,
    orthogonal to all codes of the other side.
    """
    norms = np.linalg.norm(codes, axis=1, keepdims=True)
    units = np.round(codes / np.where(norms == 0, 1.0, norms), DECIMALS)
    zero_norm = np.zeros((len(codes), 2))
    zero_norm[:, side] = norms[:, 0] == 0
    return np.concatenate([units, zero_norm], 1)


def check_metric(metric):
    """Raise `ValueError` unless metric is one of METRICS."""
    if not isinstance(metric, str) or metric not in METRICS:
        raise ValueError(f"metric must be one of {', '.join(map(repr, METRICS))}, got {metric!r}")


def check_cutoffs(ks):
    """Distinct ks in ascending order, as Python integers."""
    cutoffs = as_list(ks) or []
    if not cutoffs or not all(is_integer(k) and k > 0 for k in cutoffs):
        raise ValueError(f"ks must be a list of positive integers, got {ks!r}")
    return tuple(sorted({int(k) for k in cutoffs}))


def class_indices(labels, gallery_labels):
    """Class indices of queries and gallery; None without labels.

    Both are the same array if gallery_labels is None.
    """
    if labels is None:
        if gallery_labels is not None:
            raise ValueError(
                "labels must be the classes of the queries if gallery_labels is passed, got None"
            )
        return None
    labels = label_vector(labels, "labels")
    if gallery_labels is None:
        indices = np.unique(labels, return_inverse=True)[1]
        return indices, indices
    gallery_labels = label_vector(gallery_labels, "gallery_labels")
    kinds = ["number" if a.dtype.kind in "biuf" else a.dtype.kind for a in (labels, gallery_labels)]
    if kinds[0] != kinds[1]:  # 1 and "1" would never match, so precision would be 0
        raise ValueError(
            f"gallery_labels must be numbers or strings like labels, {labels.dtype}, "
            f"got {gallery_labels.dtype}"
        )
    indices = np.unique(np.concatenate([labels, gallery_labels]), return_inverse=True)[1]
    return indices[: len(labels)], indices[len(labels) :]


def check_sizes(n, m, classes, ks):
    """Raise `ValueError` unless ks and classes fit n queries and m gallery items.

    Without classes, n must equal m, because only partners can be scored.
    """
    if ks[-1] > m:
        raise ValueError(f"ks must be at most {m}, the number of gallery items, got {ks[-1]}")
    if classes is None:
        if n != m:
            raise ValueError(
                f"gallery must have as many examples as queries, {n}, if there are no labels, "
                f"got {m}: pass labels= and gallery_labels= to score precision"
            )
        return
    if len(classes[0]) != n:
        raise ValueError(f"labels must have {n} rows, one for each query, got {len(classes[0])}")
    if len(classes[1]) != m:
        if classes[1] is classes[0]:
            raise ValueError(
                f"gallery_labels must be passed if gallery has {m} rows and queries {n}, got None"
            )
        raise ValueError(
            f"gallery_labels must have {m} rows, one for each gallery item, got {len(classes[1])}"
        )
