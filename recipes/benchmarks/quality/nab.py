"""Anomaly detection on the Numenta Anomaly Benchmark (NAB): `zoo.SeriesDetector` and others.

Each series is scored by models that are trained on the same series without its labels: the detector
with its defaults, PCA, an isolation forest, the energy of a moving window, polynomial residuals,
and with --lstm `lstm_vae` on standardised windows. Measures VUS-PR (Paparrizos et al., 2022), the
area under the precision-recall curve, averaged over tolerances up to the period, without point
adjustment. The six series without an anomaly are left out.

Needs a clone of NAB's repository in the folder NAB, or other files with a column that is 1 for
anomalies:

    python recipes/benchmarks/quality/nab.py --data-dir NAB --out nab.jsonl
    python recipes/benchmarks/quality/nab.py --files machine-*.csv --label anomaly

A series that the file --out already has is not scored again. `docs/results.md` has results.
"""

import json
import pathlib
import sys
import time

import keras
import numpy as np
import pandas as pd
from series_methods import METHODS, at_middle, standardised
from shared import add_seed_and_out, command_line, record_row, recorded
from vus_metrics import tolerance, vus_pr

import zoo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

import time_series
from support.data import series_files, windows

SAMPLES = 8  # of z, for the ELBO

# Series of NAB in the evaluation list of TSB-AD-U (Liu and Paparrizos, 2024), by their length and
# first anomalous step. Two of the three jumps are in it, which have both in common; the series with
# its first anomaly at step 2582 has no counterpart.
TSB_AD = (
    "art_daily_flatmiddle",
    "art_increase_spike_density",
    "art_load_balancer_spikes",
    "ec2_cpu_utilization_24ae8d",
    "ec2_cpu_utilization_5f5533",
    "ec2_cpu_utilization_825cc2",
    "rds_cpu_utilization_cc0c53",
    "exchange-3_cpc_results",
    "exchange-3_cpm_results",
    "ambient_temperature_system_failure",
    "cpu_utilization_asg_misconfiguration",
    "ec2_request_latency_system_failure",
    "nyc_taxi",
    "rogue_agent_key_hold",
    "TravelTime_451",
    "occupancy_6005",
    "speed_6005",
    "speed_t4013",
    "Twitter_volume_FB",
    "Twitter_volume_GOOG",
)
TSB_AD_TWO_OF = ("art_daily_jumpsdown", "art_daily_jumpsup", "art_daily_nojump")


def main():
    """Score every series with every method; print a table of means."""
    args = parser().parse_args()
    lines = recorded(args.out)
    for name, values, anomaly in series(args, {line["series"] for line in lines}):
        period = int(np.median([tolerance(channel) for channel in standardised(values, values).T]))
        start = time.process_time()
        measured = {}
        for method, function in METHODS.items():
            measured[method] = vus_pr(anomaly, function(values, values, period), period)
            if method == "SeriesDetector":
                seconds = round(time.process_time() - start, 1)
        for method, score in vae_scores(values, period, args).items() if args.lstm else ():
            measured[method] = vus_pr(anomaly, score, period)
        lines.append({"series": name, "period": period, "cpu_seconds": seconds, **measured})
        record_row(lines[-1], args.out)
    print_table(lines)


def print_table(lines):
    """Means over all series, and over those of TSB-AD if they are there."""
    methods = [name for name in lines[0] if name not in ("series", "period", "cpu_seconds")]
    weights = np.array([weight(line["series"]) for line in lines])
    columns = {f"{len(lines)} series": np.ones(len(lines))}
    if weights.any():
        columns[f"{weights.sum():.0f} series of TSB-AD"] = weights
    print(f"| mean VUS-PR | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}")
    for method in methods:
        values = [line[method] for line in lines]
        means = (np.average(values, weights=part) for part in columns.values())
        print(f"| {method} | {' | '.join(f'{mean:.3f}' for mean in means)} |")


def weight(name):
    """Expected number of times that a series is in TSB-AD's list."""
    stem = pathlib.Path(name).stem
    return 2 / 3 if stem in TSB_AD_TWO_OF else float(stem in TSB_AD)


def series(args, done):
    """Yield name, values `[steps, channels]` and 1 for each step with an anomaly.

    Those whose names are in `done` are left out.

    Of NAB, only the series with at least one anomaly; with --limit, a random choice by --seed.
    """
    if args.files:
        for path in chosen(args.files, args):
            if path.name not in done:
                yield path.name, *read_file(path, args)
        return
    labels = json.loads((args.data_dir / "labels" / "combined_windows.json").read_text())
    for name in chosen(sorted(name for name, spans in labels.items() if spans), args):
        if name not in done:
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
    return frame.value.to_numpy("float64")[:, None], anomaly


def read_file(path, args):
    """Values `[steps, channels]` and labels of another file, as `time_series.py` reads it."""
    options = time_series.parser().parse_args(["--label", args.label, "--window", "1"])
    options.data, options.columns = path, args.columns
    data = series_files.load(options)
    return data.values.astype("float64"), data.anomaly.astype(int)


def vae_scores(values, period, args):
    """Scores of the model: -ELBO of windows, and -log p of steps."""
    values, window = standardised(values, values), int(np.clip(period, *args.windows))
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
    p.add_argument("--lstm", action="store_true", help="lstm_vae too, with the options below")
    p.add_argument(
        "--windows",
        type=int,
        nargs=2,
        default=(16, 64),
        help="minimum and maximum length of its windows",
    )
    p.add_argument("--steps", type=int, default=600, help="training steps for each series")
    p.add_argument("--latent-dim", type=int, default=4)
    p.add_argument("--units", type=int, default=32)
    add_seed_and_out(p, "add a line of JSON for each series to this file")
    return p


if __name__ == "__main__":
    main()
