"""Synthetic tables: `zoo.TableSynthesizer` compared with a Gaussian copula and TVAE.

Each table is split into 70 % of the rows to train on and 30 % to hold out, one split for each seed;
every method draws as many rows as it was trained on, and all are judged by
`zoo.evaluate_synthetic`. Every method has its default options, chosen on other seeds than the ones
below. The Gaussian copula is the one of this script: normal scores of the ranks of all columns, in
which a category is an interval, and their correlations. TVAE is that of the package `ctgan`, with
its default 300 epochs; it runs in an interpreter of its own (--tvae-python), so that PyTorch and
TensorFlow do not meet. "utility" is the AUROC of a random forest, or R^2 for a number.

Tables: scikit-learn's breast cancer, diabetes, iris and wine; TFDS' wine_quality/red (--data-dir);
tables of ADBench with their labels (--adbench); your own file (--data, --target).

    python -m venv tvae && tvae/bin/pip install ctgan
    python recipes/benchmarks/quality/synthetic_tables.py --tvae-python tvae/bin/python \
        --data-dir TFDS --adbench DIR --out rows.jsonl

Numbers that --out already has are not measured again. `docs/synthetic_tables.md` has results.
"""

import json
import pathlib
import subprocess
import tempfile
import time

import numpy as np
import pandas as pd
from scipy import special
from shared import command_line, mean_and_std, record_row, recorded
from sklearn import datasets
from sklearn.model_selection import train_test_split

import zoo

SKLEARN = ("breast_cancer", "diabetes", "iris", "wine")
MAX_ROWS = 5000
# The program of the process with `ctgan`.
TVAE = """
import json, sys
import numpy as np, pandas as pd, torch
from ctgan import TVAE
folder, seed, rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(1)
torch.manual_seed(seed)
np.random.seed(seed)
discrete = json.load(open(folder + "/discrete.json"))
frame = pd.read_csv(folder + "/train.csv", dtype=dict.fromkeys(discrete, str))
model = TVAE()
model.fit(frame, discrete)
model.sample(rows).to_csv(folder + "/synthetic.csv", index=False)
"""
MEASURES = ("columns", "pairs", "utility", "copies", "distance", "closer")


def main():
    """Measure what --out does not have yet, a JSON line each; print the tables."""
    args = parser().parse_args()
    methods = [m for m in args.methods if m != "TVAE" or args.tvae_python]
    rows = recorded(args.out)
    measured = {(row["data"], row["seed"], row["method"]) for row in rows}
    for seed in args.seeds:
        for name, (frame, target) in tables(args).items():
            for method in methods:
                if (name, seed, method) not in measured:
                    rows.append(run(name, frame, target, method, seed, args))
                    record_row(rows[-1], args.out)
    rows = [row for row in rows if row["method"] in methods and row["seed"] in args.seeds]
    if args.figure:
        draw(args)
    for measure in MEASURES:
        print(table(rows, measure, methods), end="\n\n")
    print(table(rows, "core_seconds", methods))


def tables(args):
    """Name -> (frame, column to predict)."""
    result = {name: sklearn_table(name) for name in SKLEARN}
    if args.data_dir:
        result["wine_quality"] = wine_quality(args.data_dir), "quality"
    for path in sorted(args.adbench.glob("*.npz")) if args.adbench else ():
        result[path.stem] = adbench_table(path), "anomaly"
    if args.data:
        result[args.data.stem] = zoo.tables.as_frame(args.data), args.target
    return {name: result[name] for name in args.tables or result}


def sklearn_table(name):
    """A table of scikit-learn, with the column "target"."""
    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    target = bunch.target
    if hasattr(bunch, "target_names"):
        target = pd.Series(bunch.target_names[target]).astype("category")
    return bunch.data.assign(target=target), "target"


def wine_quality(data_dir):
    """TFDS' red wines; the quality is an integer."""
    import tensorflow_datasets as tfds

    wines = tfds.load("wine_quality/red", split="train", data_dir=data_dir)
    rows = [{**wine["features"], "quality": wine["quality"]} for wine in tfds.as_numpy(wines)]
    return pd.DataFrame(rows).astype("float64").round(5).astype({"quality": "int64"})


def adbench_table(path):
    """A table of ADBench, at most `MAX_ROWS` random rows, with the column "anomaly"."""
    with np.load(path) as arrays:
        x, labels = arrays["X"].astype("float64"), arrays["y"].astype(bool)
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(x.shape[1])]).assign(anomaly=labels)
    return frame.sample(min(MAX_ROWS, len(frame)), random_state=0).reset_index(drop=True)


def split(frame, target, seed):
    """Rows to train on and to hold out; each class of the target in proportion."""
    few = target is not None and frame[target].nunique() < 20
    parts = train_test_split(
        frame, test_size=0.3, random_state=seed, stratify=frame[target] if few else None
    )
    return [part.reset_index(drop=True) for part in parts]


def run(name, frame, target, method, seed, args):
    """Measure one method on one split of one table."""
    train, test = split(frame, target, seed)
    start = time.process_time()
    synthetic, seconds = METHODS[method](train, seed, args)
    seconds = time.process_time() - start if seconds is None else seconds
    quality = zoo.evaluate_synthetic(train, synthetic, test, target=target, seed=0)
    return {
        "data": name,
        "seed": seed,
        "method": method,
        "core_seconds": seconds,
        **{k: v for k, v in quality.summary.items() if v == v},
    }


def synthesizer(train, seed, args):
    """`zoo.TableSynthesizer` with its default options."""
    del args
    model = zoo.TableSynthesizer(random_state=seed).fit(train)
    return model.sample(len(train), seed=seed), None


def gaussian_copula(train, seed, args):
    """Normal scores with the correlations of those of the data; see `zoo.tables.Columns`.

    Categories become scores too: each level is an interval of them, in which a row has a random
    place.
    """
    del args
    rng = np.random.default_rng(seed)
    columns = zoo.tables.Columns.of(train)
    rows, edges = columns.encode(train), {}
    for i, classes in enumerate(columns.classes):
        if classes:
            shares = np.bincount(rows[:, i].astype(int), minlength=classes) / len(rows)
            edges[i] = np.concatenate([[0.0], np.cumsum(shares)])
            low, high = edges[i][rows[:, i].astype(int)], edges[i][rows[:, i].astype(int) + 1]
            rows[:, i] = special.ndtri(low + (high - low) * rng.uniform(1e-6, 1 - 1e-6, len(rows)))
    covariance = np.cov(np.nan_to_num(rows).T).reshape(rows.shape[1], -1)
    scale = np.sqrt(np.maximum(np.diag(covariance), 1e-12))
    correlation = covariance / scale / scale[:, None]
    drawn = rng.multivariate_normal(
        np.zeros(len(scale)), correlation, len(train), check_valid="ignore"
    )
    for i, ends in edges.items():
        below = np.searchsorted(ends[1:-1], special.ndtr(drawn[:, i]), "right")
        drawn[:, i] = below
    return columns.decode(drawn, rng), None


def tvae(train, seed, args):
    """TVAE of `ctgan` with its default options, in its own interpreter; integers are rounded."""
    columns = zoo.tables.Columns.of(train)
    discrete = [part.name for part in columns.encoded if part.kind == "category"]
    plain = train.assign(**{n: train[n].astype(str) for n in discrete})
    with tempfile.TemporaryDirectory() as folder:
        plain.to_csv(f"{folder}/train.csv", index=False)
        pathlib.Path(folder, "discrete.json").write_text(json.dumps(discrete))
        clock = ["import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True)"]
        clock += [
            "u = resource.getrusage(resource.RUSAGE_CHILDREN); print(u.ru_utime + u.ru_stime)"
        ]
        script = [args.tvae_python, "-W", "ignore", "-c", TVAE, folder, str(seed), str(len(train))]
        timed = [args.tvae_python, "-c", "\n".join(clock), *map(str, script)]
        out = subprocess.run(timed, check=True, capture_output=True, text=True).stdout
        drawn = pd.read_csv(f"{folder}/synthetic.csv", dtype=dict.fromkeys(discrete, str))
    for name in train:
        values = {str(v): v for v in train[name].unique()} if name in discrete else None
        drawn[name] = drawn[name].map(values) if values else drawn[name]
        drawn[name] = drawn[name].astype(train[name].dtype)
    return drawn, float(out.split()[-1])


METHODS = {"zoo": synthesizer, "Gaussian copula": gaussian_copula, "TVAE": tvae}


def draw(args):
    """Draw the similarities of the first table and seed for `zoo.TableSynthesizer`."""
    frame, target = next(iter(tables(args).values()))
    train, test = split(frame, target, args.seeds[0])
    synthetic, _ = synthesizer(train, args.seeds[0], args)
    quality = zoo.evaluate_synthetic(train, synthetic, test)
    args.figure.parent.mkdir(parents=True, exist_ok=True)
    quality.figure().savefig(args.figure)


def table(rows, measure, methods):
    """Markdown table of one measure: a row for each table, mean and standard deviation."""
    reference = {"columns": "columns of holdout", "pairs": "pairs of holdout"}
    reference |= {"copies": "copies of holdout", "distance": "distance of holdout"}
    reference |= {"utility": "utility of real"}
    key = reference.get(measure)
    lines = ["| " + " | ".join([measure, *methods, *(["real"] if key else [])]) + " |"]
    lines.append("|---" * (len(methods) + 1 + bool(key)) + "|")
    names = list(dict.fromkeys(row["data"] for row in rows))
    cells = {}
    for name in names:
        of = [row for row in rows if row["data"] == name and measure in row]
        values = [[row[measure] for row in of if row["method"] == m] for m in methods]
        if key:
            values.append([row[key] for row in of if row["method"] == methods[0]])
        cells[name] = values
        lines.append("| " + " | ".join([name, *(mean_and_std(v, ".3f") for v in values)]) + " |")
    means = [[np.mean(v[i]) for v in cells.values() if v[i]] for i in range(len(cells[names[0]]))]
    lines.append("| " + " | ".join(["mean", *(f"{np.mean(m):.3f}" for m in means)]) + " |")
    return "\n".join(lines)


def parser():
    """Command line of the script."""
    command = command_line(__doc__)
    command.add_argument("--data-dir", type=pathlib.Path, help="folder of TFDS' data")
    command.add_argument("--adbench", type=pathlib.Path, help="folder of ADBench's .npz files")
    command.add_argument("--data", type=pathlib.Path, help="a CSV or Parquet file of your own")
    command.add_argument("--target", help="column of --data to predict")
    command.add_argument("--tables", nargs="+", help="names of tables; all by default")
    command.add_argument("--methods", nargs="+", default=[*METHODS], choices=[*METHODS])
    command.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    command.add_argument("--tvae-python", type=pathlib.Path, help="interpreter with `ctgan`")
    command.add_argument("--figure", type=pathlib.Path, help="figure of the first table, for zoo")
    command.add_argument("--out", type=pathlib.Path, help="JSON lines, read and appended to")
    return command


if __name__ == "__main__":
    main()
