"""Result of a retrieval: neighbours and scores."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class Retrieval:
    """Retrieval scores of N queries among M gallery items; see `retrieval`.

    Attributes:
        neighbours: int `[N, max(ks)]`, indices of gallery items, nearest first; ties are in a
            random order, the same in each call.
        recall_at: k -> fraction of queries whose partner is among the k nearest; None if unpaired.
        mean_reciprocal_rank: mean of 1 / (rank of the partner in the whole gallery, from 1); None
            if unpaired.
        precision_at: k -> mean fraction of the k nearest that have the query's class; None without
            labels.
    """

    neighbours: np.ndarray
    recall_at: dict[int, float] | None
    mean_reciprocal_rank: float | None
    precision_at: dict[int, float] | None

    def __str__(self) -> str:
        """A table with a row for each score and a column for each k."""
        tables = {"recall": self.recall_at, "precision": self.precision_at}
        tables = {name: table for name, table in tables.items() if table is not None}
        ks = next(iter(tables.values()))
        lines = [" " * 9 + "".join(f"{f'@{k}':>8}" for k in ks)]
        for name, table in tables.items():
            lines.append(f"{name:9}" + "".join(f"{table[k]:8.3f}" for k in ks))
        if self.mean_reciprocal_rank is not None:
            lines.append(f"mean reciprocal rank {self.mean_reciprocal_rank:.3f}")
        return "\n".join(lines)

    def to_dict(self) -> dict:
        """The attributes as Python lists, dicts and numbers."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        values["neighbours"] = self.neighbours.tolist()
        for name in ("recall_at", "precision_at"):
            values[name] = None if values[name] is None else dict(values[name])
        return values
