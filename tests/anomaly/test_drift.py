"""Anomalies that are hard to rank: slow drift of sensors, and rows that are rare in one column."""

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="AnomalyDetector needs scikit-learn")

from sklearn.metrics import roc_auc_score

import zoo

WINDOW = 12


def sensors(steps, seed):
    """Eight sensors of a machine with three cycles, whose noise is correlated in time."""
    rng, step = np.random.default_rng(seed), np.arange(steps)
    phases = rng.uniform(0, 2 * np.pi, 3)
    cycles = np.sin(2 * np.pi * step[:, None] / [24, 37, 60] + phases)
    noise = rng.normal(0, 0.1, (steps, 8))
    for t in range(1, steps):
        noise[t] += 0.7 * noise[t - 1]
    return cycles @ np.random.default_rng(100).normal(size=(3, 8)) + noise


def windows(values):
    return np.lib.stride_tricks.sliding_window_view(values, WINDOW, 0).swapaxes(1, 2)


def test_slow_drift_of_two_sensors_is_found_after_training_on_400_steps():
    train, test = sensors(400, seed=0), sensors(400, seed=50)
    drifting = np.arange(400) >= 200
    test[drifting, 2] += np.linspace(0, 3.0, 200)
    test[drifting, 5] -= np.linspace(0, 2.5, 200)
    detector = zoo.AnomalyDetector("lstm_vae", epochs=30, random_state=0)

    detector.fit(windows(train))

    x, labels = windows(test), drifting[WINDOW - 1 :]
    assert roc_auc_score(labels, -detector.score_samples(x)) > 0.9
    # The density holds for other steps of the same machine.
    held_out = detector.vae_.elbo(x[: 200 - WINDOW]).mean()
    assert held_out > detector.vae_.elbo(windows(train)).mean() - 10


def table(n, seed):
    """Five correlated columns, and one of positive numbers over several orders of magnitude."""
    rng = np.random.default_rng(seed)
    code = rng.normal(size=(n, 2))
    x = code @ np.random.default_rng(9).normal(size=(2, 5)) + 0.3 * rng.normal(size=(n, 5))
    return np.concatenate([x, rng.lognormal(size=(n, 1))], 1)


def test_rows_that_are_rare_in_one_skewed_column_rank_as_anomalies_by_tails():
    train, test, rare = table(500, seed=0), table(200, seed=1), np.arange(200) < 20
    test[rare, 5] = np.random.default_rng(2).uniform(0.001, 0.02, 20)
    detector = zoo.AnomalyDetector(score="tails", epochs=20, random_state=0).fit(train)

    assert roc_auc_score(rare, -detector.score_samples(test)) > 0.7
