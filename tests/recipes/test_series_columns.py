"""Columns of series: which are times, labels and channels, and what is refused."""

import numpy as np
import pytest

pandas = pytest.importorskip("pandas", reason="the recipes need pandas: pip install '.[recipes]'")

N = 120
WAVE = np.sin(np.arange(N) / 3)
HOURS = pandas.date_range("2024-01-01", periods=N, freq="h")


def test_dates_without_dashes_are_found_by_name(load_series):
    days = pandas.date_range("2024-01-30", periods=N).strftime("%Y%m%d").astype(int)

    data = load_series({"Date": days, "wave": WAVE})

    assert data.times[2] == np.datetime64("2024-02-01") and data.channels == ["wave"]


def test_increasing_numbers_are_times_by_their_name_alone(load_series):
    data = load_series({"wave": WAVE, "step": np.arange(N) * 2, "total": np.arange(N)})

    assert data.times[1] == 2 and data.channels == ["wave", "total"]
    assert "by its name" in data.kinds[0].why
    assert load_series({"step": np.arange(N)}, "--columns", "step").channels == ["step"]
    assert load_series({"wave": WAVE, "time": np.arange(N) % 7}).channels == ["wave", "time"]


def test_a_channel_that_may_count_rows_is_noted(load_series):
    data = load_series({"time": HOURS, "wave": WAVE, "Cnt": np.arange(N)})

    assert data.channels == ["wave", "Cnt"]
    assert [kind.why for kind in data.kinds[1:]] == [
        "numbers",
        "numbers; increase in each row; leave it out with --columns if it counts rows",
    ]


def test_units_of_names_and_row_numbers_are_understood(load_series):
    data = load_series({"Unnamed: 0": np.arange(N), "Time (s)": np.arange(N) / 50, "wave": WAVE})

    assert data.times[1] == 0.02 and data.channels == ["wave"]
    assert [kind.why for kind in data.kinds[1:]] == ["row numbers", "numbers"]


def test_placeholders_of_missing_values_are_noted(load_series):
    data = load_series({"wave": np.where(np.arange(N) % 40 == 0, -9999, WAVE)})

    assert data.kinds[0].why.endswith(
        "-9999 in 3 rows may stand for missing values; empty them if so"
    )


def test_times_of_day_are_seconds(load_series):
    columns = {"time": [f"10:{i // 60:02d}:{i % 60:02d}" for i in range(N)], "wave": WAVE}

    for flags in ((), ("--time-column", "time")):
        data = load_series(columns, *flags)
        assert data.times[1] == 36001 and data.channels == ["wave"]


@pytest.mark.parametrize("form", ["%H:%M", "%H.%M.%S", "%I:%M %p"])
def test_column_of_times_of_day_completes_the_dates(load_series, form):
    data = load_series({"date": HOURS.date, "time": HOURS.strftime(form), "wave": WAVE})

    assert data.times[25] == HOURS[25] and data.channels == ["wave"]
    assert data.kinds[0].why.endswith("with the times of 'time'")


@pytest.mark.parametrize(("text", "got"), [("oops", "'oops'"), ("", "none")])
def test_row_without_a_date_is_named(load_series, input_error, text, got):
    dates = HOURS.astype(str).where(np.arange(N) != 30, text)

    with pytest.raises(input_error, match=rf"--time-column: .* got {got} in row 30 of column"):
        load_series({"time": dates, "wave": WAVE})


@pytest.mark.parametrize("values", [np.where(WAVE > 0, 1, -1), WAVE, ["no"] * N])
def test_label_of_other_values_is_refused(load_series, input_error, values):
    with pytest.raises(input_error, match="--label: expected 0 and 1 in column 'fault', got"):
        load_series({"date": HOURS, "fault": values, "wave": WAVE}, "--label", "fault")


def test_steps_without_a_label_are_noted(load_series):
    fault = [None, 1.0] + [0.0] * (N - 2)

    data = load_series({"date": HOURS, "fault": fault, "wave": WAVE}, "--label", "fault")

    assert np.flatnonzero(data.anomaly) == [1]
    assert data.kinds[1].why == "1 steps are anomalies; 1 without a value count as normal"


def test_columns_that_no_model_can_learn_are_refused(load_series, input_error):
    with pytest.raises(input_error, match="--columns: expected different columns, got x, x"):
        load_series({"x": WAVE}, "--columns", "x", "x")
    with pytest.raises(input_error, match=r"--columns: expected values of at most 1e\+37"):
        load_series({"x": WAVE * 1e300})
    with pytest.raises(input_error, match="--columns: expected values that differ by at least"):
        load_series({"x": WAVE * 1e-300})


def test_columns_of_lists_are_left_out(recipe, parse, tmp_path, input_error):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f'{{"x": {x}, "tags": ["a"]}}\n' for x in WAVE))

    def load_series(*flags):
        options = parse("time_series", "--data", path, "--window", 8, *flags)
        return recipe("support.data.series").load(options)

    assert (
        load_series().channels == ["x"]
        and load_series().kinds[0].why == "holds a list of values in each row"
    )
    with pytest.raises(
        input_error, match="--columns: expected numbers, got lists in column 'tags'"
    ):
        load_series("--columns", "tags")


def test_a_column_of_dates_that_cannot_be_read_is_said(load_series):
    dates = [f"{i % 28 + 1:02}{i % 12 + 1:02}2024" for i in range(60)]

    data = load_series({"date": dates, "wave": [i % 7 for i in range(60)]})

    assert data.notes == (
        "no times: each row counts as one step; 'date' could not be read as times",
    )
