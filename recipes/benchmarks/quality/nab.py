"""Anomaly detection on the Numenta Anomaly Benchmark (NAB): `lstm_vae`, PCA, isolation forest.

Each series is standardised, cut into windows of about its own period, and scored by models that are
trained on the same series without its labels. Measures VUS-PR (Paparrizos et al., 2022), the area
under the precision-recall curve, averaged over tolerances up to the period, without point
adjustment. The six series without an anomaly are left out.

Needs statsmodels, vus, and a clone of NAB's repository in the folder NAB:

    pip install statsmodels && pip install --no-deps vus
    python recipes/benchmarks/quality/nab.py --data-dir NAB

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
from shared import add_seed_and_out, command_line
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from vus.utils.metrics import metricor
from vus.utils.slidingWindows import find_length

import zoo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from support.data import windows

SAMPLES = 8  # of z, for the ELBO


def main():
    """Score every series with every method; print a table of means."""
    args = parser().parse_args()
    lines = []
    for name in names(args)[: args.limit]:
        values, anomaly = load(args.data_dir, name)
        period = int(find_length(values[:, 0]))
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


def names(args):
    """Sorted names of the series that have at least one anomaly."""
    labels = json.loads((args.data_dir / "labels" / "combined_windows.json").read_text())
    return sorted(name for name, windows in labels.items() if windows)


def load(folder, name):
    """A standardised series `[steps, 1]`, and 1 for each step with an anomaly `[steps]`."""
    frame = pd.read_csv(folder / "data" / name, parse_dates=["timestamp"])
    labels = json.loads((folder / "labels" / "combined_windows.json").read_text())[name]
    anomaly = np.zeros(len(frame), int)
    for start, end in labels:
        anomaly[frame.timestamp.between(pd.Timestamp(start), pd.Timestamp(end)).to_numpy()] = 1
    values = frame.value.to_numpy("float32")[:, None]
    return (values - values.mean()) / (values.std() or 1.0), anomaly


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
    """Scores of PCA (squared error) and of an isolation forest on windows."""
    x = windows.cut(values, window)[..., 0]
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
    return float(metricor().RangeAUC_volume_opt(anomaly, score, period, thre=250)[-1])


def parser():
    """Command line."""
    p = command_line(__doc__)
    p.add_argument("--data-dir", type=pathlib.Path, required=True, help="clone of NAB's repository")
    p.add_argument("--limit", type=int, help="number of series (default: all)")
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
