"""Scores of the steps of a series. Most tests replace the VAE by a model of independent steps."""

import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="SeriesDetector needs scikit-learn")

from sklearn.base import clone

import zoo
from zoo.anomaly import series_statistics
from zoo.anomaly.series_windows import Windows
from zoo.anomaly.window_vae import WindowModel, hidden_units

pd = pytest.importorskip("pandas", reason="series with times need pandas")

STEPS = np.arange(400)


class IndependentSteps(WindowModel):
    """A model whose reconstruction is 0 and whose code is the mean of the window."""

    def fit(self, values, observed, settings):
        self.residual_std = np.ones(values.shape[1])
        return self

    def _residuals(self, values, observed):
        rows = np.arange(self.windows.count(len(values)))
        x = self.windows.cut(values, rows)
        yield x, self.windows.cut(observed, rows), x.mean((1, 2))[:, None]


def machine(seed=0, steps=STEPS):
    """Two sensors with a cycle of 20 steps, in units of their own."""
    cycle = np.sin(2 * np.pi * steps / 20)
    noise = np.random.default_rng(seed).normal(size=(len(steps), 2))
    return np.stack([cycle, -cycle], 1) * [1, 100] + noise * [0.1, 10] + [5, -300]


@pytest.fixture
def simple(monkeypatch):
    monkeypatch.setattr(series_statistics, "WindowModel", IndependentSteps)


@pytest.fixture
def detector(simple):
    return zoo.SeriesDetector(contamination=0.02).fit(machine())


def shifted():
    x = machine(seed=1)
    x[200:260, 1] += 150
    return x


def test_anomalous_steps_have_low_scores_and_their_channel_is_named(detector):
    x = shifted()
    scores, by_channel = detector.score_samples(x), detector.feature_scores(x)

    assert scores.shape == (400,) and by_channel.shape == (400, 2)
    assert scores[200:260].max() < min(scores[:150].min(), scores[310:].min())
    assert (by_channel[210:250, 1] < by_channel[210:250, 0]).all()
    assert (detector.predict(x)[210:250] == -1).all()
    assert (detector.predict(x)[:100] == 1).mean() > 0.9
    np.testing.assert_allclose(detector.decision_function(x), scores - detector.offset_)


def test_attributes_after_fit(detector):
    assert detector.window_ == 40 and detector.n_features_in_ == 2
    assert (detector.fit_predict(machine()) == -1).mean() == pytest.approx(0.02, abs=0.005)
    np.testing.assert_allclose(detector.decision_scores_, -detector.score_samples(machine()))
    assert not hasattr(clone(detector), "window_")


def test_scores_do_not_depend_on_units(detector):
    other = zoo.SeriesDetector().fit(machine() * [1e6, 1e-3] + [0, 40])

    np.testing.assert_allclose(
        other.score_samples(shifted() * [1e6, 1e-3] + [0, 40]),
        detector.score_samples(shifted()),
        rtol=1e-3,
    )


def test_new_steps_have_the_same_scores_one_by_one_and_together(detector):
    new = machine(seed=2, steps=400 + STEPS[:30])
    new[10:, 0] += 3
    copy = pickle.loads(pickle.dumps(detector))

    together = detector.score_partial(new)
    one_by_one = np.concatenate([copy.score_partial(step[None]) for step in new])

    np.testing.assert_allclose(one_by_one, together, rtol=1e-6)
    assert (together[14:] < detector.partial_offset_).all()
    assert together[20:].max() < together[:8].min()


def test_gaps_count_nothing(detector):
    x, gaps = machine(seed=1), machine(seed=1)
    gaps[100:105] = np.nan
    gaps[:, 1][300:] = np.nan

    scores = detector.score_samples(gaps)

    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(scores[:20], detector.score_samples(x)[:20])
    assert np.isfinite(detector.score_samples(np.full((60, 2), np.nan))).all()
    assert np.isfinite(zoo.SeriesDetector().fit(gaps).decision_scores_).all()


def test_frames_have_named_channels_and_times(detector):
    times = pd.date_range("2026-01-01", periods=400, freq="h")
    frame = pd.DataFrame(machine(), index=times, columns=["speed", "torque"])
    named = zoo.SeriesDetector(contamination=0.02).fit(frame)

    np.testing.assert_allclose(named.score_samples(frame), detector.score_samples(machine()))
    assert zoo.SeriesDetector().fit(frame["speed"]).n_features_in_ == 1
    with pytest.raises(ValueError, match=r"the columns of fit, \['speed', 'torque'\]"):
        named.score_samples(frame[["torque", "speed"]])
    with pytest.raises(ValueError, match="increasing times"):
        named.fit(frame[::-1])
    with pytest.raises(ValueError, match="none in channel 'torque'"):
        named.fit(frame.assign(torque=np.nan))


def test_a_trend_is_subtracted_where_there_is_one(simple):
    x = machine()
    x[:, 0] += 0.5 * STEPS
    automatic = zoo.SeriesDetector(window=20).fit(x)

    assert automatic.trend_.tolist() == [True, False]
    assert zoo.SeriesDetector(window=20, detrend=False).fit(x).trend_.tolist() == [False, False]
    later = machine(seed=3, steps=400 + STEPS[:60])
    later[:, 0] += 0.5 * (400 + STEPS[:60])
    assert (automatic.score_partial(later) > automatic.partial_offset_).mean() > 0.7


def test_a_channel_that_never_varied_counts_when_it_does(simple):
    x = np.concatenate([machine(), np.full((400, 1), 7.0)], 1)
    detector, later = zoo.SeriesDetector().fit(x), x.copy()
    later[200:, 2] = 8.0

    assert detector.feature_scores(later)[250:, 2].max() < -10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"contamination": 0.7}, "contamination must be a fraction"),
        ({"window": 3}, "window must be None or an integer of at least 4, got 3"),
        ({"window": 300}, "window must be at most half of the series of 400 steps, got 300"),
        ({"detrend": "yes"}, "detrend must be True, False or 'auto', got 'yes'"),
        ({"latent_dim": 0}, "latent_dim must be"),
        ({"epochs": 0}, "epochs must be"),
    ],
)
def test_wrong_arguments_raise_before_training(options, message):
    with pytest.raises(ValueError, match=message):
        zoo.SeriesDetector(**options).fit(machine())


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (machine()[:20], ValueError, "at least 32 steps, got 20"),
        (np.zeros((50, 2, 2)), ValueError, r"series \[steps\] or \[steps, channels\]"),
        (np.where(machine() > 5, np.inf, 1.0), ValueError, "finite or NaN, got inf"),
        (np.full(50, "a"), TypeError, "must hold numbers"),
    ],
)
def test_unsuitable_series_raise(x, error, message):
    with pytest.raises(error, match=message):
        zoo.SeriesDetector().fit(x)


def test_series_to_score_must_fit(detector):
    with pytest.raises(ValueError, match="2 channels of fit, got 1"):
        detector.score_samples(machine()[:, 0])
    with pytest.raises(ValueError, match=r"at least 40 steps, .* got 10: score_partial"):
        detector.score_samples(machine()[:10])


def test_the_surprise_of_windows_by_hand():
    model, values = IndependentSteps(Windows(3)), np.arange(10.0).reshape(5, 2)
    model.residual_std = np.array([1.0, 2.0])
    observed = np.ones((5, 2), bool)
    observed[1, 0] = False

    surprises = model.surprises(values, observed)

    residuals = (0 + 16) / 2 * 3, (1 + 9 + 25) / 4
    assert surprises[0].tolist() == [sum(residuals) + 2.5**2, *residuals]
    assert surprises.shape == (3, 3)


def test_the_threshold_for_new_series_is_that_of_held_out_steps(simple):
    x = machine()
    x[320:] *= [1.2, 1.2]  # what the models of the first part do not know

    detector = zoo.SeriesDetector(contamination=0.1).fit(x)

    assert detector.offset_ < -detector.threshold_
    many = zoo.SeriesDetector(window=8).fit(x)
    assert many.offset_ == -many.threshold_
    few = zoo.SeriesDetector(window=130).fit(x[:260])
    assert few.offset_ == -few.threshold_


def test_a_model_of_windows_trains_and_pickles():
    settings = zoo.SeriesDetector(epochs=1, batch_size=32, latent_dim=2, random_state=0)
    values = machine()[:60] / [1, 100]
    model = WindowModel(Windows(8)).fit(values, values > -np.inf, settings)
    surprises = pickle.loads(pickle.dumps(model)).surprises(values, values > -np.inf)

    assert surprises.shape == (53, 3)
    # The residuals have a mean square of 1 in their own units, 8 points of a window each.
    np.testing.assert_allclose(surprises[:, 1:].mean(0), 8, rtol=1e-3)


def test_hidden_layers_are_narrow_for_short_series():
    assert [hidden_units(*pair) for pair in [(350, 50), (4000, 60), (10**6, 60)]] == [2, 16, 64]
