"""Windows of a series, and the scores and bands of `time_series.py`, without training."""

import numpy as np
import pytest

import zoo

for package in ("matplotlib", "sklearn"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")

WINDOW = 16


def sensors(steps=200, lost=0.0):
    """Two noisy waves `[steps, 2]`; each value is missing with probability `lost`."""
    rng = np.random.default_rng(0)
    waves = np.sin(np.arange(steps)[:, None] / [3.0, 5.0]) + rng.normal(0, 0.3, (steps, 2))
    return np.where(rng.random(waves.shape) < lost, np.nan, waves).astype("float32")


def adapted(recipe, values):
    """An untrained model, adapted to the scale of the values."""
    import keras

    keras.utils.set_random_seed(1)  # equal weights in each call
    vae = zoo.get("lstm_vae", input_shape=(WINDOW, 2), latent_dim=2, units=(4,), seed=0,
                  likelihood="series_normal", initial_fit=None)  # fmt: skip
    vae.adapt(recipe("support.data.windows").cut(values, WINDOW))
    return vae


def scores(recipe, values):
    vae = adapted(recipe, values)
    return recipe("support.results.series_scores").step_scores(vae, values, WINDOW, seed=0)


@pytest.mark.parametrize("unit", [1e-3, 1e3])
def test_scores_do_not_depend_on_units(recipe, unit):
    values = sensors(lost=0.1)

    expected, scaled = scores(recipe, values), scores(recipe, values * np.float32(unit))

    assert np.ptp(expected) > 1
    np.testing.assert_allclose(scaled, expected, atol=1e-2)


def test_missing_value_does_not_raise_the_score(recipe):
    from sklearn.metrics import roc_auc_score

    values = sensors(600, lost=0.1)

    step_scores = scores(recipe, values * np.float32(1e-3))

    assert np.isfinite(step_scores).all()
    lost = np.isnan(values).any(1)
    assert 0.3 < roc_auc_score(lost, step_scores) < 0.6  # 0.5 for random scores
    assert np.median(step_scores[lost]) < np.quantile(step_scores[~lost], 0.7)
    assert (step_scores[np.isnan(values).all(1)] == 0).all()  # no value was measured


def test_median_of_an_empty_channel_is_zero(recipe):
    x = np.stack([np.arange(6.0).reshape(2, 3), np.full((2, 3), np.nan)], 2)

    assert recipe("support.results.series_scores")._channel_medians(x).tolist() == [2.5, 0.0]


def test_spike_at_the_last_step_has_the_highest_score(recipe):
    values = sensors(101)  # windows are two steps apart: one step is left over
    values[-1] += 20

    step_scores = scores(recipe, values)

    assert np.argmax(step_scores) == 100
    assert step_scores[-1] > 10 * np.abs(step_scores[:-10]).max()


@pytest.fixture(scope="module")
def vae(recipe):
    """A model adapted to `sensors(101)`."""
    return adapted(recipe, sensors(101))


@pytest.fixture
def few_samples(recipe, monkeypatch):
    """Fewer draws of each band; enough for its quantiles."""
    monkeypatch.setattr(recipe("support.results.series_scores"), "BAND_SAMPLES", 20)


@pytest.mark.usefixtures("few_samples")
@pytest.mark.parametrize("steps", [slice(0, 50), slice(70, 101), slice(0, 101)])
def test_band_of_a_slice_contains_most_values(recipe, vae, steps):
    values, series_scores = sensors(101), recipe("support.results.series_scores")

    mean, low, high = series_scores.band(vae, values, steps, WINDOW, seed=0)

    assert mean.shape == values[steps].shape
    assert (low < mean).all() and (mean < high).all()
    assert 0.8 < np.mean((low < values[steps]) & (values[steps] < high)) < 1


@pytest.mark.parametrize("stride", [1, 2, 3, 5])
@pytest.mark.parametrize("steps", [5, 6, 11, 23])
def test_per_step_inverts_cut(recipe, steps, stride):
    windows, values = recipe("support.data.windows"), np.arange(2.0 * steps).reshape(steps, 2)

    x = windows.cut(values, 5, stride, to_end=True)

    np.testing.assert_array_equal(x[-1], values[-5:])
    np.testing.assert_array_equal(windows.per_step(x, steps, stride), values)


@pytest.mark.parametrize(
    ("steps", "length", "stride", "count"),
    [(8, 8, 8, 1), (1, 1, 4, 1), (4, 2, 500, 1), (9, 4, 2, 3)],
)
def test_cut_of_a_short_series(recipe, steps, length, stride, count):
    values = np.arange(3.0 * steps, dtype="float32").reshape(steps, 3)

    x = recipe("support.data.windows").cut(values, length, stride)

    assert x.shape == (count, length, 3) and x.dtype == np.float32
    np.testing.assert_array_equal(x[0], values[:length])
