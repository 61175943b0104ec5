"""`time_series.py`: columns of users' files, series that are refused, and whole runs."""

import types

import numpy as np
import pytest

import zoo  # noqa: F401  (registers the classes for Keras)
from tests.recipes.run_folders import SMALL, check_results, check_run

pandas = pytest.importorskip("pandas", reason="the recipes need pandas: pip install '.[recipes]'")
for package in ("matplotlib", "sklearn", "tensorboard"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")

TINY = [*SMALL, "--option", "units=(5,)", "--latent-dim", "2", "--window", "24"]
FIGURES = {"curves", "latent", "samples", "series", "spectra"}


def dates(order):
    """Texts of dates by their hours."""
    return np.array([f"2024-01-{1 + i // 24:02d} {i % 24:02d}:00" for i in order])


REPEATED = [*range(50), 49, *range(51, 120)]


def write_csv(path, rows=120, **columns):
    """Write a file of dates and a wave with gaps, and the columns of a test."""
    wave = np.sin(np.arange(rows) / 3)
    wave[5:9] = np.nan
    frame = {"date": pandas.date_range("2024-01-01", periods=rows, freq="h"), "wave": wave}
    pandas.DataFrame({**frame, **columns}).to_csv(path, index=False)
    return path


def write_stocks(path, rows=120):
    """Write the prices of three stocks below each other; return flags that read them."""
    names = np.repeat(["AAL", "AAPL", "ZTS"], rows)
    days = pandas.date_range("2024-01-01", periods=rows).astype(str)
    prices = np.concatenate([first + np.arange(float(rows)) for first in (10, 500, 9000)])
    frame = pandas.DataFrame({"date": [*days] * 3, "close": prices, "Name": names})
    frame["number"] = np.where(np.arange(len(frame)) % 7, frame.Name.map({"AAPL": 3.0}), np.nan)
    frame.to_csv(path, index=False)
    return ["--data", path, "--time-column", "date", "--columns", "close", "--window", "8"]


@pytest.fixture
def load(recipe, parse):
    """load(*flags) is the series that the recipe reads."""
    return lambda *flags: recipe("support.data.series").load(parse("time_series", *flags))


@pytest.mark.parametrize(("where", "rows"), [("Name=AAPL", 120), ("number=3", 103)])
def test_where_selects_one_of_several_series(tmp_path, load, where, rows):
    data = load(*write_stocks(tmp_path / "stocks.csv.gz"), "--where", where)

    assert data.name == f"stocks.csv.gz, {where}" and data.values.shape == (rows, 1)
    assert data.values.min() >= 500 and data.values.max() == 619
    assert data.times[-1] == np.datetime64("2024-04-29")


def test_log_returns_are_named_in_the_channels(tmp_path, load):
    flags = [*write_stocks(tmp_path / "stocks.csv"), "--where", "Name=AAL", "--log-returns"]

    data = load(*flags)

    assert data.channels == ["close (log return)"] and len(data.values) == len(data.times) == 119
    np.testing.assert_allclose(data.values[0], np.log(11 / 10), rtol=1e-6)


@pytest.mark.parametrize(
    ("rows", "flags", "sizes"),
    [
        (30, ["--window", "4"], (14, 1, 2)),
        (30, ["--window", "2"], (17, 1, 4)),
        (30, ["--window", "9", "--stride", "7"], (1, 1, 1)),  # exactly one held-out window
        (400, ["--stride", "500"], (1, 1, 1)),
    ],
)
def test_parts_of_small_series_and_large_strides(tmp_path, recipe, parse, rows, flags, sizes):
    data = write_csv(tmp_path / "small.csv", rows)
    options = parse("time_series", "--data", data, "--time-column", "date", *flags)

    parts = recipe("time_series").parts(recipe("support.data.series").load(options), options)

    assert tuple(len(part) for part in parts) == sizes


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            [],
            "--time-column: expected different times, got 2024-01-01 00:00:00 again in row 120 of "
            "column 'date'; if the file holds several series, select one, for example with "
            "--where Name=AAL",
        ),
        (["--where", "Name"], "--where: expected COLUMN=VALUE, got 'Name'"),
        (
            ["--where", "name=AAL"],
            "--where: expected a column of the data, got 'name'; it has date",
        ),
        (
            ["--where", "Name=ABC"],
            "--where: expected a value of column 'Name', got 'ABC'; it has AAL, AAPL",
        ),
        (["--where", "number=4"], "expected a value of column 'number', got '4'; it has 3.0"),
    ],
)
def test_file_of_several_series_is_refused_unless_one_is_selected(
    tmp_path, refusal, flags, message
):
    stocks = write_stocks(tmp_path / "stocks.csv")

    assert message in refusal("time_series", *stocks, *flags, "--out", tmp_path / "run")


@pytest.mark.parametrize(
    ("columns", "flags", "message"),
    [
        ({}, ["--columns", "wav"], "--columns: expected a column of the data, got 'wav'"),
        ({"date": dates(REPEATED)}, ["--time-column", "date"], "expected different times"),
        ({"wave": [*"ab"] * 60}, [], "expected numbers, got 'a' in row 0"),
        ({"wave": [np.nan] * 120}, [], "'wave' is left out (empty)"),
        ({}, ["--time-column", "wave"], "--time-column: expected a time in each row"),
        ({"text": [*"ab"] * 60}, ["--time-column", "text"], "expected dates or numbers in column"),
        ({}, ["--grid", "nonsense"], "--grid: expected auto or a duration such as 15min"),
        ({}, ["--grid=-1h"], "--grid: expected a step above 0"),
        ({}, ["--grid", "1us"], "--grid: expected at most 10,000,000 steps"),
        (
            {},
            ["--columns", "wave", "--window", "80"],
            "--window: expected at most 36 steps, got 80",
        ),
        ({}, ["--columns", "wave", "--log-returns"], "got 0 in row 0 of column 'wave'"),
    ],
)
def test_unusable_series_is_refused(tmp_path, refusal, columns, flags, message):
    data = write_csv(tmp_path / "mine.csv", **columns)

    line = refusal("time_series", *TINY, "--data", data, *flags, "--out", tmp_path / "run")

    assert message in line


def test_column_without_values_in_training_is_refused(tmp_path, refusal):
    late = np.full(400, np.nan)
    late[245:] = 1.0  # 240 steps before, for windows to train on
    data = write_csv(tmp_path / "late.csv", 400, late=late)

    line = refusal(
        "time_series", "--data", data, "--time-column", "date", "--out", tmp_path / "run"
    )

    assert "--columns: expected values in the training windows, got none in column 'late'" in line
    assert "the first 216 steps" in line


def test_file_without_a_channel_is_refused(tmp_path, refusal):
    (tmp_path / "times.csv").write_text("date\n" + "\n".join(str(i) for i in range(100)))
    flags = ["--data", tmp_path / "times.csv", "--time-column", "date", "--out", tmp_path / "run"]

    line = refusal("time_series", *flags)

    message = (
        "--columns: expected at least one column besides time and label, got none in times.csv"
    )
    assert line.endswith(message)


def test_options_of_files_need_a_file(tmp_path, refusal):
    line = refusal("time_series", "--where", "a=b", "--out", tmp_path / "run")

    assert "--where: needs a file" in line


def test_window_that_leaves_nothing_to_train_on_is_refused(recipe, input_error):
    options = types.SimpleNamespace(window=40, stride=None, limit=None, seed=0)
    data = recipe("support.data.series").Series(
        "x", ["a"], np.zeros((100, 1)), np.arange(100), None, 60
    )

    with pytest.raises(input_error, match="--window: expected at most 30 steps, got 40"):
        recipe("time_series").parts(data, options)


@pytest.mark.usefixtures("quick")
def test_run_on_simulated_sensors(tmp_path, start, capsys):
    out = tmp_path / "run"
    assert start("time_series", *TINY, "--out", out) == 0

    record = check_run(out, FIGURES)

    assert "simulated" in capsys.readouterr().out and "simulated" in record["data"]["name"]
    assert {"VAE, -log p(step)", "PCA on windows", "isolation forest"} <= {*record["anomalies"]}
    rows = (out / "scores.csv").read_text().splitlines()
    assert rows[0] == "time,score,anomaly" and len(rows) == record["anomalies"]["rows"] + 1


@pytest.mark.usefixtures("quick", "exported")
def test_run_on_a_users_file(tmp_path, start):
    data, out = write_csv(tmp_path / "mine.csv", price=np.arange(1.0, 121.0)), tmp_path / "run"

    flags = ["--data", data, "--time-column", "date", "--columns", "wave"]
    assert start("time_series", *TINY, *flags, "--out", out) == 0

    record = check_results(out, FIGURES)
    assert record["data"]["event_shape"] == [24, 1]
    assert (out / "scores.csv").read_text().splitlines()[1].startswith("2024-01-04")
