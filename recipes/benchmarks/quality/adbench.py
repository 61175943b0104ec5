"""Anomaly detection on tables of ADBench: `zoo.AnomalyDetector` compared with other methods.

Measures AUROC and average precision on ADBench's splits: 70 % of the rows to train on and 30 % to
score, drawn by class, one split for each seed. The training rows have no labels. With --protocol
contaminated they include the anomalies, with --protocol normal these are left out; the rows to
score are the same. Every method gets the same rows and has its default options; the neighbor
methods get standardised columns. "zoo, clean" is the score for training rows that are known to be
normal. Columns that are constant among the training rows are left out. PyOD's PCA divides by the
variance of each component, so it gets as many components as the rank of the table. Unlike in
ADBench no rows of small tables are repeated (copies would be both trained on and scored), and no
rows of large tables are left out. Han et al., ADBench: anomaly detection benchmark, 2022.

Needs ADBench's files, such as `6_cardio.npz`, in the folder DIR, and PyOD and PyTorch for its VAE,
PyOD for PCA and ECOD:

    pip install pyod torch
    python recipes/benchmarks/quality/adbench.py --data-dir DIR --out rows.jsonl

Numbers that --out already has are not measured again. `docs/anomaly.md` has results.
"""

import pathlib
import time

import numpy as np
from shared import command_line, record_row, recorded, required
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

import zoo


def main():
    """Measure what --out does not have yet, a JSON line each; print the tables."""
    args = parser().parse_args()
    if {*args.methods} & {"PyOD VAE", "PCA", "ECOD"}:
        required("pyod", "pip install pyod torch")
    rows = recorded(args.out)
    measured = {(row["protocol"], row["data"], row["seed"], row["method"]) for row in rows}
    for seed in args.seeds:
        for path in sorted(args.data_dir.glob("*.npz"), key=lambda p: int(p.stem.split("_")[0])):
            for protocol in args.protocol:
                todo = [m for m in args.methods if (protocol, path.stem, seed, m) not in measured]
                for row in measure(path, seed, protocol, todo):
                    rows.append(row)
                    record_row(row, args.out)
    rows = [row for row in rows if row["method"] in args.methods and row["seed"] in args.seeds]
    for protocol in args.protocol:
        part = [row for row in rows if row["protocol"] == protocol]
        for score in ("auroc", "average_precision"):
            print(f"Protocol {protocol}:\n\n{table(part, score, args.methods)}")


def measure(path, seed, protocol, methods):
    """Measure the methods on one split of one table; yield a row for each."""
    with np.load(path) as arrays:
        x, labels = arrays["X"].astype("float64"), arrays["y"].astype(int)
    train, test, train_labels, test_labels = train_test_split(
        x, labels, test_size=0.3, stratify=labels, random_state=seed
    )
    if protocol == "normal":
        train = train[train_labels == 0]
    varies = train.std(0) > 0
    train, test = train[:, varies], test[:, varies]
    detector, training = None, 0.0
    for method in methods:
        if method in ZOO_SCORES:
            if detector is None:  # its model serves all scores
                detector, training = timed(zoo.AnomalyDetector(random_state=seed).fit, train)
            scores, seconds = timed(zoo_score, detector.vae_, ZOO_SCORES[method], train, test)
            seconds += training
        else:
            scores, seconds = timed(METHODS[method], train, test, seed)
        yield {
            "protocol": protocol,
            "data": path.stem,
            "seed": seed,
            "method": method,
            "auroc": float(roc_auc_score(test_labels, scores)),
            "average_precision": float(average_precision_score(test_labels, scores)),
            "core_seconds": seconds,
        }


def timed(function, *arguments):
    """Result of a function and the CPU-seconds that it took."""
    start = time.process_time()
    return function(*arguments), time.process_time() - start


def zoo_score(vae, score, train, test):
    """Negative scores of the test rows by the trained model of `zoo.AnomalyDetector`.

    In all methods a higher number means more anomalous.
    """
    return -zoo.AnomalyDetector(vae, score=score).fit(train).score_samples(test)


def standardised(train, test):
    """Both tables in units of the training rows' standard deviations."""
    mean, std = train.mean(0), train.std(0)
    return (train - mean) / std, (test - mean) / std


def nearest_neighbors(train, test, seed):
    """Mean distance to the five nearest training rows."""
    del seed
    train, test = standardised(train, test)
    return NearestNeighbors(n_neighbors=5).fit(train).kneighbors(test)[0].mean(1)


def local_outlier_factor(train, test, seed):
    """scikit-learn's local outlier factor with its default of 20 neighbors."""
    del seed
    train, test = standardised(train, test)
    return -LocalOutlierFactor(novelty=True).fit(train).score_samples(test)


def isolation_forest(train, test, seed):
    """scikit-learn's isolation forest with its default of 100 trees."""
    return -IsolationForest(random_state=seed).fit(train).score_samples(test)


def pyod_vae(train, test, seed):
    """PyOD's VAE, which standardises the columns itself."""
    import torch
    from pyod.models.vae import VAE

    torch.set_num_threads(1)
    return VAE(random_state=seed, verbose=0).fit(train).decision_function(test)


def pyod_pca(train, test, seed):
    """PyOD's PCA: distances along all principal components, weighted by their variance."""
    from pyod.models.pca import PCA

    rank = int(np.linalg.matrix_rank((train - train.mean(0)) / train.std(0)))
    return PCA(n_components=rank, random_state=seed).fit(train).decision_function(test)


def pyod_ecod(train, test, seed):
    """PyOD's ECOD: empirical tail probabilities of the columns; it is deterministic."""
    from pyod.models.ecod import ECOD

    del seed
    return ECOD().fit(train).decision_function(test)


PROTOCOLS = "contaminated", "normal"
CLEAN = zoo.anomaly.NeighborScore(rows=(1, 3), codes=(5,), suspect=0)
ZOO_SCORES = {"zoo": "neighbors", "zoo, clean": CLEAN, "zoo, tails": "tails", "zoo, ELBO": "elbo"}
METHODS = {
    **ZOO_SCORES,
    "PyOD VAE": pyod_vae,
    "PCA": pyod_pca,
    "isolation forest": isolation_forest,
    "ECOD": pyod_ecod,
    "neighbors": nearest_neighbors,
    "local outlier factor": local_outlier_factor,
}


def table(rows, score, methods):
    """Markdown table of means and standard deviations over seeds; the last line is the mean."""
    values = {}
    for row in rows:
        values.setdefault((row["data"], row["method"]), []).append(row[score])
    names = list(dict.fromkeys(row["data"] for row in rows))
    lines = [f"| {score} | {' | '.join(methods)} |", "|---" * (len(methods) + 1) + "|"]
    for name in names:
        cells = [
            f"{np.mean(values[name, method]):.3f} ± {np.std(values[name, method]):.3f}"
            for method in methods
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    means = [np.mean([np.mean(values[name, method]) for name in names]) for method in methods]
    lines.append(f"| mean | {' | '.join(f'{mean:.3f}' for mean in means)} |")
    return "\n".join(lines) + "\n"


def parser():
    """Command line."""
    p = command_line(__doc__)
    p.add_argument("--data-dir", type=pathlib.Path, required=True, help="folder of .npz files")
    p.add_argument("--protocol", nargs="+", choices=PROTOCOLS, default=list(PROTOCOLS))
    p.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    p.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    p.add_argument("--out", type=pathlib.Path, help="append all numbers to this .jsonl file")
    return p


if __name__ == "__main__":
    main()
