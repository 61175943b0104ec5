"""What `recipes/time_series.py` makes of a series, function by function, without training."""

import types

import numpy as np
import pytest

import zoo

for package in ("matplotlib", "sklearn", "pandas", "tensorboard"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")

EAGER = True

WINDOW = 16


def sensors(steps=200, lost=0.0):
    """Two noisy waves `[steps, 2]`, each reading lost with probability `lost`."""
    rng = np.random.default_rng(0)
    waves = np.sin(np.arange(steps)[:, None] / [3.0, 5.0]) + rng.normal(0, 0.3, (steps, 2))
    return np.where(rng.random(waves.shape) < lost, np.nan, waves).astype("float32")


def adapted(recipe, values):
    """A model that knows the values' units, and no more."""
    import keras

    keras.utils.set_random_seed(1)  # the same weights each time
    vae = zoo.get("lstm_vae", input_shape=(WINDOW, 2), latent_dim=2, units=(4,), seed=0,
                  likelihood="series_normal")  # fmt: skip
    vae.adapt(recipe("support.data.windows").cut(values, WINDOW))
    return vae


def scores(recipe, values):
    vae = adapted(recipe, values)
    return recipe("support.results.series_scores").step_scores(vae, values, WINDOW, seed=0)


@pytest.mark.parametrize("unit", [1e-3, 1e3])
def test_scores_do_not_depend_on_units(recipe, unit):
    values = sensors(lost=0.1)

    expected, found = scores(recipe, values), scores(recipe, values * np.float32(unit))

    assert np.ptp(expected) > 1
    np.testing.assert_allclose(found, expected, atol=1e-2)


def test_a_lost_reading_is_no_fault(recipe):
    from sklearn.metrics import roc_auc_score

    values = sensors(600, lost=0.1)

    found = scores(recipe, values * np.float32(1e-3))

    assert np.isfinite(found).all()
    lost, whole = np.isnan(values).any(1), ~np.isnan(values).any(1)
    assert 0.3 < roc_auc_score(lost, found) < 0.6  # at random: 0.5
    assert np.median(found[lost]) < np.quantile(found[whole], 0.7)
    assert (found[np.isnan(values).all(1)] == 0).all()  # nothing is known, nothing is strange


def test_a_channel_that_is_never_measured_adds_nothing(recipe):
    found = np.stack([np.arange(6.0).reshape(2, 3), np.full((2, 3), np.nan)], 2)

    assert recipe("support.results.series_scores")._usual(found).tolist() == [2.5, 0.0]


def test_a_spike_at_the_last_step_is_seen(recipe):
    values = sensors(101)  # windows are two steps apart: one step is left over
    values[-1] += 20

    found = scores(recipe, values)

    assert np.argmax(found) == 100 and found[-1] > 10 * np.abs(found[:-10]).max()


@pytest.mark.parametrize("steps", [slice(0, 50), slice(70, 101), slice(0, 101)])
def test_the_band_of_some_steps(recipe, steps):
    values = sensors(101)

    mean, low, high = recipe("support.results.series_scores").band(
        adapted(recipe, values), values, steps, WINDOW, seed=0
    )

    assert mean.shape == values[steps].shape
    assert (low < mean).all() and (mean < high).all()
    assert 0.8 < np.mean((low < values[steps]) & (values[steps] < high)) < 1


@pytest.mark.parametrize("stride", [1, 2, 3, 5])
@pytest.mark.parametrize("steps", [5, 6, 11, 23])
def test_windows_that_reach_the_end_give_each_step_back(recipe, steps, stride):
    windows, values = recipe("support.data.windows"), np.arange(2.0 * steps).reshape(steps, 2)

    found = windows.cut(values, 5, stride, to_end=True)

    np.testing.assert_array_equal(found[-1], values[-5:])
    np.testing.assert_array_equal(windows.per_step(found, steps, stride), values)


@pytest.mark.parametrize(
    ("steps", "length", "stride", "count"),
    [(8, 8, 8, 1), (1, 1, 4, 1), (4, 2, 500, 1), (9, 4, 2, 3)],
)
def test_windows_of_a_short_series(recipe, steps, length, stride, count):
    values = np.arange(3.0 * steps, dtype="float32").reshape(steps, 3)

    found = recipe("support.data.windows").cut(values, length, stride)

    assert found.shape == (count, length, 3) and found.dtype == np.float32
    np.testing.assert_array_equal(found[0], values[:length])


def write_csv(path, rows=400, **columns):
    import pandas

    dates = pandas.date_range("2024-01-01", periods=rows, freq="h").astype(str)
    pandas.DataFrame({"date": dates, "wave": sensors(rows)[:, 0], **columns}).to_csv(
        path, index=False
    )
    return ["--data", path, "--time-column", "date"]


def cut(recipe, *arguments):
    """Windows to train on, to stop by and held out, as the recipe cuts them."""
    module = recipe("time_series")
    options = module.parser().parse_args([str(a) for a in arguments])
    return module.parts(recipe("support.data.series").load(options), options)


@pytest.mark.parametrize(
    ("rows", "flags", "sizes"),
    [
        (30, ["--window", "4"], (14, 1, 2)),
        (30, ["--window", "2"], (17, 1, 4)),
        (30, ["--window", "9", "--stride", "7"], (1, 1, 1)),  # one held-out window exactly
        (400, ["--stride", "500"], (1, 1, 1)),
    ],
)
def test_small_series_and_large_strides(tmp_path, recipe, rows, flags, sizes):
    found = cut(recipe, *write_csv(tmp_path / "few.csv", rows), *flags)

    assert tuple(len(part) for part in found) == sizes


def long_format(path, rows=120):
    """Prices of three stocks, one below the other."""
    import pandas

    names = np.repeat(["AAL", "AAPL", "ZTS"], rows)
    dates = pandas.date_range("2024-01-01", periods=rows).astype(str)
    prices = np.concatenate([first + np.arange(float(rows)) for first in (10, 500, 9000)])
    frame = pandas.DataFrame({"date": [*dates] * 3, "close": prices, "Name": names})
    frame["number"] = np.where(np.arange(len(frame)) % 7, frame.Name.map({"AAPL": 3.0}), np.nan)
    frame.to_csv(path, index=False)
    return ["--data", path, "--time-column", "date", "--columns", "close", "--window", "8"]


@pytest.mark.parametrize(("where", "rows"), [("Name=AAPL", 120), ("number=3", 103)])
def test_one_of_many_series_in_a_file(tmp_path, recipe, where, rows):
    flags = [*long_format(tmp_path / "stocks.csv.gz"), "--where", where]
    options = recipe("time_series").parser().parse_args([str(flag) for flag in flags])

    data = recipe("support.data.series").load(options)

    assert data.name == f"stocks.csv.gz, {where}" and data.values.shape == (rows, 1)
    assert data.values.min() >= 500 and data.values.max() == 619
    assert data.times[-1] == np.datetime64("2024-04-29")


def test_channels_say_that_they_are_log_returns(tmp_path, recipe):
    flags = [*long_format(tmp_path / "stocks.csv"), "--where", "Name=AAL", "--log-returns"]
    options = recipe("time_series").parser().parse_args([str(flag) for flag in flags])

    data = recipe("support.data.series").load(options)

    assert data.channels == ["close (log return)"] and len(data.values) == len(data.times) == 119
    np.testing.assert_allclose(data.values[0], np.log(11 / 10), rtol=1e-6)


def refusal(recipe, capsys, *arguments):
    """The one line with which the recipe refuses its arguments."""
    module = recipe("time_series")
    with pytest.raises(SystemExit) as stopped:
        recipe("support.run.cli").main(module.parser(), module.run, [str(a) for a in arguments])
    assert stopped.value.code == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "'date' repeats 2024-01-01 00:00:00 in row 120: if the file holds several series, "
             "keep one of them, as by --where Name=AAL"),
        (["--where", "Name"], "--where: expected COLUMN=VALUE, got 'Name'"),
        (["--where", "name=AAL"], "--where: there is no column 'name' in ['date', "),
        (["--where", "Name=ABC"], "--where: no row has 'ABC' in 'Name', which holds AAL, AAPL"),
        (["--where", "number=4"], "--where: no row has '4' in 'number', which holds 3.0"),
    ],
)  # fmt: skip
def test_what_is_asked_of_many_series(tmp_path, recipe, capsys, flags, message):
    asked = [*long_format(tmp_path / "stocks.csv"), *flags, "--out", tmp_path / "run"]

    assert message in refusal(recipe, capsys, *asked)


def test_columns_without_a_channel_or_a_value(tmp_path, recipe, capsys):
    out = ["--out", tmp_path / "run"]
    late = np.full(400, np.nan)
    late[245:] = 1.0  # training sees the first 240 steps, the next 40 say when to stop
    flags = write_csv(tmp_path / "late.csv", late=late)
    line = refusal(recipe, capsys, *flags, *out)
    assert "--columns: 'late' has no value in the part to train on, the first 216 steps" in line
    (tmp_path / "times.csv").write_text("date\n" + "\n".join(str(i) for i in range(100)))
    line = refusal(recipe, capsys, "--data", tmp_path / "times.csv", *flags[2:], *out)
    assert line.endswith("--columns: times.csv holds no other column, got no channel")
    assert "--where: needs a file" in refusal(recipe, capsys, "--where", "a=b", *out)


def test_a_window_that_leaves_nothing_to_train_on(recipe):
    options = types.SimpleNamespace(window=40, stride=None, limit=None)
    data = recipe("support.data.series").Series(
        "x", ["a"], np.zeros((100, 1)), np.arange(100), None, 60
    )

    with pytest.raises(recipe("support.run.cli").InputError, match="--window: 40 leaves nothing"):
        recipe("time_series").parts(data, options)
