"""Files of series: times, order, gaps, grids, labels and channels, and what is said about them."""

import numpy as np
import pytest

pandas = pytest.importorskip("pandas", reason="the recipes need pandas: pip install '.[recipes]'")

N = 120
WAVE = np.sin(np.arange(N) / 3)
HOURS = pandas.date_range("2024-01-01", periods=N, freq="h")


def kinds(data):
    return {kind.column: kind.kind for kind in data.kinds}


def test_dates_are_found_and_the_step_is_said(load_series):
    data = load_series({"wave": WAVE, "when": HOURS})

    assert data.channels == ["wave"] and kinds(data) == {"when": "time", "wave": "channel"}
    assert data.times[1] == np.datetime64("2024-01-01T01") and len(data.values) == N
    assert "step: 01:00:00, without gaps" in data.notes


@pytest.mark.parametrize(
    ("texts", "second"),
    [
        (HOURS.strftime("%d.%m.%Y %H:%M"), "2024-01-01T01:00"),
        (HOURS.strftime("%d/%m/%Y %H:%M"), "2024-01-01T01:00"),
        (HOURS.strftime("%d.%m.%Y %H:%M").str.removesuffix(" 00:00"), "2024-01-01T01:00"),
        (HOURS.strftime("%m/%d/%Y %H:%M:%S").str.removesuffix(" 00:00:00"), "2024-01-01T01:00"),
        (HOURS.strftime("%d-%b-%Y %H:%M"), "2024-01-01T01:00"),
        (HOURS.astype(str).where(HOURS.hour > 0, HOURS.astype(str) + ".000"), "2024-01-01T01:00"),
        ((HOURS - pandas.Timestamp(0)) // pandas.Timedelta("1s"), "2024-01-01T01:00"),
        ((HOURS - pandas.Timestamp(0)) / pandas.Timedelta("1ms"), "2024-01-01T01:00"),
        (
            HOURS.tz_localize("UTC").tz_convert("Europe/Berlin").strftime("%Y-%m-%dT%H:%M%z"),
            "2024-01-01T01:00",
        ),
    ],
)
def test_dates_as_people_write_them(load_series, texts, second):
    data = load_series({"date": texts, "wave": WAVE})

    assert data.times[1] == np.datetime64(second)
    assert "step: 01:00:00, without gaps" in data.notes


@pytest.mark.parametrize(
    ("form", "reading"),
    [("%y-%m-%d", "year first"), ("%d/%m/%y", "day first"), ("%m/%d/%y", ""), ("%Y.%m.%d", "")],
)
def test_days_and_months_are_in_the_same_places_in_all_rows(load_series, form, reading):
    days = pandas.date_range("2024-01-05", periods=60, freq="D")

    series = load_series({"when": days.strftime(form), "x": np.arange(60.0) ** 2})

    assert (series.times == days.to_numpy()).all()
    assert series.kinds[0].why.endswith(reading)


def test_offsets_that_change_with_daylight_saving_become_utc(load_series):
    local = pandas.date_range("2024-03-30", periods=N, freq="h", tz="Europe/Berlin")

    data = load_series({"date": [t.isoformat() for t in local], "wave": WAVE})

    assert data.times[0] == np.datetime64("2024-03-29T23:00")
    assert {*np.diff(data.times)} == {np.timedelta64(1, "h")}
    assert "UTC" in data.kinds[0].why


@pytest.mark.parametrize(
    ("row", "text"), [(7, "2024-13-01 00:00:00"), (9, "when"), (N - 1, "Total"), (5, None)]
)
def test_a_row_without_a_date_is_named(load_series, input_error, row, text):
    when = [*HOURS.astype(str)]
    when[row] = text

    shown = "none" if text is None else repr(text)
    with pytest.raises(input_error, match=f"got {shown} in row {row} of column 'when'"):
        load_series({"when": when, "wave": WAVE})


def test_a_clock_that_was_set_back_is_named(load_series, input_error):
    summer = HOURS[:50].append(HOURS[50:] - pandas.Timedelta("2h"))

    with pytest.raises(
        input_error, match=r"expected times in order, .* in row 50 .* with their offset"
    ):
        load_series({"when": summer, "wave": WAVE})


@pytest.mark.parametrize("form", ["%Y%m%d%H%M", "%Y%m%d%H%M%S"])
def test_dates_and_times_written_as_one_number_are_dates(load_series, form):
    series = load_series({"date": HOURS.strftime(form).astype("int64"), "wave": WAVE})

    assert series.times[1] == np.datetime64("2024-01-01T01:00")


def test_rows_are_sorted_by_time(load_series):
    data = load_series({"date": HOURS[::-1], "wave": WAVE})

    np.testing.assert_allclose(data.values[:, 0], WAVE[::-1], rtol=1e-6)
    assert "rows are sorted by time; the file has the last one first" in data.notes


def test_gaps_are_said_and_a_grid_fills_them_with_missing_values(load_series):
    kept = np.r_[0:40, 50:N]
    columns = {"date": HOURS[kept], "wave": WAVE[kept], "fault": kept == 60}

    data = load_series(columns, "--label", "fault")
    gridded = load_series(columns, "--label", "fault", "--grid", "auto")

    assert "10 steps without a row (8%) in 1 gaps, the longest 11:00:00" in data.notes[-1]
    assert "--grid auto" in data.notes[-1] and len(data.values) == 110
    assert len(gridded.values) == N and np.isnan(gridded.values[40:50]).all()
    np.testing.assert_allclose(gridded.values[kept, 0], WAVE[kept], rtol=1e-6)
    assert np.flatnonzero(gridded.anomaly) == [60] and gridded.times[60] == HOURS[60]
    assert gridded.notes[0] == "grid: 120 steps of 01:00:00; 10 have no row and are missing"


def test_irregular_times_are_said_and_averaged_on_a_coarser_grid(load_series):
    times = np.cumsum(np.random.default_rng(0).uniform(0.5, 1.5, N))

    data = load_series({"t": times, "wave": WAVE}, "--time-column", "t")
    gridded = load_series({"t": times, "wave": WAVE}, "--time-column", "t", "--grid", "4")

    assert "of the differences are not multiples of it" in data.notes[-1]
    first = (times - times[0]) < 4 * 0.99
    assert gridded.values[0, 0] == pytest.approx(WAVE[first].mean(), abs=0.1)
    np.testing.assert_allclose(np.diff(gridded.times), 4)
    averaged = N - len({*np.floor((times - times[0]) / 4 + 0.01)})
    assert gridded.notes[0].endswith(f"; {averaged} rows are averaged with others of their step")


def test_stacked_series_without_times_are_refused(load_series, input_error):
    columns = {"Name": np.repeat(["AAL", "ZTS"], 60), "close": WAVE}

    with pytest.raises(input_error, match=r"--where: expected one series, got 2 .*Name=AAL"):
        load_series(columns)
    assert load_series(columns, "--where", "Name=ZTS").values.shape == (60, 1)


def test_several_conditions_select_one_series(load_series, input_error):
    columns = {
        "date": [*HOURS[:60]] * 4,
        "plant": np.repeat(["a", "b"], 120),
        "sensor": np.tile(np.repeat([1, 2], 60), 2),
        "x": np.arange(240.0),
    }

    with pytest.raises(input_error, match=r"--where plant=a sensor=1"):
        load_series(columns)
    data = load_series(columns, "--where", "plant=b", "sensor=1")
    assert data.values[:, 0].tolist() == list(range(120, 180)) and data.channels == ["x"]


def test_second_label_is_not_a_channel(load_series):
    fault = np.arange(N) > 100
    columns = {"wave": WAVE, "fault": fault, "is_anomaly": fault & (np.arange(N) % 2 > 0)}
    columns |= {"alarm": fault.astype(int), "door": np.arange(N) % 2}

    data = load_series({**columns, "note": "x", "void": np.nan}, "--label", "fault")

    left = ("is_anomaly", "alarm", "note", "void")
    assert kinds(data) == {
        "fault": "label",
        "wave": "channel",
        "door": "channel",
        **dict.fromkeys(left, "drop"),
    }
    chosen = load_series(columns, "--label", "fault", "--columns", "wave", "alarm")
    assert chosen.channels == ["wave", "alarm"]


def test_numbers_with_units_are_channels(load_series):
    data = load_series(
        {"date": HOURS, "price": [f"${i}.50" for i in range(N)], "q": ["?", *WAVE[1:]]}
    )

    assert data.values[3, 0] == 3.5 and np.isnan(data.values[0, 1])
    assert "'?' counted as missing; 1 missing" in data.kinds[2].why


def test_limit_takes_random_windows(load_series, recipe, parse):
    data = load_series({"date": HOURS, "x": np.arange(float(N))})
    options = [parse("time_series", "--window", 8, "--limit", 5, "--seed", s) for s in (0, 0, 1)]

    firsts = [recipe("time_series").parts(data, o)[0][:, 0, 0].tolist() for o in options]

    assert firsts[0] == firsts[1] != firsts[2] and max(firsts[0]) > 5


def test_the_hour_24_ends_a_day(load_series):
    ends = HOURS + pandas.Timedelta("1h")
    clock = ends.strftime("%H:%M").str.replace("00:00", "24:00")

    data = load_series({"Datum": HOURS.strftime("%d.%m.%Y"), "Zeit": clock, "wave": WAVE})

    assert data.channels == ["wave"] and data.times[23] == np.datetime64("2024-01-02T00:00")
    assert "step: 01:00:00, without gaps" in data.notes


def test_numbers_that_may_be_times_are_named(load_series):
    data = load_series({"Zeit": np.arange(N) / 10, "wave": WAVE})

    assert any("values of 'Zeit' increase in each row" in note for note in data.notes)
