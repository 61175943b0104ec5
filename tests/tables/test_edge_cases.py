"""Columns at the edges: nothing observed, one row, unknown levels, zones, ends of integers."""

import datetime

import numpy as np
import pytest

import zoo
from zoo.tables import Columns

pd = pytest.importorskip("pandas", reason="tables need pandas: pip install '.[recipes]'")

ROWS = 60
RNG = np.random.default_rng(0)
Z = RNG.normal(size=ROWS)


def both_ways(values, **options):
    """A column encoded and decoded, and its `Columns`."""
    x = pd.DataFrame({"a": values, "z": Z[: len(values)]})
    columns = Columns.of(x, **options)
    return columns.decode(columns.encode(x)).get("a"), x["a"], columns


@pytest.mark.parametrize("dtype", ["float64", "object", "Int64", "boolean", "datetime64[ns]"])
def test_a_column_without_values_comes_back_empty(dtype):
    decoded, column, columns = both_ways(pd.Series([None] * ROWS, dtype=dtype))

    assert columns.part("a").kind == "empty" and columns.classes == (0,)
    pd.testing.assert_series_equal(decoded, column)
    new = pd.DataFrame({"a": ["x", None], "z": [0.0, 1.0]})
    unseen = columns.unseen(new, columns.encode(new))
    assert unseen["a"].tolist() == [True, False]


def test_one_row_has_constant_columns_and_cannot_be_fitted():
    x = pd.DataFrame({"a": [1.5], "b": ["x"]})
    columns = Columns.of(x)

    assert columns.classes == () and columns.encode(x).shape == (1, 0)
    pd.testing.assert_frame_equal(
        columns.decode(np.zeros((3, 0))), pd.concat([x] * 3, axis=0).reset_index(drop=True)
    )
    for estimator in (zoo.AnomalyDetector(), zoo.VAEImputer(), zoo.VAEEmbedder()):
        with pytest.raises(ValueError, match="X must have at least 2 rows, got n_samples=1"):
            estimator.fit(x)


@pytest.mark.parametrize("model_missing", [True, False])
def test_unknown_levels_are_missing_for_the_model(model_missing):
    levels = pd.Series(RNG.choice(["x", "y", None], ROWS), dtype=object)
    grades = pd.Series(RNG.integers(1, 4, ROWS))
    x = pd.DataFrame({"a": levels, "b": grades, "c": pd.Categorical(levels, ["x", "y", "q"])})
    columns = Columns.of(x, model_missing=model_missing)
    new = pd.DataFrame(
        {"a": ["q", None], "b": [9, 2], "c": pd.Categorical(["q", None], x["c"].dtype.categories)}
    )

    rows = columns.encode(new)

    expected = [[True] * 3, [not model_missing, False, not model_missing]]
    assert np.isnan(rows).tolist() == expected
    assert columns.unseen(new, rows).to_numpy().tolist() == expected


@pytest.mark.parametrize("zone", ["Europe/Paris", "Asia/Kathmandu", "UTC"])
def test_times_of_a_zone_keep_their_zone_across_its_changes(zone):
    times = pd.Series(pd.date_range("2024-10-26 23:00", periods=ROWS, freq="30min", tz=zone))
    decoded, column, columns = both_ways(times[RNG.permutation(ROWS)].reset_index(drop=True))

    pd.testing.assert_series_equal(decoded, column)
    other = pd.DataFrame({"a": column.dt.tz_convert("America/New_York"), "z": Z})
    np.testing.assert_array_equal(
        columns.encode(other), columns.encode(pd.DataFrame({"a": column, "z": Z}))
    )


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_durations_keep_their_sign_and_unit(unit):
    values = pd.to_timedelta(RNG.integers(-(10**6), 10**6, ROWS), unit="s").astype(
        f"timedelta64[{unit}]"
    )
    decoded, column, _ = both_ways(pd.Series(values))

    pd.testing.assert_series_equal(decoded, column)
    assert decoded.dtype == f"timedelta64[{unit}]" and (decoded < pd.Timedelta(0)).any()


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        ("int8", -128, 127),
        ("int64", -(2**63) + 1, 2**63 - 1),
        ("int64", -(2**63) + 1, 5),
        ("uint64", 0, 2**64 - 1),
        ("UInt64", 2**63, 2**64 - 1),
    ],
)
def test_integers_at_the_ends_of_their_type_do_not_overflow(dtype, low, high):
    length = high - low
    values = pd.Series(
        [low + length * i // 59 for i in RNG.permutation(ROWS).tolist()], dtype=dtype
    )

    decoded, column, columns = both_ways(values)

    exact, back = (np.array([int(v) for v in x], object) for x in (column, decoded))
    assert decoded.dtype == column.dtype
    assert np.abs(back - exact).max() <= length >> 50  # float64 has 53 bits
    scores = columns.encode(pd.DataFrame({"a": values, "z": Z}))[:, 0]
    assert (np.argsort(scores) == np.argsort(exact)).all()
    draws = columns.decode(np.stack([np.linspace(-9, 9, 50), np.zeros(50)], 1))["a"]
    assert draws.between(low, high).all() and draws.is_monotonic_increasing


def test_numbers_beyond_float32_keep_their_size():
    for values in (Z * 1e300, Z * 1e-300):
        decoded, column, _ = both_ways(pd.Series(values))
        pd.testing.assert_series_equal(decoded, column, rtol=1e-9)


def test_infinity_is_refused_also_where_it_is_the_only_value():
    for value in (np.inf, -np.inf):
        with pytest.raises(
            ValueError, match=r"column 'a' of X must hold finite numbers, got -?inf"
        ):
            both_ways(pd.Series(np.full(ROWS, value)))


def test_labels_of_several_types_and_empty_texts_are_levels():
    values = pd.Series(RNG.choice(np.array(["", 1, 2.5, datetime.date(2024, 1, 1)], object), ROWS))

    decoded, column, columns = both_ways(values)

    pd.testing.assert_series_equal(decoded, column)
    assert columns.classes == (4, 0)
