"""Make the picture of docs/series_anomaly.md: python docs/series_anomaly.py

Trains a detector on a simulated machine and scores a log of it in which two sensors lose their
relation to the others. Writes docs/images/series_anomaly.png. Takes a few seconds.
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "recipes" / "benchmarks" / "quality")]

import numpy as np  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from simulated_logs import machine_log, spans  # noqa: E402

import zoo  # noqa: E402

SENSORS = 3  # drawn, the ones with the lowest scores first
BLUE, ORANGE, GREY = "#3366aa", "#cc5522", "#dddddd"


def main():
    """Train, score, draw, write."""
    train, log, anomaly, _ = machine_log("lost correlation", seed=1)
    detector = zoo.SeriesDetector(contamination=0.01, random_state=0).fit(train)
    scores, by_channel = detector.score_samples(log), detector.feature_scores(log)
    sensors = np.argsort(by_channel.min(0))[:SENSORS]
    figure = Figure(figsize=(10, 5.5), layout="constrained")
    axes = figure.subplots(SENSORS + 1, 1, sharex=True)
    for row, sensor in zip(axes, sensors, strict=False):
        row.plot(log[:, sensor], color=BLUE, lw=0.8)
        row.set_ylabel(f"sensor {sensor}")
    axes[-1].plot(-scores, color=ORANGE, lw=1.2)
    axes[-1].axhline(-detector.offset_, color="black", lw=0.8, ls="--")
    axes[-1].set(ylabel="anomaly score", xlabel="step", yscale="symlog")
    for row in axes:
        for start, end in spans(anomaly > 0):
            row.axvspan(start, end, color=GREY, lw=0)
        row.margins(x=0)
        row.spines[["top", "right"]].set_visible(False)
    figure.savefig(ROOT / "docs" / "images" / "series_anomaly.png", dpi=80)


if __name__ == "__main__":
    main()
