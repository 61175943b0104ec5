"""Quality of a synthetic table: fidelity, utility and privacy."""

import dataclasses
import importlib
import itertools
from typing import Any

import numpy as np

from zoo.core import validation
from zoo.tables.columns import Columns
from zoo.tables.fidelity import column_similarity, pair_similarity, values_of
from zoo.tables.frames import as_frame, pandas, require_columns
from zoo.tables.privacy import privacy
from zoo.tables.utility import utility


@dataclasses.dataclass(frozen=True, eq=False)
class SyntheticQuality:
    """Quality of a synthetic table, as `zoo.evaluate_synthetic` returns it.

    Attributes:
        summary: name of a measure -> number; `table` says what each one means.
        columns: frame with the name, the kind and the similarity of each column.
        pairs: frame `[columns, columns]` of the similarity of each pair; NaN on the diagonal and
            where a column is constant.
    """

    summary: dict[str, float]
    columns: Any
    pairs: Any

    def table(self) -> Any:
        """A frame: for each measure its value for the synthetic table, and that of real rows."""
        s = self.summary
        rows = [
            ("fidelity", "columns", s["columns"], s["columns of holdout"]),
            ("fidelity", "pairs of columns", s["pairs"], s["pairs of holdout"]),
            ("privacy", "copies", s["copies"], s["copies of holdout"]),
            ("privacy", "distance", s["distance"], s["distance of holdout"]),
            ("privacy", "closer to training rows", s["closer"], 0.5),
        ]
        if "utility" in s:
            rows.insert(2, ("utility", s["utility measure"], s["utility"], s["utility of real"]))
        return pandas().DataFrame(rows, columns=["of", "measure", "synthetic", "real"])

    def figure(self) -> Any:
        """A figure of the similarities of columns and pairs, drawn with `zoo.plots`."""
        plots = importlib.import_module("zoo.plots")
        return plots.table_similarity(
            [*self.columns["column"]], self.columns["similarity"].to_numpy(), self.pairs.to_numpy()
        )

    def __str__(self):
        return self.table().to_string(index=False, float_format="{:.3f}".format)


def evaluate_synthetic(
    real: Any,
    synthetic: Any,
    holdout: Any,
    *,
    target: str | None = None,
    kinds: dict[str, str] | None = None,
    seed: int = 0,
) -> SyntheticQuality:
    """Compare a synthetic table with the real one that it was made from, and with held-out rows.

    - Fidelity: the mean similarity of columns (1 - the Kolmogorov-Smirnov statistic of numbers, 1 -
      the total variation of categories) and of pairs of columns (correlations of numbers, joint
      frequencies otherwise); see `zoo.tables.fidelity`.
    - Utility: a random forest learns `target` from synthetic rows and from real ones, both tested
      on held-out rows: area under the ROC curve of a category, R^2 of a number.
    - Privacy: fraction of copies of training rows, median distance to the nearest training row,
      and fraction of rows that are closer to a training row than to a held-out one.

    Each measure has beside it what real held-out rows reach.

    Args:
        real: the rows that the synthetic table was made from: a frame, or what
            `zoo.tables.as_frame` takes.
        synthetic: generated rows with the same columns.
        holdout: real rows that the generator has not seen.
        target: column to predict; None leaves out the utility.
        kinds: column -> "number", "category" or "drop", as in `TableSynthesizer`.
        seed: seed of the forests and of the choice of rows.

    Returns:
        A `SyntheticQuality`: `print` it, or call `figure()`.

    Raises:
        ValueError: a table lacks a column, or the target cannot be predicted.

    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> tables = [pd.DataFrame({"x": rng.normal(size=99)}) for _ in range(3)]
    >>> quality = evaluate_synthetic(*tables)
    >>> quality.summary["copies"]
    0.0
    """
    seed = validation.as_seed(seed)
    real, synthetic, holdout = (
        as_frame(x, name)
        for x, name in ((real, "real"), (synthetic, "synthetic"), (holdout, "holdout"))
    )
    columns = Columns.of(real, kinds)
    if not columns.encoded:
        raise ValueError("real must have a column that varies, got none")
    tables = [
        values_of(columns, require_columns(table, columns.names, name), name)
        for table, name in ((real, "real"), (synthetic, "synthetic"), (holdout, "holdout"))
    ]
    similarities, pairs = _fidelity(tables[0], tables[1])
    reference, reference_pairs = _fidelity(tables[0], tables[2])
    summary = {
        "columns": float(np.mean(similarities)),
        "columns of holdout": float(np.mean(reference)),
        "pairs": _mean(pairs),
        "pairs of holdout": _mean(reference_pairs),
        **privacy(*tables, seed),
    }
    if target is not None:
        summary |= _utility(tables, columns, target, seed)
    names = [values.name for values in tables[0]]
    kinds = [part.kind for part in columns.encoded]
    frame = pandas().DataFrame
    return SyntheticQuality(
        summary,
        frame({"column": names, "kind": kinds, "similarity": similarities}),
        frame(pairs, names, names),
    )


def _fidelity(real, other):
    """Similarities of the columns `[C]` and of pairs `[C, C]`."""
    columns = np.array([column_similarity(*pair) for pair in zip(real, other, strict=True)])
    pairs = np.full((len(real), len(real)), np.nan)
    for i, j in itertools.combinations(range(len(real)), 2):
        pairs[i, j] = pairs[j, i] = pair_similarity((real[i], real[j]), (other[i], other[j]))
    return columns, pairs


def _mean(pairs):
    """Mean of the similarities that are defined; NaN if none is."""
    defined = pairs[~np.isnan(pairs)]
    return float(defined.mean()) if len(defined) else float("nan")


def _utility(tables, columns, target, seed):
    real, synthetic, holdout = tables
    part = columns.part(target)
    if not part.classes or len(real) < 2:
        raise ValueError(
            f"target must be a column that varies, beside others, got {target!r}, which is "
            f"{part.kind} ({part.why})"
        )
    return {
        "utility": utility(synthetic, holdout, target, seed),
        "utility of real": utility(real, holdout, target, seed),
        "utility measure": "R^2" if part.kind == "number" else "AUROC",
    }
