"""Kinds of columns: how values and names decide, and how --kind overrides."""

import decimal

import numpy as np
import pytest

pandas = pytest.importorskip("pandas", reason="the recipes need pandas: pip install '.[recipes]'")

N = 40
NUMBERS = np.random.default_rng(0).normal(size=N).round(3)


@pytest.fixture
def decide(recipe):
    """decide(values, name) is the `Kind` of a column."""
    kinds = recipe("support.data.column_kinds")

    def decide(values, name="x", given=None, mark="."):
        frame = pandas.DataFrame({name: values})
        frame.attrs["decimal"] = mark
        return kinds.decide(frame, {name: given} if given else {})[0]

    return decide


@pytest.mark.parametrize(
    ("values", "third", "why"),
    [
        ([f"${i}.10" for i in range(N)], 2.1, "currency signs"),
        ([f"{i} %" for i in range(N)], 2.0, "percent signs"),
        ([f"{1000 * i + 7:,}.5" for i in range(N)], 2007.5, "thousands separators"),
        ([f"{i},5" for i in range(N)], 2.5, "decimal commas"),
        ([f"1.{100 + i},5" for i in range(N)], 1102.5, "thousands separators"),
        ([f"({i})" for i in range(N)], -2.0, "numbers such as '(0)' are read as negative"),
        ([f"CHF {i}.\u2013" for i in range(N)], 2.0, "currency signs removed"),
        ([f"{1 + i % 12}.20{i % 9}5" for i in range(N)], 3.2025, "look like months of years"),
        ([f"{i}.50-" for i in range(N)], -2.5, "'0.50-' are read as negative"),
        ([f"\u2013{i}.5" for i in range(N)], -2.5, "numbers"),
        (
            [f"{i} %" if i % 2 else f"{i}.5" for i in range(N)],
            2.5,
            "20 different numbers have none",
        ),
        ([f"{'$€'[i % 2]}{i}" for i in range(N)], 2.0, "amounts not converted: $, €"),
        ([f"12,{10 + i},567.5" for i in range(N)], 1212567.5, "thousands separators"),
        ([f"{i}.5 mm" for i in range(N)], 2.5, "in the unit 'mm'"),
        ([f"{i},5\u00b0C" for i in range(N)], 2.5, "in the unit '\u00b0C'; decimal commas"),
        ([f"{i}.5 km/h" if i else None for i in range(N)], 2.5, "in the unit 'km/h'; 1 missing"),
        ([f"{i} EUR" for i in range(N)], 2.0, "currency signs"),
        ([f"{i % 3},{125 + i}" for i in range(N)], 2.127, "decimal commas"),
        ([f"1 {100 + 3 * i}" for i in range(N)], 1106.0, "thousands separators"),
        (["#DIV/0!", "k.A.", *map(str, range(2, N))], 2.0, "'#DIV/0!', 'k.A.' counted as missing"),
        (
            [f"{i}.5" if i % 3 else "bad" for i in range(N)],
            2.5,
            "14 other texts counted as missing",
        ),
        ([f"{i % 24:02d}:30" for i in range(N)], 2.5 / 24, "times or durations"),
        ([f"{i}:00:45" for i in range(N)], 2 / 24 + 45 / 86400, "times or durations"),
        ([f"{i % 12 + 1}:30 PM" for i in range(N)], 15.5 / 24, "times or durations"),
        (["-", "00.00.0000", *["03.01.1970"] * 20, "04.01.1970"], 2.0, "as days; 2 missing"),
        (["-", "0000-00-00", *["1970-01-03"] * 20, "1970-01-04"], 2.0, "as days; 2 missing"),
        ([f"{i % 28 + 1}-Jan-1970" for i in range(N)], 2.0, "dates from 1970-01-01"),
        ([f"0{i % 9 + 1}/01/1970" for i in range(N)], 2.0, "as days, read day first"),
        (["?", "-", *map(str, range(2, N))], 2.0, "'-', '?' counted as missing; 2 missing"),
        (["<5", *[f"{i / 2}" for i in range(1, N)]], 1.0, "1 other texts counted as missing"),
        ([decimal.Decimal(i) / 2 for i in range(N)], 1.0, "numbers"),
        ([decimal.Decimal(i) / 2 for i in range(N - 1)] + [None], 1.0, "1 missing"),
        (pandas.to_timedelta(np.arange(N) * 12.0, unit="h"), 1.0, "numbers"),
        (pandas.date_range("1970-01-01", periods=N), 2.0, "dates from 1970-01-01 to 1970-02-09"),
        ([f"{i % 28 + 1:02d}.01.1970" for i in range(N)], 2.0, "dates from 1970-01-01"),
    ],
)
def test_numbers_as_people_write_them(decide, values, third, why):
    kind = decide(values)

    assert kind.kind == "number" and why in kind.why
    assert kind.values.dtype == "float64" and kind.values[2] == third


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("Unnamed: 0", range(N), "consecutive integers"),
        ("id", np.arange(N) * 7919 % 1009, "identifier, by its name"),
        ("customer_id", np.arange(N) * 7919 % 1009, "identifier, by its name"),
        ("x", np.ones(N), "constant: 1"),
        ("x", [None] * N, "empty"),
        ("x", ["a"] * N, "constant"),
        ("x", [f"word {i}" for i in range(N)], "an identifier or free text"),
        ("x", [[1, 2]] * N, "holds a list"),
        ("x", [10**18 + i for i in range(N)], "integers above 2**53"),
        ("x", [f"+49 221 {i * 37:04d}" for i in range(N)], "an identifier or free text"),
    ],
)
def test_columns_that_are_left_out(decide, name, values, why):
    kind = decide(values, name)

    assert kind.kind == "drop" and why in kind.why and kind.values is None


@pytest.mark.parametrize(
    ("name", "values", "first", "why"),
    [
        ("zip", [10115, 53111] * (N // 2), "10115", "codes, by the column's name"),
        ("x", ["01067", "53111"] * (N // 2), "01067", "texts: 2 different"),
        ("store_id", [3.0, 4.0, np.nan, 9.0] * (N // 4), "3", "codes"),
        ("x", [0, 1] * (N // 2), "0", "0 and 1 alone"),
        ("x", [True, False] * (N // 2), "True", "truth values"),
        ("x", ["+", "-"] * (N // 2), "+", "texts: 2 different"),
        ("x", ["1", "2", "3", "other"] * (N // 4), "1", "texts: 4 different"),
        (
            "x",
            ["Yes", "yes", "no", "No"] * (N // 4),
            "Yes",
            "case or spaces alone: 'No' and 'no', 'Y",
        ),
        ("x", pandas.Categorical([10, 20] * (N // 2)), "10", "a categorical type: 2 different"),
        ("x", ["3:1", "0:2"] * (N // 2), "3:1", "texts: 2 different"),
        ("x", ["3/4", "1/4"] * (N // 2), "3/4", "texts: 2 different"),
        ("x", ["Jan-20", "Feb-21"] * (N // 2), "Jan-20", "texts: 2 different"),
        ("x", ["a", "?", "b", "a"] * (N // 4), "a", "10 missing"),
    ],
)
def test_categories(decide, name, values, first, why):
    kind = decide(values, name)

    assert kind.kind == "category" and kind.values[0] == first and why in kind.why


def test_integers_that_only_look_like_row_numbers_stay_numbers(decide):
    assert decide(np.random.default_rng(0).permutation(N), "age").kind == "number"


@pytest.mark.parametrize(
    ("values", "noted"),
    [
        ([-999, -999, *range(0, 70, 2)], True),
        ([9999.0, *NUMBERS, 9999.0], True),
        ([-999, *range(0, 70, 2)], False),
        ([99, 99, *range(20, 98, 2)], False),
        ([100, 100, *NUMBERS], False),
    ],
)
def test_placeholders_far_from_other_numbers_are_noted(decide, values, noted):
    assert ("in 2 rows may stand for missing values" in decide(values).why) is noted


def test_kinds_can_be_set(decide, input_error):
    assert decide(range(N), "id", "number").values[3] == 3
    assert decide([3, 4] * (N // 2), "x", "category").values[0] == "3"
    assert decide(["$3"] * N, "x", "number").why == "as asked; currency signs removed"
    assert decide(["2024-01-02"] * N, "x", "date").values[0] == 19724
    assert decide(NUMBERS, "x", "drop").values is None
    assert decide(["n 1", "n 2", "3", "4"] * (N // 4), "x", "number").values[2] == 3
    with pytest.raises(input_error, match="--kind: expected numbers in column 'x', got 'Bonn'"):
        decide(["Bonn"] * N, "x", "number")


def test_huge_integers_are_infinite(decide):
    assert np.isinf(decide([10**400, *NUMBERS[1:]]).values[0])
    assert np.isinf(decide(["1" * 400, *map(str, NUMBERS[1:])]).values[0])


def test_table_has_a_line_for_each_column(recipe, decide):
    kinds = [decide(NUMBERS), decide([1] * N, "same")]

    lines = recipe("support.data.column_kinds").table(kinds)

    assert lines == [
        "column  kind    why",
        "x       number  numbers",
        "same    drop    constant: 1",
    ]


def test_dates_in_several_forms_are_read_each_in_its_own(decide):
    forms = ("{y}-{m:02}-{d:02}", "{d}.{m}.{y}", "{d} Jan {y}", "{m}/{d}/{y}")
    dates = [forms[i % 4].format(y=2021, m=1, d=i % 28 + 1) for i in range(N)]

    kind = decide(["n/a", *dates], "x")

    assert np.isnan(kind.values[0])
    np.testing.assert_array_equal(kind.values[1:], 18628.0 + np.arange(N) % 28)
    forms = "written in 4 forms: '2021-01-01', '2.1.2021', '3 Jan 2021', '1/4/2021'"
    assert f"as days, {forms}" in kind.why


def test_years_of_two_digits_are_not_far_in_the_future(decide):
    kind = decide([f"{i % 28 + 1}.7.{74 + i % 40 - 100 * (74 + i % 40 > 99):02}" for i in range(N)])

    assert kind.values[0] == (np.datetime64("1974-07-01") - np.datetime64(0, "D")).astype(int)
    assert (
        kind.why.startswith("dates from 1974-07-01 to 2013-")
        and "two-digit years up to" in kind.why
    )


def test_numbers_that_may_be_codes_with_an_exponent_are_noted(decide):
    kind = decide([f"{i % 9 + 1}E{i % 7}" for i in range(N)])

    assert kind.kind == "number" and "'1E0' is read as 1" in kind.why


@pytest.mark.parametrize("other", ["13/02/2021", "2021-01-01T10:00Z", "3/4"])
def test_dates_in_forms_that_do_not_fit_together_are_not_read(decide, input_error, other):
    dates = ["2021-01-02", "02/13/2021", "1.2.2021", other] * 5

    assert decide(dates, "x").kind == "category"
    with pytest.raises(input_error, match=r"--kind: expected dates in column 'x', got '(1|2|3)"):
        decide(dates, "x", "date")


@pytest.mark.parametrize("form", ["2021-{}-01", "2021/{}/01", "2021-{}-01 10:30"])
def test_month_thirteen_is_not_taken_for_a_day(decide, form):
    texts = [form.format(f"{i % 12 + 1:02}") for i in range(30)]

    dates = decide(texts)
    texts[7] = form.format(13)
    others = decide(texts)

    assert dates.kind == "number"
    assert others.kind == "category" and "but not '2021" in others.why and "in row 7" in others.why


def test_dates_after_the_range_of_nanoseconds_are_read(decide):
    kind = decide(["2024-01-02"] * (N - 1) + ["9999-12-31"], "x", "date")

    assert kind.values[0] == 19724 and kind.values[-1] == 2932896


def test_two_kinds_of_a_column_are_refused(recipe, parse, input_error):
    options = parse("tables", "--kind", "x=number", "x=drop")

    with pytest.raises(input_error, match="--kind: expected one kind of 'x', got number and drop"):
        recipe("support.data.column_kinds").chosen(options, pandas.DataFrame({"x": NUMBERS}))


def test_long_names_are_shortened_in_messages(recipe, decide):
    kinds = [decide([1] * N, "a" * 10_000)]

    for text in (
        recipe("support.data.column_kinds").left_out(kinds),
        "\n".join(recipe("support.data.column_kinds").table(kinds)),
    ):
        assert "aaa..." in text and len(text) < 200


def test_dates_after_the_year_9999_are_named(decide):
    dates = np.array(["2024-01-02"] * (N - 1) + ["12345-06-07"], "datetime64[s]")

    assert (
        decide(dates, "x", "date").why == "as asked: dates from 2024-01-02 to 12345-06-07, as days"
    )


@pytest.mark.parametrize("value", [-999.25, -127, 32767, 1e30])
def test_values_that_devices_write_without_a_reading_are_named(decide, value):
    kind = decide([value if i % 9 == 0 else 20 + i % 7 / 2 for i in range(N)])

    assert f"{value:g} in 5 rows may stand for missing values" in kind.why


def test_ratios_are_no_times(decide):
    assert decide([("1:20", "1:40", "1:80")[i % 3] for i in range(N)]).kind == "category"


def test_texts_among_numbers_are_named(decide):
    kind = decide([f"<0.{i}" if i % 4 == 0 else f"{i % 8}.5" for i in range(N)])

    assert kind.kind == "category" and "most are numbers, but not '<0.0'; --kind x=" in kind.why


def test_numbers_in_several_units_are_named(decide):
    kind = decide([f"{i % 8}.5 {'mg/l' if i % 9 else 'g/l'}" for i in range(N)])

    assert kind.kind == "category" and "but in the units g/l, mg/l" in kind.why


def test_addresses_are_no_numbers(decide):
    assert decide([f"192.168.100.{100 + i % 30}" for i in range(N)]).kind == "category"
