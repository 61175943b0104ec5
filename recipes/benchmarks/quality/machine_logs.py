"""Anomaly detection in simulated logs of machines: `zoo.SeriesDetector` and simpler methods.

Each machine has eight correlated sensors and 400 normal steps to train on; then 1,200 steps are
scored in which one kind of fault lasts long. With --single, single series of 3,000 steps are scored
that the methods are fitted to without labels. Measures VUS-PR with a tolerance up to the period of
the generator. The options of the detector were chosen on seeds below 50 of both.

    python recipes/benchmarks/quality/machine_logs.py --seed 100
    python recipes/benchmarks/quality/machine_logs.py --seed 100 --seeds 1 --single

`docs/results.md` has results.
"""

import time

import numpy as np
import simulated_logs
from series_methods import METHODS, VAES, flagged
from shared import add_seed_and_out, command_line, record_row
from vus_metrics import vus_pr

# Shares of steps that `predict` calls anomalies, with contamination=0.01.
NORMAL, ANOMALOUS = "normal steps flagged", "anomalous steps flagged"


def main():
    """Score every log with every method; print a table of means over seeds."""
    args = parser().parse_args()
    lines, methods = [], {name: (METHODS | VAES)[name] for name in args.methods or METHODS}
    for seed in range(args.seed, args.seed + args.seeds):
        for name, train, series, anomaly, period in (singles if args.single else machines)(seed):
            start = time.process_time()
            scores = {key: method(train, series, period) for key, method in methods.items()}
            measured = {key: vus_pr(anomaly, score, period) for key, score in scores.items()}
            if "SeriesDetector" in methods and not args.single:
                shares = flagged(train, series)
                measured[NORMAL], measured[ANOMALOUS] = (
                    shares[anomaly == 0].mean(),
                    shares[anomaly > 0].mean(),
                )
            seconds = round(time.process_time() - start, 1)
            lines.append({"name": name, "seed": seed, "cpu_seconds": seconds, **measured})
            record_row(lines[-1], args.out)
    print_table(lines, args.seeds)


def machines(seed):
    """Yield name, training part, part to score, labels and period of a machine for each fault."""
    for fault in simulated_logs.MACHINE_FAULTS:
        yield fault, *simulated_logs.machine_log(fault, seed)


def singles(seed):
    """Yield the same for single series, which have no training part of their own."""
    for kind in simulated_logs.SERIES_KINDS:
        for fault in simulated_logs.SERIES_FAULTS:
            series, anomaly, period = simulated_logs.single_series(kind, fault, seed)
            yield kind, series, series, anomaly, period


def print_table(lines, seeds):
    """Means of each name and of all, in Markdown."""
    names = list(dict.fromkeys(line["name"] for line in lines))
    methods = [key for key in lines[0] if key not in ("name", "seed", "cpu_seconds")]
    print(f"| VUS-PR, {seeds} seeds | {' | '.join(methods)} |\n|{'---|' * (len(methods) + 1)}")
    for name in [*names, "mean"]:
        chosen = [line for line in lines if name in (line["name"], "mean")]
        means = (np.mean([line[method] for line in chosen]) for method in methods)
        print(f"| {name} | {' | '.join(f'{mean:.3f}' for mean in means)} |")


def parser():
    """Command line."""
    p = command_line(__doc__)
    p.add_argument("--single", action="store_true", help="single series instead of machines")
    p.add_argument("--seeds", type=int, default=5, help="number of seeds, from --seed on")
    p.add_argument(
        "--methods",
        nargs="+",
        choices=METHODS | VAES,
        help="by default those without the plain VAEs",
    )
    add_seed_and_out(p, "add a line of JSON for each log to this file")
    return p


if __name__ == "__main__":
    main()
