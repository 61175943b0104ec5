"""What retrieval is asked for: codes, classes and ranks, checked."""

import numpy as np

from zoo.core.serialization import is_integer

METRICS = ("euclidean", "cosine")
DECIMALS = 9  # of directions: finer than float32 codes, coarser than the rounding in a norm


def embedded(query_codes, gallery_codes, metric, names=("query_codes", "gallery_codes")):
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


def check_metric(metric):
    """Raise unless it is one of METRICS."""
    if not isinstance(metric, str) or metric not in METRICS:
        raise ValueError(f"metric must be one of {', '.join(map(repr, METRICS))}, got {metric!r}")


def cutoffs(ks):
    """ks as Python's integers, each once, in order."""
    found = list(ks) if np.iterable(ks) else []
    if not found or not all(is_integer(k) and k > 0 for k in found):
        raise ValueError(f"ks must be a list of positive integers, got {ks!r}")
    return tuple(sorted({int(k) for k in found}))


def class_numbers(labels, gallery_labels):
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


def check_sizes(n, m, classes, ks):
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
