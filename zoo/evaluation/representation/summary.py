"""All scores of a model's codes at once, and of what to hold beside them."""

import dataclasses

import keras
import numpy as np

from zoo.core import inputs as checks
from zoo.core import validation
from zoo.evaluation.representation.inputs import (
    balanced,
    classes,
    few_labels,
    fitting,
    held_out,
    matrices,
)
from zoo.evaluation.representation.probes import components, flat, probe


@dataclasses.dataclass(frozen=True)
class Row:
    """What one kind of features is good for; see `zoo.evaluation.representation`.

    Attributes:
        linear, neighbours: accuracies on the rows held out.
        ari, nmi: agreement of k-means' clusters with the classes, on the same rows.
        silhouette: of these clusters, of 2000 rows at most; NaN where there is but one.
        few_labels: number of labels -> accuracies on the rows held out, one for each draw.
    """

    linear: float
    neighbours: float
    ari: float
    nmi: float
    silhouette: float
    few_labels: dict


@dataclasses.dataclass(frozen=True)
class Scores:
    """What codes are good for, a row for each kind of features; prints as a table.

    Attributes:
        rows: "codes", and with baselines "inputs" and "components" -> `Row`.
        train, test: how many examples there were of each.
    """

    rows: dict
    train: int
    test: int

    def __str__(self):
        """A table; of few labels the mean and the deviation over draws."""
        numbers = next(iter(self.rows.values())).few_labels
        heads = ["", *(f.name for f in dataclasses.fields(Row)[:-1])]
        lines = [heads + [f"{n} labels" for n in numbers]]
        for name, row in self.rows.items():
            *found, few = dataclasses.astuple(row)
            spread = [f"{np.mean(a):.3f} ± {np.std(a, ddof=1):.3f}" for a in few.values()]
            lines.append([name, *(f"{value:.3f}" for value in found), *spread])
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = ["  ".join(map(str.rjust, line, widths)) for line in lines]
        return "\n".join([*table, f"{self.train} to train on, {self.test} held out"])

    def to_dict(self):
        """The attributes as Python's own dicts, lists and numbers."""
        return dataclasses.asdict(self)


def scores(
    vae,
    x,
    y,
    *,
    test=None,
    few=None,
    draws=5,
    baselines=False,
    seed=0,
    batch_size=256,
    verbose=False,
):
    """What the means of q(z|x) are good for, on examples whose classes are known: `Scores`.

    Args:
        vae: a `VAE`, or anything whose `encode(x, batch_size=...)` has a `loc` `[N, D]`.
        x: N examples as `vae.encode` takes them, an array or a dataset; the probes train on them.
        y: their classes, `[N]` numbers or strings.
        test: (x, y) held out; a fifth of x if None, each class in proportion.
        few: numbers of labels; if None those of 10, 100, 1000 that suit the data.
        draws: how often so many labels are drawn, as many of each class; at least 2.
        baselines: whether to score x itself as well, and as many of its principal components as
            codes have dimensions; x is an array then.
        seed: of all that is random.
        batch_size: examples to encode at a time.
        verbose: whether to show a progress bar.

    Raises:
        TypeError, ValueError: an argument does not fit; see the message.

    >>> from types import SimpleNamespace
    >>> identity = SimpleNamespace(encode=lambda x, batch_size: SimpleNamespace(loc=x))
    >>> y = np.arange(200) % 2
    >>> x = 10 * y[:, None] + np.random.default_rng(0).normal(size=(200, 2))
    >>> print(scores(identity, x, y, few=[2]))
           linear  neighbours    ari    nmi  silhouette       2 labels
    codes   1.000       1.000  1.000  1.000       0.873  1.000 ± 0.000
    160 to train on, 40 held out
    """
    parts = {"x": x}
    if test is not None:
        if not isinstance(test, (tuple, list)) or len(test) != 2:
            raise TypeError(f"test must be None or a pair (x, y), got a {type(test).__name__}")
        parts["x of test"] = test[0]
    for name, part in parts.items():
        checks.given(part, name)
    labels = classes(y, None if test is None else test[1])
    fitting(labels, parts.values())
    seed = validation.seed(seed)
    inputs = {"inputs": [flat(part, name) for name, part in parts.items()]} if baselines else {}
    codes = [np.asarray(vae.encode(part, batch_size=batch_size).loc) for part in parts.values()]
    features = {"codes": codes, **inputs}
    fitting(labels, codes)
    if test is None:
        split = held_out(labels[0], seed)
        labels = [labels[0][rows] for rows in split]
        features = {name: [a[rows] for rows in split] for name, (a,) in features.items()}
    if baselines:
        features["components"] = components(features["inputs"], codes[0].shape[1], seed)
    return score_features(features, *labels, few=few, draws=draws, seed=seed, verbose=verbose)


def score_features(features, y, test_y, *, few=None, draws=5, seed=0, verbose=False):
    """The same of any features: name -> (`[N, D]` to train on, `[M, D]` held out): `Scores`."""
    features = matrices(features)
    y, test_y = classes(y, test_y)
    for pair in features.values():
        fitting((y, test_y), pair)
    validation.count(draws=draws)
    if draws < 2:
        raise ValueError("draws must be at least 2, or there is no deviation, got 1")
    seed, few = validation.seed(seed), few_labels(few, y)
    chosen = {n: [balanced(y, n, seed + i) for i in range(draws)] for n in few}
    bar = keras.utils.Progbar(len(features), verbose=int(verbose), unit_name="table row")
    rows = {}
    for name, (train, test) in features.items():
        rows[name] = Row(**probe(train, test, y, test_y, chosen, seed))
        bar.add(1)
    return Scores(rows, len(y), len(test_y))
