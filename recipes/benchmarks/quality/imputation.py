"""Imputation of tables: `zoo.VAEImputer` compared with scikit-learn's imputers.

Values of complete tables are hidden: at random ("random"), or so that large values are hidden more
often than small ones ("large": the probability of a value grows linearly with its rank in the
column, from 0 to twice the rate), at rates of 10, 30 and 50 %. Measures the root mean squared error
of hidden numbers, in standard deviations of their columns, and the fraction of hidden numbers that
lie in the imputer's intervals of 90 %, which only `VAEImputer` has. All methods have their default
options; numbers are standardised for the others, and forests are `IterativeImputer` with extremely
randomised trees, like MissForest.

Tables: scikit-learn's breast cancer, diabetes, iris and wine, or your own (--data).

    python recipes/benchmarks/quality/imputation.py --out rows.jsonl

Numbers that --out already has are not measured again. `docs/imputation.md` has results.
"""

import pathlib
import time

import numpy as np
from shared import command_line, mean_and_std, record_row, recorded
from sklearn import datasets
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.preprocessing import StandardScaler

import zoo

SKLEARN = ("breast_cancer", "diabetes", "iris", "wine")
MECHANISMS = ("random", "large")
LEVEL = 0.9


def main():
    """Measure what --out does not have yet, a JSON line each; print the tables."""
    args = parser().parse_args()
    rows = recorded(args.out)
    keys = ("data", "mechanism", "rate", "seed", "method")
    measured = {tuple(row[key] for key in keys) for row in rows}
    for seed in args.seeds:
        for name, frame in tables(args).items():
            for mechanism in args.mechanisms:
                for rate in args.rates:
                    for method in args.methods:
                        key = (name, mechanism, rate, seed, method)
                        if key not in measured:
                            rows.append(run(frame, key))
                            record_row(rows[-1], args.out)
    for mechanism in args.mechanisms:
        for rate in args.rates:
            of = [r for r in rows if (r["mechanism"], r["rate"]) == (mechanism, rate)]
            if of:
                print(table(of, f"{mechanism}, {100 * rate:.0f} %", args.methods), end="\n\n")


def tables(args):
    """Name -> frame of numbers without missing values."""
    result = {n: getattr(datasets, f"load_{n}")(as_frame=True).data for n in SKLEARN}
    if args.data:
        result[args.data.stem] = zoo.tables.as_frame(args.data).select_dtypes("number").dropna()
    return {name: result[name].astype("float64") for name in args.tables or result}


def hidden(frame, mechanism, rate, seed):
    """bool `[N, columns]`: the values to hide."""
    rng = np.random.default_rng(seed)
    if mechanism == "random":
        return rng.random(frame.shape) < rate
    return rng.random(frame.shape) < 2 * rate * frame.rank(pct=True).to_numpy()


def run(frame, key):
    """Measure one method on one table with hidden values."""
    _, mechanism, rate, seed, method = key
    where = hidden(frame, mechanism, rate, seed)
    incomplete = frame.mask(where)
    start = time.process_time()
    filled, interval = METHODS[method](incomplete, seed)
    seconds = time.process_time() - start
    truth = frame.to_numpy()
    errors = ((np.asarray(filled, "float64") - truth) / truth.std(0))[where]
    inside = {}
    if interval is not None:
        low, high = (np.asarray(end, "float64") for end in interval)
        inside = {"coverage": float(((low <= truth) & (truth <= high))[where].mean())}
    names = ("data", "mechanism", "rate", "seed", "method")
    error = float(np.sqrt((errors**2).mean()))
    return {**dict(zip(names, key, strict=True)), "error": error, **inside, "core_seconds": seconds}


def vae(x, seed):
    """`zoo.VAEImputer` with its default options."""
    imputer = zoo.VAEImputer(random_state=seed).fit(x)
    return imputer.transform(x), imputer.interval(x, LEVEL)


def scaled(imputer):
    """A method that imputes standardised numbers, without intervals."""

    def method(x, seed):
        model = imputer(seed)
        scaler = StandardScaler().fit(x)
        return scaler.inverse_transform(model.fit_transform(scaler.transform(x))), None

    return method


def forests(seed):
    """Chained equations with extremely randomised trees."""
    trees = ExtraTreesRegressor(50, random_state=seed)
    return IterativeImputer(trees, max_iter=5, tol=1e-2, random_state=seed)


METHODS = {
    "zoo": vae,
    "mean": scaled(lambda seed: SimpleImputer()),
    "KNN": scaled(lambda seed: KNNImputer()),
    "iterative": scaled(lambda seed: IterativeImputer(max_iter=20, random_state=seed)),
    "forests": scaled(forests),
}


def table(rows, title, methods):
    """Markdown table of errors, with the coverage of the intervals in the last column."""
    lines = ["| " + " | ".join([title, *methods, f"coverage of {100 * LEVEL:.0f} %"]) + " |"]
    lines.append("|---" * (len(methods) + 2) + "|")
    for name in dict.fromkeys(row["data"] for row in rows):
        of = [row for row in rows if row["data"] == name]
        cells = [[row["error"] for row in of if row["method"] == m] for m in methods]
        inside = [row["coverage"] for row in of if "coverage" in row]
        cells = [mean_and_std(values, ".3f") for values in (*cells, inside)]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)


def parser():
    """Command line of the script."""
    command = command_line(__doc__)
    command.add_argument("--data", type=pathlib.Path, help="a CSV or Parquet file of your own")
    command.add_argument("--tables", nargs="+", help="names of tables; all by default")
    command.add_argument("--methods", nargs="+", default=[*METHODS], choices=[*METHODS])
    command.add_argument("--mechanisms", nargs="+", default=[*MECHANISMS], choices=MECHANISMS)
    command.add_argument("--rates", nargs="+", type=float, default=[0.1, 0.3, 0.5])
    command.add_argument("--seeds", nargs="+", type=int, default=[0])
    command.add_argument("--out", type=pathlib.Path, help="JSON lines, read and appended to")
    return command


if __name__ == "__main__":
    main()
