"""Classes of examples, checked; which are held out, and which keep their label."""

import numpy as np
from sklearn.model_selection import train_test_split

from zoo.core.serialization import is_integer

TEST_FRACTION = 0.2
FEW = (10, 100, 1000)
MIN = 6  # rows, so that one has five neighbours


def classes(y, test_y):
    """Numbers of the classes of each part, 0 .. C - 1, checked: a list of int `[N]`.

    Of one part where test_y is None.
    """
    given = {"y": y} if test_y is None else {"y": y, "y of test": test_y}
    found = {name: _vector(value, name) for name, value in given.items()}
    names, counts = np.unique(found["y"], return_counts=True)
    if len(names) < 2 or counts.min() < 2 or len(found["y"]) < MIN:
        raise ValueError(
            f"y must have at least two classes, each in two rows, and {MIN} rows, "
            f"got {dict(zip(names.tolist(), counts.tolist(), strict=True))}"
        )
    for name, labels in found.items():
        unknown = np.setdiff1d(labels, names)
        if len(unknown):
            raise ValueError(f"{name} has the class {unknown[0]}, which y has not")
    return [np.searchsorted(names, labels) for labels in found.values()]


def _vector(y, argument):
    """Labels as an array of numbers or strings, one for each row."""
    y = np.asarray(y)
    y = np.asarray(y.tolist()) if y.dtype == object else y  # as pandas has strings
    if y.ndim != 1 or not y.size:
        raise ValueError(f"{argument} must be a vector, a class a row, got shape {y.shape}")
    if y.dtype.kind not in "biufSU" or (y.dtype.kind == "f" and np.isnan(y).any()):
        raise TypeError(f"{argument} must be numbers or strings, got {y.dtype}, or NaN in it")
    return y


def fitting(labels, parts):
    """Raise `ValueError` unless each part has a row for each label; what has no shape may."""
    for name, y, part in zip(("y", "y of test"), labels, parts, strict=False):
        if hasattr(part, "shape") and part.shape[0] != len(y):
            raise ValueError(
                f"{name} has {len(y)} rows, expected {part.shape[0]}, as many as there are examples"
            )


def matrices(features):
    """name -> two float64 matrices of finite numbers that are as wide; `ValueError` otherwise."""
    if not features:
        raise ValueError("features must hold at least one kind, got none")
    found = {name: [np.asarray(a, "float64") for a in pair] for name, pair in features.items()}
    for name, pair in found.items():
        shapes = [a.shape for a in pair]
        if [len(shape) for shape in shapes] != [2, 2] or shapes[0][1] != shapes[1][1]:
            raise ValueError(f"features[{name!r}] must be [N, D] and [M, D], got shapes {shapes}")
        if not all(np.isfinite(a).all() for a in pair):
            raise ValueError(f"features[{name!r}] must be finite, got NaN or infinity")
    return found


def held_out(y, seed):
    """Row numbers to train on, and those held out."""
    rows = np.arange(len(y))
    return train_test_split(rows, test_size=TEST_FRACTION, stratify=y, random_state=seed)


def few_labels(few, y):
    """How many labels to try, as a tuple; `ValueError` where the data do not have so many."""
    counts = np.bincount(y)
    most = len(counts) * int(counts.min())
    if few is None:
        return tuple(n for n in FEW if len(counts) <= n <= most)
    found = tuple(few) if np.iterable(few) else (few,)
    if not all(is_integer(n) and len(counts) <= n <= most for n in found):
        raise ValueError(
            f"few must hold integers from {len(counts)}, one label a class, to {most}, as the "
            f"rarest class has {counts.min()} rows to train on, got {few!r}"
        )
    return found


def balanced(y, n, seed):
    """Row numbers of n labels, as many of each class; chance says which classes get the rest."""
    rng, classes = np.random.default_rng(seed), y.max() + 1
    each = np.full(classes, n // classes)
    each[rng.permutation(classes)[: n % classes]] += 1
    rows = [rng.choice(np.flatnonzero(y == c), k, replace=False) for c, k in enumerate(each)]
    return np.concatenate(rows)
