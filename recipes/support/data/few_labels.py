"""Data of `semi_supervised.py`: images of which a few are labelled, and baselines for these."""

import dataclasses
from typing import Any

import numpy as np
from support.data import images
from support.run.cli import InputError

# Fraction of the training examples that have a label: the labelled images are repeated.
LABELLED_FRACTION = 0.1


@dataclasses.dataclass
class Classes:
    """Images `[N, H, W, C]` in [0, 1] with their classes, integers `[N]`, to train on and to test.

    Attributes:
        name: name of the data.
        x: images to train on.
        y: their classes.
        test_x: images to test on.
        test_y: their classes.
        names: names of the classes.
        default: True for scikit-learn's digits.
        notes: what was understood of the data, for the user.
    """

    name: str
    x: Any
    y: Any
    test_x: Any
    test_y: Any
    names: Any
    default: bool
    notes: tuple = ()


def load(options):
    """Load the `Classes` of --data or --dataset, or else scikit-learn's digits."""
    data = images.load(options)
    flag = "--data" if options.dataset is None else "--dataset"
    if data.labels is None or data.train_labels is None:
        raise InputError(
            flag,
            f"expected images with classes, got {data.name} without classes; use a folder with a "
            "sub-folder for each class, or --dataset",
        )
    names = np.unique(data.train_labels)
    if len(names) < 2:
        raise InputError(flag, f"expected at least 2 classes, got only {names[0]!r} in {data.name}")
    evaluated = options.evaluate or len(data.held_out)
    test_x, labels = data.held_out[:evaluated], data.labels[:evaluated]
    unknown = np.setdiff1d(labels, names)
    if len(unknown):
        raise InputError(
            flag,
            f"expected training images of each class, got none of class {unknown[0]!r}; use more "
            "images",
        )
    y, test_y = (np.searchsorted(names, a) for a in (data.train_labels, labels))
    return Classes(data.name, data.train, y, test_x, test_y, names, data.default, data.notes)


def choose(y, labels, seed):
    """Row numbers of `labels` examples, equally many of each class, in a random order."""
    counts = np.bincount(y)
    per_class, rest = divmod(labels, len(counts))
    if rest or not per_class:
        raise InputError(
            "--labels", f"expected a multiple of the {len(counts)} classes, got {labels}"
        )
    if per_class > counts.min():
        raise InputError(
            "--labels",
            f"expected at most {counts.min() * len(counts)}, got {labels}: one class has only "
            f"{counts.min()} examples",
        )
    rng = np.random.default_rng(seed)
    classes = range(len(counts))
    rows = [rng.choice(np.flatnonzero(y == c), per_class, replace=False) for c in classes]
    return rng.permutation(np.concatenate(rows))


def hide(y, labelled):
    """y with -1 for all rows but those in `labelled`."""
    visible = np.full(len(y), -1)
    visible[labelled] = y[labelled]
    return visible


def repeat_labelled(x, y, labelled):
    """All images, and the labelled ones repeated until they are a tenth of the result."""
    total = round(LABELLED_FRACTION / (1 - LABELLED_FRACTION) * (len(x) - len(labelled)))
    repeated = np.resize(labelled, max(0, total - len(labelled)))
    return np.concatenate([x, x[repeated]]), np.concatenate([y, y[repeated]])


def baselines(data, labelled):
    """name -> test accuracy of classifiers trained on the pixels of the labelled images only."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    def accuracy(classifier):
        classifier.fit(data.x[labelled].reshape(len(labelled), -1), data.y[labelled])
        return float(classifier.score(data.test_x.reshape(len(data.test_x), -1), data.test_y))

    return {
        "logistic regression": accuracy(LogisticRegression(max_iter=5000)),
        "nearest neighbour": accuracy(KNeighborsClassifier(1)),
    }
