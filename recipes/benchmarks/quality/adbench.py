"""Anomaly detection on tables of ADBench: `zoo.AnomalyDetector` beside PyOD's VAE and others.

ADBench's split: 70 % of the rows to train on and 30 % to score, drawn by class, one split a seed.
Training sees the rows without their labels, anomalies among them. Every method gets the same rows
in their own units and has its default options, but for the score "tails", which was chosen on one
split, of seed 100. Columns that are constant among the training rows
are left out for all. PyOD's PCA divides by the variance of each component, so it gets as many as
the table has rank. Unlike ADBench no row is repeated to make small tables larger (copies would be
trained on and scored), and none is left out of large ones.
Han et al., ADBench: anomaly detection benchmark, 2022.

    pip install pyod torch
    python recipes/benchmarks/quality/adbench.py --data-dir DIR --out rows.jsonl

where DIR holds ADBench's files, such as `6_cardio.npz`. Rows that --out has are not measured again.
"""

import argparse
import json
import pathlib
import time

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import train_test_split

import zoo


def main():
    """Measure what is missing, one JSON line as it ends; the tables at the end."""
    args = parser().parse_args()
    rows = []
    if args.out and args.out.exists():
        rows = [json.loads(line) for line in args.out.read_text().splitlines()]
    known = {(row["data"], row["seed"], row["method"]) for row in rows}
    for seed in args.seeds:
        for path in sorted(args.data_dir.glob("*.npz"), key=lambda p: int(p.stem.split("_")[0])):
            for method in args.methods:
                if (path.stem, seed, method) not in known:
                    rows.append(run(path, seed, method))
                    keep(rows[-1], args.out)
    rows = [row for row in rows if row["method"] in args.methods and row["seed"] in args.seeds]
    for score in ("auroc", "average_precision"):
        print(table(rows, score, args.methods))


def run(path, seed, method):
    """One table, one split, one method: what was measured."""
    with np.load(path) as arrays:
        x, y = arrays["X"].astype("float64"), arrays["y"].astype(int)
    train, test, _, truth = train_test_split(x, y, test_size=0.3, stratify=y, random_state=seed)
    varies = train.std(0) > 0
    began = time.process_time()
    scores = METHODS[method](train[:, varies], test[:, varies], seed)
    return {
        "data": path.stem,
        "seed": seed,
        "method": method,
        "auroc": float(roc_auc_score(truth, scores)),
        "average_precision": float(average_precision_score(truth, scores)),
        "core_seconds": time.process_time() - began,
    }


def zoo_elbo(train, test, seed):
    """Scores of test rows, higher is stranger."""
    return -zoo.AnomalyDetector(random_state=seed).fit(train).score_samples(test)


def zoo_tails(train, test, seed):
    """The same model, but by tail probabilities of its columns."""
    detector = zoo.AnomalyDetector(score="tails", random_state=seed)
    return -detector.fit(train).score_samples(test)


def isolation_forest(train, test, seed):
    """As scikit-learn has it by default, 100 trees."""
    return -IsolationForest(random_state=seed).fit(train).score_samples(test)


def pyod_vae(train, test, seed):
    """PyOD's, standardised inside."""
    import torch
    from pyod.models.vae import VAE

    torch.set_num_threads(1)
    return VAE(random_state=seed, verbose=0).fit(train).decision_function(test)


def pyod_pca(train, test, seed):
    """PyOD's: distances along all principal components, weighted by their variance."""
    from pyod.models.pca import PCA

    rank = int(np.linalg.matrix_rank((train - train.mean(0)) / train.std(0)))
    return PCA(n_components=rank, random_state=seed).fit(train).decision_function(test)


def pyod_ecod(train, test, seed):
    """PyOD's: empirical tail probabilities of the columns; nothing in it is random."""
    from pyod.models.ecod import ECOD

    del seed
    return ECOD().fit(train).decision_function(test)


METHODS = {
    "zoo, tails": zoo_tails,
    "zoo, ELBO": zoo_elbo,
    "PyOD VAE": pyod_vae,
    "PCA": pyod_pca,
    "isolation forest": isolation_forest,
    "ECOD": pyod_ecod,
}


def keep(row, out):
    """Print a row, and add it to the file."""
    line = json.dumps(row)
    print(line, flush=True)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("a") as file:
            file.write(line + "\n")


def table(rows, score, methods):
    """Means over seeds, +- their standard deviation; the last lines are the mean over data sets."""
    found = {}
    for row in rows:
        found.setdefault((row["data"], row["method"]), []).append(row[score])
    names = list(dict.fromkeys(row["data"] for row in rows))
    lines = [f"| {score} | {' | '.join(methods)} |", "|---" * (len(methods) + 1) + "|"]
    for name in names:
        cells = [
            f"{np.mean(values):.3f} ± {np.std(values):.3f}"
            for values in (found[name, method] for method in methods)
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    means = [np.mean([np.mean(found[name, method]) for name in names]) for method in methods]
    lines.append(f"| mean | {' | '.join(f'{mean:.3f}' for mean in means)} |")
    return "\n".join(lines) + "\n"


def parser():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--data-dir", type=pathlib.Path, required=True, help="folder of .npz files")
    p.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    p.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    p.add_argument("--out", type=pathlib.Path, help="a .jsonl file for all that was measured")
    return p


if __name__ == "__main__":
    main()
