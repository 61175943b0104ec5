"""Periods, trends, windows and means of one series."""

import numpy as np
import pytest

from zoo.anomaly import series_period, series_windows
from zoo.anomaly.series_windows import Windows

RNG = np.random.default_rng(0)
STEPS = np.arange(600)


def cycles(period, noise=0.3):
    return (np.sin(2 * np.pi * STEPS / period) + noise * RNG.normal(size=600))[:, None]


@pytest.mark.parametrize("period", [12, 25, 90])
def test_the_period_is_that_of_the_cycle_and_not_a_multiple(period):
    assert abs(series_period.period(cycles(period)) - period) <= 1


def test_outliers_do_not_hide_the_period():
    values = cycles(24)
    values[RNG.integers(0, 600, 12)] += 200.0

    assert abs(series_period.period(values) - 24) <= 1


@pytest.mark.parametrize("kind", ["noise", "walk", "constant"])
def test_series_without_a_cycle_have_no_period_and_a_default_window(kind):
    noise = np.random.default_rng(1).normal(size=(600, 2))
    values = {"noise": noise, "walk": noise.cumsum(0), "constant": np.ones((600, 2))}[kind]

    assert series_period.period(values) is None
    assert series_period.window_length(values) == 64
    assert series_period.window_length(values[:200]) == 25


def test_windows_are_whole_periods():
    assert series_period.window_length(cycles(90)) == pytest.approx(90, abs=1)
    assert series_period.window_length(cycles(12)) in (33, 36, 39)
    assert series_period.window_length(cycles(12), window=10) == 10


def test_a_straight_line_is_a_trend_and_a_cycle_is_none():
    values = np.stack([STEPS + RNG.normal(size=600), cycles(24)[:, 0]], 1)

    assert series_period.has_trend(values, 24).tolist() == [True, False]
    assert not series_period.has_trend(values[:300], 24).any()  # too short to tell


def test_a_trailing_median_uses_the_steps_before():
    medians = series_period.trailing_median(STEPS[:40, None] + 0.0, 16)

    np.testing.assert_array_equal(medians[:2, 0], [0.5, 0.5])
    np.testing.assert_array_equal(medians[20:22, 0], [11.5, 11.5])


def test_long_windows_have_means_of_blocks():
    values, windows = RNG.normal(size=(300, 2)), Windows(130)

    assert (windows.block, windows.points, windows.length) == (3, 44, 132)
    cut = windows.cut(values, [0, 7])
    np.testing.assert_allclose(cut[1, 2], values[13:16].mean(0))
    assert windows.cut(values, range(windows.count(300))).shape == (169, 44, 2)


def test_means_over_steps_and_windows_by_counting():
    values = RNG.normal(size=(20, 2))

    trailing = series_windows.trailing_mean(values, 5)
    centred = series_windows.centred_mean(values, 5)
    containing = series_windows.mean_of_containing(values, 4)

    for i in range(20):
        np.testing.assert_allclose(trailing[i], values[max(0, i - 4) : max(5, i + 1)].mean(0))
        first = min(max(0, i - 2), 15)
        np.testing.assert_allclose(centred[i], values[first : first + 5].mean(0))
        np.testing.assert_allclose(containing[i], values[max(0, i - 3) : i + 1].mean(0))
    assert containing.shape == (23, 2)
    np.testing.assert_allclose(series_windows.trailing_mean(values, 50), [values.mean(0)] * 20)


def test_gaps_are_filled_by_lines():
    values = np.array([[np.nan, np.nan], [1.0, np.nan], [np.nan, np.nan], [3.0, np.nan]])

    complete, observed = series_windows.filled(values, [0.0, 7.0])

    assert complete.tolist() == [[1, 7], [1, 7], [2, 7], [3, 7]]
    assert observed.sum() == 2
