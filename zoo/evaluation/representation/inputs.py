"""Checks of the probes' labels and features; the held-out split and the small label sets."""

from collections.abc import Mapping

import numpy as np
from sklearn.model_selection import train_test_split

from zoo.core.argument_values import as_list, is_integer
from zoo.core.arrays import as_array
from zoo.evaluation.inputs import label_vector, row_count

TEST_FRACTION = 0.2
LABEL_COUNTS = (10, 100, 1000)
MIN_ROWS = 6  # so that each row has five neighbours


def class_indices(y, test_y):
    """Class indices 0 .. C - 1, int `[N]`: a list of those of y and, unless None, of test_y."""
    parts = {"y": y} if test_y is None else {"y": y, "y of test": test_y}
    vectors = {name: label_vector(labels, name) for name, labels in parts.items()}
    classes, counts = np.unique(vectors["y"], return_counts=True)
    if len(classes) < 2 or counts.min() < 2 or len(vectors["y"]) < MIN_ROWS:
        raise ValueError(
            f"y must have at least {MIN_ROWS} rows and two classes, each in at least two rows, got "
            f"rows by class {dict(zip(classes.tolist(), counts.tolist(), strict=True))}"
        )
    for name, labels in vectors.items():
        unknown = np.setdiff1d(labels, classes)
        if len(unknown):
            raise ValueError(f"{name} must hold classes of y, got {unknown[0]}, which is not in y")
    return [np.searchsorted(classes, labels) for labels in vectors.values()]


def check_lengths(labels, parts):
    """Raise `ValueError` unless each part has a row for each label; streams are not checked."""
    for name, y, part in zip(("y", "y of test"), labels, parts, strict=False):
        rows = row_count(part)
        if rows is not None and rows != len(y):
            raise ValueError(f"{name} must have {rows} rows, one for each example, got {len(y)}")


def check_features(features):
    """Name -> two float64 matrices of finite numbers and equal width; `ValueError` otherwise."""
    if not isinstance(features, Mapping):
        raise TypeError(f"features must be a dict, got {type(features).__name__}")
    if not features:
        raise ValueError("features must hold at least one kind of features, got an empty dict")
    matrices = {}
    for name, pair in features.items():
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise TypeError(f"features[{name!r}] must be two arrays, got {type(pair).__name__}")
        pair = [as_array(a, f"features[{name!r}]") for a in pair]
        if any(a.dtype.kind not in "biuf" for a in pair):
            raise TypeError(f"features[{name!r}] must be numbers, got {[a.dtype for a in pair]}")
        matrices[name] = [a.astype("float64") for a in pair]
    for name, pair in matrices.items():
        shapes = [a.shape for a in pair]
        if [len(shape) for shape in shapes] != [2, 2] or shapes[0][1] != shapes[1][1]:
            raise ValueError(f"features[{name!r}] must be [N, D] and [M, D], got shapes {shapes}")
        if not all(np.isfinite(a).all() for a in pair):
            raise ValueError(f"features[{name!r}] must be finite, got NaN or infinity")
    return matrices


def train_test_rows(y, seed):
    """Row indices of a stratified split: for training, and held out."""
    rows = np.arange(len(y))
    return train_test_split(rows, test_size=TEST_FRACTION, stratify=y, random_state=seed)


def label_counts(few, y):
    """Numbers of labels to fit probes to, as a tuple; `ValueError` if the data have fewer."""
    class_sizes = np.bincount(y)
    classes, rarest = len(class_sizes), int(class_sizes.min())
    if few is None:
        return tuple(n for n in LABEL_COUNTS if classes <= n <= classes * rarest)
    counts = as_list(few)
    counts = (few,) if counts is None else tuple(counts)
    if not all(is_integer(n) and classes <= n <= classes * rarest for n in counts):
        raise ValueError(
            f"few must hold integers from {classes}, one label for each class, to "
            f"{classes * rarest}, as the rarest class has {rarest} training rows, got {few!r}"
        )
    return tuple(map(int, counts))  # JSON accepts NumPy's integers neither as keys nor as values


def balanced_rows(y, n, seed):
    """Row indices of n labels, equally many of each class; the remainder goes to random classes."""
    rng, classes = np.random.default_rng(seed), y.max() + 1
    counts = np.full(classes, n // classes)
    counts[rng.permutation(classes)[: n % classes]] += 1
    rows = [rng.choice(np.flatnonzero(y == c), k, replace=False) for c, k in enumerate(counts)]
    return np.concatenate(rows)
