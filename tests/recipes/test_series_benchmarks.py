"""Benchmarks of anomalies in series: the measure, the simulated logs, the simpler methods."""

import json
import pathlib
import sys

import numpy as np
import pytest

pd = pytest.importorskip("pandas", reason="the recipes need pandas: pip install '.[recipes]'")
pytest.importorskip("sklearn", reason="the recipes need sklearn: pip install '.[recipes]'")


@pytest.fixture
def quality(recipe, monkeypatch):
    """quality(name) is a module of benchmarks/quality, imported as its scripts import it."""
    folder = pathlib.Path(recipe("benchmarks.quality.shared").__file__).parent
    monkeypatch.syspath_prepend(str(folder))
    return recipe


# Computed by the package vus 0.0.6.
@pytest.mark.parametrize(
    ("seed", "period", "expected", "found"),
    [
        (0, 12, 0.22611393521164763, 38),
        (1, 30, 0.24655836042430182, 24),
        (2, 7, 0.1821714524675599, 64),
    ],
)
def test_vus_pr_and_the_tolerance_are_those_of_the_package(quality, seed, period, expected, found):
    metrics, anomaly = quality("vus_metrics"), np.zeros(300, int)
    score = np.random.default_rng(seed).normal(size=300)
    anomaly[:9] = anomaly[40:60] = anomaly[70:75] = 1
    anomaly[-3:] = seed % 2

    assert metrics.vus_pr(anomaly, score, period) == pytest.approx(expected)
    assert metrics.tolerance(np.sin(np.arange(300) / (3 + seed)) + score) == found
    assert metrics.tolerance(np.arange(50.0)) == 125


def test_a_perfect_score_has_vus_pr_near_one_and_a_constant_one_the_share(quality):
    vus_pr, anomaly = quality("vus_metrics").vus_pr, np.zeros(1000, int)
    anomaly[300:400] = 1

    assert vus_pr(anomaly, anomaly + np.linspace(0, 0.1, 1000), 0) > 0.98
    assert vus_pr(anomaly, np.random.default_rng(0).normal(size=1000), 0) < 0.2


def test_faults_of_a_machine_share_its_normal_part_and_change_what_is_labelled(quality):
    logs = quality("simulated_logs")
    made = {f: logs.machine_log(f, 3, train_steps=60, steps=200) for f in logs.MACHINE_FAULTS}

    reference = made["drift"][0]
    for train, log, anomaly, _ in made.values():
        np.testing.assert_array_equal(train, reference)
        assert log.shape == (200, 8) and 0.15 < anomaly.mean() < 0.65
    level, stuck = made["level"], made["stuck"]
    normal = (level[2] == 0) & (stuck[2] == 0)
    np.testing.assert_array_equal(level[1][normal], stuck[1][normal])
    changed = ~np.isclose(level[1], stuck[1])[level[2] == 1].all(0)
    assert 2 <= changed.sum() <= 3  # a quarter of the sensors, and the one that is stuck


@pytest.mark.parametrize("fault", ["level", "flat", "amplitude", "bursts", "spikes", "drift"])
def test_single_series_are_the_same_outside_of_their_anomalies(quality, fault):
    logs = quality("simulated_logs")
    for kind in logs.SERIES_KINDS:
        series, anomaly, _ = logs.single_series(kind, fault, 1, steps=400)
        other, _, _ = logs.single_series(kind, "level", 1, steps=400)
        np.testing.assert_array_equal(series[anomaly == 0], other[anomaly == 0])


def test_simple_methods_find_a_shift(quality):
    methods = quality("series_methods")
    values = np.random.default_rng(0).normal(size=(200, 2)) * [1, 30]
    log = values.copy()
    log[100:120] += [4, 120]

    for name in ("pca", "forest", "energy", "poly"):
        score = getattr(methods, name)(values, log, 10)
        assert score.shape == (200,)
        assert score[102:116].mean() > 1.2 * score[:90].mean(), name


def test_the_script_for_nab_measures_and_goes_on_where_it_was(
    quality, monkeypatch, tmp_path, capsys
):
    nab = quality("nab")
    monkeypatch.setattr(nab, "METHODS", {"SeriesDetector": lambda train, series, p: series[:, 0]})
    times = pd.date_range("2026-01-01", periods=60, freq="h")
    frame = pd.DataFrame({"timestamp": times, "value": [*np.sin(range(50)), *range(9, 19)]})
    (tmp_path / "data").mkdir()
    (tmp_path / "labels").mkdir()
    for name in ("nyc_taxi", "other"):
        frame.to_csv(tmp_path / "data" / f"{name}.csv", index=False)
    spans = [[str(times[50]), str(times[59])]]
    windows = {"nyc_taxi.csv": spans, "other.csv": spans, "normal.csv": []}
    (tmp_path / "labels" / "combined_windows.json").write_text(json.dumps(windows))
    flags = ["--data-dir", str(tmp_path), "--out", str(tmp_path / "out.jsonl")]
    monkeypatch.setattr(sys, "argv", ["nab.py", *flags, "--limit", "1", "--seed", "1"])
    nab.main()
    monkeypatch.setattr(sys, "argv", ["nab.py", *flags])

    nab.main()

    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["series"] for line in lines) == ["nyc_taxi.csv", "other.csv"]
    assert "| mean VUS-PR | 2 series | 1 series of TSB-AD |" in capsys.readouterr().out
    assert all(json.loads(line)["SeriesDetector"] > 0.8 for line in lines)
