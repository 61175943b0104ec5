"""Columns of a table: their kinds, encoding and decoding, and what comes back."""

import datetime
import pickle

import numpy as np
import pytest

import zoo
from zoo.tables import Columns

pd = pytest.importorskip("pandas", reason="tables need pandas: pip install '.[recipes]'")

LEFT_OUT = ["id", "lists", "free text"]


@pytest.fixture(scope="module", params=[True, False], ids=["missing modelled", "missing is NaN"])
def columns(request, frame):
    return Columns.of(frame, model_missing=request.param)


def test_kinds_of_columns_have_reasons(frame):
    columns = Columns.of(frame)

    kinds = columns.table().set_index("column")["kind"]
    assert [*columns.left_out] == LEFT_OUT
    assert "row numbers" in columns.left_out["id"] and "list" in columns.left_out["lists"]
    assert kinds["constant"] == "constant" and kinds["empty"] == "empty"
    assert {kinds[n] for n in ("city", "bool", "bins", "sparse", "half")} == {"category"}
    assert {kinds[n] for n in ("unix", "days", "duration", "decimal")} == {"number"}


def test_an_encoded_table_decodes_to_itself(frame, columns):
    rows = columns.encode(frame)

    assert rows.shape == (len(frame), len(columns.classes)) and rows.dtype == np.float64
    expected = frame.drop(columns=LEFT_OUT)
    pd.testing.assert_frame_equal(columns.decode(rows), expected, rtol=1e-9)


def test_json_and_pickle_hold_all(frame, columns):
    for copy in (Columns.from_json(columns.to_json()), pickle.loads(pickle.dumps(columns))):
        assert copy.classes == columns.classes and copy.to_json() == columns.to_json()
        np.testing.assert_array_equal(copy.encode(frame), columns.encode(frame))
        expected = columns.decode(columns.encode(frame))
        pd.testing.assert_frame_equal(copy.decode(copy.encode(frame)), expected)


def test_any_draw_decodes_to_the_dtypes_and_range_of_the_data(frame, columns):
    rng = np.random.default_rng(1)
    numbers = 3 * rng.normal(size=(200, len(columns.classes)))
    classes = np.floor(rng.random(numbers.shape) * np.maximum(columns.classes, 1))
    draws = columns.decode(np.where(np.array(columns.classes) == 0, numbers, classes), rng)

    assert [*draws] == columns.names
    for name in draws:
        assert draws[name].dtype == frame[name].dtype, name
    for name in ("int", "uint64", "nullable", "float", "unix", "skewed", "days", "times", "date"):
        observed = frame[name].dropna()
        assert draws[name].dropna().between(observed.min(), observed.max()).all(), name
    assert (draws["days"] == draws["days"].dt.normalize()).all()
    assert (draws["float"].dropna().round(2) == draws["float"].dropna()).all()
    seconds = (draws["times"].dropna() - frame["times"].min()).dt.total_seconds()
    assert (seconds % 3600 == 0).all()
    if columns.classes[4]:
        assert draws["nullable"].isna().any() and not draws["int"].isna().any()


def test_scores_are_normal_for_heavy_tails():
    x = pd.DataFrame({"x": np.random.default_rng(0).standard_cauchy(2000)})
    columns = Columns.of(x)

    scores = columns.encode(x)[:, 0]

    assert abs(scores.mean()) < 0.01 and abs(scores.std() - 1) < 0.01 and abs(scores).max() < 4
    assert np.argmax(scores) == np.argmax(x["x"])


def test_ties_share_a_score_and_any_score_near_it_is_their_value():
    x = pd.DataFrame({"x": np.where(np.arange(500) < 300, 0.0, np.arange(500) + 0.5)})
    columns = Columns.of(x)
    score = columns.encode(x)[0, 0]

    near = columns.decode(score + np.linspace(-0.5, 0.5, 9)[:, None])

    assert (near["x"] == 0).all()


def test_numbers_of_few_values_are_levels_and_many_levels_share_the_last():
    rng = np.random.default_rng(0)
    x = pd.DataFrame(
        {
            "grade": rng.integers(1, 6, 900),
            "zip": rng.choice(220, 900).astype(str),
            "z": rng.random(900),
        }
    )
    columns = Columns.of(x)

    assert columns.classes == (5, 200, 0)
    rows = columns.encode(x)
    rare = columns.decode(np.tile([0, 199, 0.0], (50, 1)), rng)["zip"]
    assert rare.nunique() > 5 and {*rare} <= {*x["zip"][rows[:, 1] == 199]}


def test_codes_are_categories_by_their_names():
    x = pd.DataFrame({"zip": [1000, 2000, 3000] * 9, "user_id": np.arange(27)[::-1] * 7})

    kinds = Columns.of(x).table()["kind"].tolist()

    assert kinds == ["category", "left out"]
    assert Columns.of(x, {"user_id": "number", "zip": "drop"}).names == ["user_id"]


def test_other_dtypes_of_the_same_family_are_read():
    x = pd.DataFrame(
        {"n": np.arange(50)[::-1] % 45, "t": pd.date_range("2024", periods=50, unit="s")}
    )
    columns = Columns.of(x)
    other = x.astype({"n": "Float64", "t": "datetime64[ns]"})

    np.testing.assert_array_equal(columns.encode(other), columns.encode(x))
    assert np.isnan(columns.encode(x.assign(n=None))[:, 0]).all()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"n": "x"}, TypeError, r"column .n. of X must have dtype int64, .* got (str|object)"),
        ({"n": np.inf}, ValueError, r"column 'n' of X must hold finite numbers, got inf"),
        ({"c": 1.5}, TypeError, r"column .c. of X must have dtype (str|object), .* got float64"),
        ({"n": None, "c": None}, None, ""),
    ],
)
def test_a_column_of_another_type_raises_by_its_name(change, error, message):
    x = pd.DataFrame({"n": np.arange(40)[::-1] % 30, "c": ["a", "b"] * 20})
    columns = Columns.of(x)
    if error is None:
        assert columns.encode(x.assign(**change)).shape == (40, 2)
        return
    with pytest.raises(error, match=message):
        columns.encode(x.assign(**change))


def test_unusable_tables_raise():
    x = pd.DataFrame({"a": [1.0, 2.0], "b": [1j, 2j]})
    with pytest.raises(ValueError, match="column 'b' must hold real numbers, got dtype complex128"):
        Columns.of(x)
    with pytest.raises(ValueError, match="column 'a' of X must hold finite numbers, got inf"):
        Columns.of(pd.DataFrame({"a": [1.0, np.inf, 0.5]}))
    with pytest.raises(ValueError, match="must have the columns of fit, got none named 'a'"):
        Columns.of(x[["a"]]).encode(x[["b"]])
    with pytest.raises(
        ValueError, match="kinds must have names of columns, got 'aa'; did you mean"
    ):
        Columns.of(x[["a"]], {"aa": "number"})
    with pytest.raises(ValueError, match=r"kinds\['a'\] must be one of 'number', .* got 'int'"):
        Columns.of(x[["a"]], {"a": "int"})
    with pytest.raises(ValueError, match="must have different column names, got 'a' twice"):
        Columns.of(pd.concat([x[["a"]], x[["a"]]], axis=1))
    with pytest.raises(TypeError, match="must have names of columns that are texts, got 0"):
        Columns.of(pd.DataFrame([[1, 2]]))
    with pytest.raises(TypeError, match="a value of type Fraction"):
        from fractions import Fraction

        Columns.of(pd.DataFrame({"a": [Fraction(1, 2), Fraction(1, 3)] * 3})).to_json()


def test_files_and_arrays_become_frames(tmp_path):
    x = pd.DataFrame({"a": [1.5, 2.5], "b": ["x", None]})
    x.to_csv(tmp_path / "x.csv", index=False)
    x.to_parquet(tmp_path / "x.parquet")

    for suffix in ("csv", "parquet"):
        pd.testing.assert_frame_equal(zoo.tables.as_frame(tmp_path / f"x.{suffix}"), x)
    table = pytest.importorskip("pyarrow").table({"a": [1.5, 2.5], "b": ["x", None]})
    assert zoo.tables.as_frame(table).shape == (2, 2)
    assert [*zoo.tables.as_frame(np.ones((3, 2)))] == ["x0", "x1"]
    with pytest.raises(ValueError, match=r"must be a file of .csv or .parquet, got '.*x.txt'"):
        zoo.tables.as_frame(tmp_path / "x.txt")
    with pytest.raises(ValueError, match=r"must be a table \[N, columns\], got shape \(3,\)"):
        zoo.tables.as_frame(np.ones(3))


def test_labels_of_many_types_are_saved():
    stamp = pd.Timestamp("2024-01-02 03:04:05", tz="UTC")
    values = [True, 3, 1.5, "a", datetime.time(1, 2), b"x", stamp, pd.Timedelta("1h")]
    x = pd.DataFrame({"a": pd.Series(values * 3, dtype=object)})

    copy = Columns.from_json(Columns.of(x).to_json())

    pd.testing.assert_frame_equal(copy.decode(copy.encode(x)), x)
