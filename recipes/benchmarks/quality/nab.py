"""Anomaly detection on the Numenta Anomaly Benchmark (NAB): `lstm_vae`, PCA, isolation forest.

Each series is standardised, cut into windows of about its own period, and scored by models that are
trained on the same series without its labels. Measures VUS-PR (Paparrizos et al., 2022), the area
under the precision-recall curve, averaged over tolerances up to the period, without point
adjustment. The six series without an anomaly are left out.

Needs statsmodels, vus, and a clone of NAB's repository in the folder NAB, or other files with a
column that is 1 for anomalies:

    pip install statsmodels && pip install --no-deps vus
    python recipes/benchmarks/quality/nab.py --data-dir NAB
    python recipes/benchmarks/quality/nab.py --files machine-*.csv --label anomaly

vus is installed without its dependencies, which the two functions used here do not need.
`docs/results.md` has results.
"""

import json
import pathlib
import sys
import time

import keras
import numpy as np
import pandas as pd
from shared import add_seed_and_out, command_line, required
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest

import zoo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

import time_series
from support.data import series_files, windows

INSTALL = "pip install statsmodels && pip install --no-deps vus"
SAMPLES = 8  # of z, for the ELBO


def main():
    """Score every series with every method; print a table of means."""
    args = parser().parse_args()
    find_length = required("vus.utils.slidingWindows", INSTALL).find_length
    lines = []
    for name, values, anomaly in series(args):
        period = int(np.median([find_length(np.nan_to_num(channel)) for channel in values.T]))
        start = time.time()
        scores = {
            **vae_scores(values, int(np.clip(period, *args.windows)), args),
            **baselines(values, period),
        }
        measured = {method: vus_pr(anomaly, score, period) for method, score in scores.items()}
        seconds = round(time.time() - start, 1)
        lines.append({"series": name, "period": period, "seconds": seconds, **measured})
        print(json.dumps(lines[-1]), file=sys.stderr, flush=True)
        if args.out:
            args.out.write_text("".join(json.dumps(line) + "\n" for line in lines))
    print(f"| method | mean VUS-PR of {len(lines)} series |\n|---|---|")
    for method in measured:
        print(f"| {method} | {np.mean([line[method] for line in lines]):.3f} |")


def series(args):
    """Yield name, standardised values `[steps, channels]` and 1 for each step with an anomaly.

    Of NAB, only the series with at least one anomaly; with --limit, a random choice by --seed.
    """
    if args.files:
        for path in chosen(args.files, args):
            yield path.name, *read_file(path, args)
        return
    labels = json.loads((args.data_dir / "labels" / "combined_windows.json").read_text())
    for name in chosen(sorted(name for name, spans in labels.items() if spans), args):
        yield name, *read_nab(args.data_dir / "data" / name, labels[name])


def chosen(names, args):
    """At most --limit of the names, a random choice by --seed, in their order."""
    rows = np.random.default_rng(args.seed).permutation(len(names))[: args.limit]
    return [names[row] for row in sorted(rows)]


def read_nab(path, labels):
    """Values `[steps, 1]` and labels of a file of NAB and its windows of anomalies."""
    frame = pd.read_csv(path, parse_dates=["timestamp"])
    anomaly = np.zeros(len(frame), int)
    for start, end in labels:
        anomaly[frame.timestamp.between(pd.Timestamp(start), pd.Timestamp(end)).to_numpy()] = 1
    return standardised(frame.value.to_numpy("float64")[:, None]), anomaly


def read_file(path, args):
    """Values `[steps, channels]` and labels of another file, as `time_series.py` reads it."""
    options = time_series.parser().parse_args(["--label", args.label, "--window", "1"])
    options.data, options.columns = path, args.columns
    data = series_files.load(options)
    return standardised(data.values.astype("float64")), data.anomaly.astype(int)


def standardised(values):
    """Each channel with mean 0 and standard deviation 1; a constant one becomes 0."""
    mean, std = np.nanmean(values, 0), np.nanstd(values, 0)
    varies = std > 1e-9 * np.abs(mean)
    return ((values - mean) / np.where(varies, std, np.inf)).astype("float32")


def vae_scores(values, window, args):
    """Scores of the model: -ELBO of windows, and -log p of steps."""
    keras.utils.set_random_seed(args.seed)
    vae = zoo.get("lstm_vae", latent_dim=args.latent_dim, units=args.units, seed=args.seed)
    vae.compile(zoo.FusedAdam(3e-3))
    x = windows.cut(values, window)
    epochs = max(1, round(args.steps / max(1, len(x) // 128)))
    vae.fit(x, epochs=epochs, verbose=0)
    by_window = -vae.elbo(x, samples=SAMPLES, seed=args.seed)
    by_step = -np.asarray(vae.decode(vae.encode(x).mean()).log_prob_per_step(x))
    return {
        "lstm_vae, -ELBO of windows": at_middle(by_window, window, len(values)),
        "lstm_vae, -log p of steps": windows.per_step(by_step, len(values)),
    }


def baselines(values, window):
    """Scores of PCA (squared error) and of an isolation forest on windows of all channels."""
    x = windows.cut(np.nan_to_num(values), window)
    x = x.reshape(len(x), -1)
    pca = PCA(0.9, svd_solver="full").fit(x)
    error = ((x - pca.inverse_transform(pca.transform(x))) ** 2).sum(1)
    forest = -IsolationForest(random_state=0).fit(x).score_samples(x)
    return {
        "PCA on windows": at_middle(error, window, len(values)),
        "isolation forest on windows": at_middle(forest, window, len(values)),
    }


def at_middle(score, window, steps):
    """Score of each step: of the window with the step in its middle, or of the nearest window."""
    before = (window - 1) // 2
    return np.pad(score, (before, steps - len(score) - before), mode="edge")


def vus_pr(anomaly, score, period):
    """Volume under the precision-recall surface."""
    score = np.argsort(np.argsort(score)) / len(
        score
    )  # ranks suffice, because the thresholds are quantiles
    metricor = required("vus.utils.metrics", INSTALL).metricor
    return float(metricor().RangeAUC_volume_opt(anomaly, score, period, thre=250)[-1])


def parser():
    """Command line."""
    p = command_line(__doc__)
    data = p.add_mutually_exclusive_group(required=True)
    data.add_argument("--data-dir", type=pathlib.Path, help="clone of NAB's repository")
    data.add_argument(
        "--files", type=pathlib.Path, nargs="+", help="other series, one in each file"
    )
    p.add_argument("--label", default="label", help="column of --files that is 1 for anomalies")
    p.add_argument("--columns", nargs="+", help="channels of --files (default: all others)")
    p.add_argument("--limit", type=int, help="number of series, chosen at random (default: all)")
    p.add_argument(
        "--windows",
        type=int,
        nargs=2,
        default=(16, 64),
        help="minimum and maximum length of the VAE's windows",
    )
    p.add_argument("--steps", type=int, default=600, help="training steps for each series")
    p.add_argument("--latent-dim", type=int, default=4)
    p.add_argument("--units", type=int, default=32)
    add_seed_and_out(p, "write a line of JSON for each series into this file")
    return p


if __name__ == "__main__":
    main()
