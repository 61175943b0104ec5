"""scores.csv of `tables.py`: the anomaly score of each row of the file, and why it is strange."""

import csv

import numpy as np

SAMPLES = 16  # of z, for the ELBO
BATCH = 5000
MAX_COLUMNS, MIN_NATS = 3, 1.0  # columns named for a row, and what each adds to its score at least


def write(path, vae, table, seed):
    """Write the scores of all rows, in the order of the file; return them, `[N]` nats."""
    scores = -vae.elbo(table.rows, samples=SAMPLES, seed=seed)
    excess = by_column(vae, table.rows, table.train[:BATCH])
    parts = np.full(len(table.rows), "unused", object)
    parts[table.train_rows], parts[table.held_out_rows] = "train", "held out"
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        label = [] if table.labels is None else ["anomaly"]
        writer.writerow(["row", "part", "score", *label, "strange columns"])
        for row, score in enumerate(scores):
            known = [] if table.labels is None else [int(table.labels[row])]
            names = _strange(table.columns, excess[row])
            writer.writerow([row, parts[row], f"{score:.4f}", *known, names])
    return scores


def by_column(vae, x, train):
    """-log p(column | z) at the mean of q(z|x), above its median over `train`: `[N, columns]` nats.

    NaN for missing values.
    """
    return _nats(vae, x) - np.nan_to_num(np.nanmedian(_nats(vae, train), 0))


def _nats(vae, x):
    # Batches of equal size: a smaller last one would be compiled separately.
    size = min(BATCH, len(x))
    padded = np.concatenate([x, x[: -len(x) % size]])
    parts = [
        -np.asarray(vae.decode(vae.encode(part).loc).log_prob_per_column(part))
        for part in np.split(padded, len(padded) // size)
    ]
    return np.where(np.isnan(x), np.nan, np.concatenate(parts)[: len(x)])


def _strange(names, nats):
    """The columns that add most to the score, with the nats that each adds."""
    order = np.argsort(-np.nan_to_num(nats, nan=-np.inf), kind="stable")[:MAX_COLUMNS]
    return "; ".join(f"{names[i]} ({nats[i]:+.1f})" for i in order if nats[i] >= MIN_NATS)
