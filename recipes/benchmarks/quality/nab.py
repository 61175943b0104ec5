"""Anomaly detection on the Numenta Anomaly Benchmark: VUS-PR of `lstm_vae`, PCA, isolation forest.

Each series is standardised, cut into windows of about its own period and scored by models that were
trained on the same series without its labels. VUS-PR (Paparrizos et al., 2022) is the area under
precision and recall, averaged over tolerances up to the period; nothing is point-adjusted.

    pip install statsmodels && pip install --no-deps vus
    python recipes/benchmarks/quality/nab.py --data-dir NAB

where NAB is a clone of the benchmark's repository. The six series without an anomaly are left out.
`vus` is installed without its dependencies: the two functions used here need none of them.
"""

import argparse
import json
import pathlib
import sys
import time

import keras
import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from vus.utils.metrics import metricor
from vus.utils.slidingWindows import find_length

import zoo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from support.data import windows

DRAWS = 8


def main():
    """Score every series by every method; print a table of means."""
    args = parser().parse_args()
    found = []
    for name in names(args)[: args.limit]:
        values, wrong = load(args.data_dir, name)
        period = int(find_length(values[:, 0]))
        began = time.time()
        scores = {
            **vae_scores(values, int(np.clip(period, *args.windows)), args),
            **baselines(values, period),
        }
        rates = {method: vus_pr(wrong, score, period) for method, score in scores.items()}
        line = {"series": name, "period": period, "seconds": round(time.time() - began, 1), **rates}
        found.append(line)
        print(json.dumps(line), file=sys.stderr, flush=True)
        if args.out:
            args.out.write_text("".join(json.dumps(line) + "\n" for line in found))
    print(f"| method | mean VUS-PR of {len(found)} series |\n|---|---|")
    for method in rates:
        print(f"| {method} | {np.mean([line[method] for line in found]):.3f} |")


def names(args):
    """Series with at least one labelled window, in order."""
    labels = json.loads((args.data_dir / "labels" / "combined_windows.json").read_text())
    return sorted(name for name, found in labels.items() if found)


def load(folder, name):
    """One standardised series `[steps, 1]`, and which of its steps are labelled."""
    frame = pd.read_csv(folder / "data" / name, parse_dates=["timestamp"])
    labels = json.loads((folder / "labels" / "combined_windows.json").read_text())[name]
    wrong = np.zeros(len(frame), int)
    for start, end in labels:
        wrong[frame.timestamp.between(pd.Timestamp(start), pd.Timestamp(end)).to_numpy()] = 1
    values = frame.value.to_numpy("float32")[:, None]
    return (values - values.mean()) / (values.std() or 1.0), wrong


def vae_scores(values, window, args):
    """-ELBO of the windows, and -log p of the single steps."""
    keras.utils.set_random_seed(args.seed)
    vae = zoo.get("lstm_vae", latent_dim=args.latent_dim, units=args.units, seed=args.seed)
    vae.compile(zoo.FusedAdam(3e-3))
    x = windows.cut(values, window)
    epochs = max(1, round(args.steps / max(1, len(x) // 128)))
    vae.fit(x, epochs=epochs, verbose=0)
    by_window = -vae.elbo(x, samples=DRAWS, seed=args.seed)
    by_step = -np.asarray(vae.decode(vae.encode(x).mean()).log_prob_per_step(x))
    return {
        "lstm_vae, -ELBO of windows": spread(by_window, window, len(values)),
        "lstm_vae, -log p of steps": windows.per_step(by_step, len(values)),
    }


def baselines(values, window):
    """PCA's squared error and an isolation forest's score, for the same kind of windows."""
    x = windows.cut(values, window)[..., 0]
    pca = PCA(0.9, svd_solver="full").fit(x)
    error = ((x - pca.inverse_transform(pca.transform(x))) ** 2).sum(1)
    forest = -IsolationForest(random_state=0).fit(x).score_samples(x)
    return {
        "PCA on windows": spread(error, window, len(values)),
        "isolation forest on windows": spread(forest, window, len(values)),
    }


def spread(score, window, steps):
    """A window's score goes to the step in its middle; the ends take the nearest."""
    before = (window - 1) // 2
    return np.pad(score, (before, steps - len(score) - before), mode="edge")


def vus_pr(wrong, score, period):
    """Volume under the precision-recall surface."""
    score = np.argsort(np.argsort(score)) / len(score)  # ranks: thresholds are quantiles anyway
    return float(metricor().RangeAUC_volume_opt(wrong, score, period, thre=250)[-1])


def parser():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--data-dir", type=pathlib.Path, required=True, help="a clone of NAB")
    p.add_argument("--limit", type=int, help="so many series only")
    p.add_argument(
        "--windows", type=int, nargs=2, default=(16, 64), help="least and most steps of the VAE's"
    )
    p.add_argument("--steps", type=int, default=600, help="optimizer steps a series")
    p.add_argument("--latent-dim", type=int, default=4)
    p.add_argument("--units", type=int, default=32)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--out", type=pathlib.Path, help="file for a line of JSON a series")
    return p


if __name__ == "__main__":
    main()
