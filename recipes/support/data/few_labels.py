"""Images of which a few keep their label, and what simple classifiers make of these alone."""

import dataclasses
from typing import Any

import numpy as np
from support.data import images
from support.run.cli import InputError

# Of what a model trains on, this part is labelled: the few labelled images come that often.
LABELLED_SHARE = 0.1


@dataclasses.dataclass
class Classes:
    """Images `[N, H, W, C]` in [0, 1] and their classes, integers `[N]`; to train on, to test."""

    name: str
    x: Any
    y: Any
    test_x: Any
    test_y: Any
    names: Any
    default: bool


def load(options):
    """The `Classes` that --data, --dataset or neither of them ask for."""
    found = images.load(options)
    source = "--data" if options.dataset is None else "--dataset"
    if found.labels is None or found.train_labels is None:
        raise InputError(source, f"{found.name} has no labels, which a few images need")
    names = np.unique(found.train_labels)
    if len(names) < 2:
        raise InputError(source, f"{found.name} has one class, {names[0]!r}: at least 2 are needed")
    few = options.evaluate or len(found.held_out)
    test_x, labels = found.held_out[:few], found.labels[:few]
    unknown = np.setdiff1d(labels, names)
    if len(unknown):
        raise InputError(source, f"no image to train on is of class {unknown[0]!r}")
    y, test_y = (np.searchsorted(names, a) for a in (found.train_labels, labels))
    return Classes(found.name, found.train, y, test_x, test_y, names, found.default)


def choose(y, labels, seed):
    """Row numbers of `labels` examples, as many of each class, in a random order."""
    counts = np.bincount(y)
    each, rest = divmod(labels, len(counts))
    if rest or not each:
        raise InputError("--labels", f"must be a multiple of {len(counts)} classes, got {labels}")
    if each > counts.min():
        raise InputError(
            "--labels", f"asks for {each} of each class, and one class has {counts.min()} examples"
        )
    rng = np.random.default_rng(seed)
    rows = [rng.choice(np.flatnonzero(y == c), each, replace=False) for c in range(len(counts))]
    return rng.permutation(np.concatenate(rows))


def known(y, chosen):
    """y, but -1 where the class is not to be known."""
    found = np.full(len(y), -1)
    found[chosen] = y[chosen]
    return found


def mixed(x, y, chosen):
    """All images and, again and again until they are a tenth of all, those with a label."""
    wanted = round(LABELLED_SHARE / (1 - LABELLED_SHARE) * (len(x) - len(chosen)))
    again = np.resize(chosen, max(0, wanted - len(chosen)))
    return np.concatenate([x, x[again]]), np.concatenate([y, y[again]])


def baselines(data, chosen):
    """name -> test accuracy of classifiers that see the pixels of the labelled images alone."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    def accuracy(classifier):
        classifier.fit(data.x[chosen].reshape(len(chosen), -1), data.y[chosen])
        return float(classifier.score(data.test_x.reshape(len(data.test_x), -1), data.test_y))

    return {
        "logistic regression": accuracy(LogisticRegression(max_iter=5000)),
        "nearest neighbour": accuracy(KNeighborsClassifier(1)),
    }
