"""Summary of all probes of a model's codes, and of its inputs as baselines."""

import dataclasses
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from zoo.core import inputs as checks
from zoo.core import validation
from zoo.evaluation.representation.inputs import (
    balanced_rows,
    check_features,
    check_lengths,
    class_indices,
    label_counts,
    train_test_rows,
)
from zoo.evaluation.representation.probes import (
    evaluate_probes,
    flatten_inputs,
    principal_components,
)
from zoo.model import VAE


@dataclasses.dataclass(frozen=True)
class ProbeScores:
    """Probe scores of one kind of features; see `zoo.evaluation.representation`.

    Attributes:
        linear, neighbours: accuracies on the held-out rows.
        ari, nmi: agreement of k-means clusters with the classes, on the same rows.
        silhouette: silhouette of these clusters, for at most 2000 rows; NaN for a single cluster.
        few_labels: number of labels -> accuracies on the held-out rows, one for each draw.
    """

    linear: float
    neighbours: float
    ari: float
    nmi: float
    silhouette: float
    few_labels: dict[int, list[float]]


@dataclasses.dataclass(frozen=True)
class RepresentationScores:
    """Probe scores of codes and baselines, a row for each kind of features; prints as a table.

    Attributes:
        rows: "codes", and with baselines "inputs" and "components" -> `ProbeScores`.
        train, test: number of examples of each part.
    """

    rows: dict[str, ProbeScores]
    train: int
    test: int

    def __str__(self) -> str:
        """A table; for few labels, mean and standard deviation over draws."""
        counts = next(iter(self.rows.values())).few_labels
        heads = ["", *(f.name for f in dataclasses.fields(ProbeScores)[:-1])]
        lines = [heads + [f"{n} labels" for n in counts]]
        for name, row in self.rows.items():
            *values, few_labels = dataclasses.astuple(row)
            few = [f"{np.mean(a):.3f} ± {np.std(a, ddof=1):.3f}" for a in few_labels.values()]
            lines.append([name, *(f"{value:.3f}" for value in values), *few])
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = ["  ".join(map(str.rjust, line, widths)) for line in lines]
        return "\n".join([*table, f"{self.train} training examples, {self.test} held out"])

    def to_dict(self) -> dict:
        """The attributes as Python dicts, lists and numbers."""
        return dataclasses.asdict(self)


def scores(
    vae: VAE,
    x: np.ndarray | dict | tf.data.Dataset,
    y: Sequence,
    *,
    test: tuple | None = None,
    few: Sequence[int] | None = None,
    draws: int = 5,
    baselines: bool = False,
    seed: int = 0,
    batch_size: int = 256,
    verbose: bool = False,
) -> RepresentationScores:
    """Score probes that predict known classes from the means of q(z|x).

    Args:
        vae: a `VAE`, or an object whose `encode(x, batch_size=...)` returns one with `loc`
            `[N, D]`.
        x: N examples that `vae.encode` accepts, an array or a dataset; the probes train on them.
        y: their classes, `[N]` numbers or strings.
        test: held-out (x, y); None holds out a fifth of x, stratified by class.
        few: sizes of the small label sets; None takes those of 10, 100 and 1000 that the data
            allow.
        draws: number of label sets drawn of each size, balanced over classes; at least 2.
        baselines: True also scores x itself and its principal components, as many as codes have
            dimensions; x must then be an array.
        seed: seed of the split, the label sets, the clusters and the principal components.
        batch_size: examples to encode at a time.
        verbose: True shows a progress bar.

    Raises:
        TypeError, ValueError: an argument is invalid; the message names it.

    >>> from types import SimpleNamespace
    >>> identity = SimpleNamespace(encode=lambda x, batch_size: SimpleNamespace(loc=x))
    >>> y = np.arange(200) % 2
    >>> x = 10 * y[:, None] + np.random.default_rng(0).normal(size=(200, 2))
    >>> print(scores(identity, x, y, few=[2]))
           linear  neighbours    ari    nmi  silhouette       2 labels
    codes   1.000       1.000  1.000  1.000       0.873  1.000 ± 0.000
    160 training examples, 40 held out
    """
    checks.require_encoder(vae)
    parts = {"x": x}
    if test is not None:
        if not isinstance(test, (tuple, list)) or len(test) != 2:
            raise TypeError(f"test must be None or a pair (x, y), got {type(test).__name__}")
        parts["x of test"] = test[0]
    for name, part in parts.items():
        checks.require_examples(part, name)
    labels = class_indices(y, None if test is None else test[1])
    check_lengths(labels, parts.values())
    seed = validation.as_seed(seed)
    validation.check_flags(baselines=baselines, verbose=verbose)
    inputs = [flatten_inputs(part, name) for name, part in parts.items()] if baselines else None
    codes = [np.asarray(vae.encode(part, batch_size=batch_size).loc) for part in parts.values()]
    features = {"codes": codes, "inputs": inputs} if baselines else {"codes": codes}
    check_lengths(labels, codes)
    if test is None:
        split = train_test_rows(labels[0], seed)
        labels = [labels[0][rows] for rows in split]
        features = {name: [a[rows] for rows in split] for name, (a,) in features.items()}
    if baselines:
        size = codes[0].shape[1]
        features["components"] = principal_components(*features["inputs"], size, seed)
    return score_features(features, *labels, few=few, draws=draws, seed=seed, verbose=verbose)


def score_features(
    features: dict[str, Sequence[np.ndarray]],
    y: Sequence,
    test_y: Sequence,
    *,
    few: Sequence[int] | None = None,
    draws: int = 5,
    seed: int = 0,
    verbose: bool = False,
) -> RepresentationScores:
    """Score probes of any features: name -> (`[N, D]` for training, `[M, D]` held out).

    The other arguments are those of `scores`.
    """
    validation.check_flags(verbose=verbose)
    features = check_features(features)
    if test_y is None:
        raise TypeError("test_y must hold a label for each held-out example, got None")
    y, test_y = class_indices(y, test_y)
    for pair in features.values():
        check_lengths((y, test_y), pair)
    validation.check_counts(draws=draws)
    if draws < 2:
        raise ValueError("draws must be at least 2, to give a standard deviation, got 1")
    seed, few = validation.as_seed(seed), label_counts(few, y)
    labelled_rows = {n: [balanced_rows(y, n, seed + i) for i in range(draws)] for n in few}
    bar = keras.utils.Progbar(len(features), verbose=int(verbose), unit_name="table row")
    rows = {}
    for name, (train, test) in features.items():
        rows[name] = ProbeScores(**evaluate_probes(train, test, y, test_y, labelled_rows, seed))
        bar.add(1)
    return RepresentationScores(rows, len(y), len(test_y))
