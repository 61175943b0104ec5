"""Notes on rows that are none of a file's data: repeated names, units, totals, empty rows."""

import numpy as np
import pytest

pandas = pytest.importorskip("pandas", reason="the recipes need pandas: pip install '.[recipes]'")

X = np.random.default_rng(0).normal(5, 2, (40, 2)).round(2)


@pytest.fixture
def notes(recipe):
    """notes(rows) are the notes on a table of these rows."""

    def notes(rows):
        frame = pandas.DataFrame(rows, columns=["x", "y"])
        kinds = recipe("support.data.column_kinds").decide(frame)
        numbers = {kind.column: kind.values for kind in kinds if kind.is_numeric}
        return [*recipe("support.data.odd_rows").notes(frame, numbers)]

    return notes


@pytest.mark.parametrize(
    ("row", "added", "note"),
    [
        (20, ["x", "y"], "1 rows repeat the names of the columns (rows 20)"),
        (20, ["m", "kg"], "texts in all columns of numbers (rows 20): 'm', 'kg'"),
        (0, ["[m]", "kg"], "texts in all columns of numbers (rows 0): '[m]', 'kg'"),
        (30, [None, None], "1 rows are empty in the columns read (rows 30)"),
        (40, X.sum(0).round(1).tolist(), "row 40 is the sum of the rows above it in 'x', 'y'"),
    ],
)
def test_a_row_that_is_none_of_the_data_is_noted(notes, row, added, note):
    rows = X.tolist()

    assert not notes(rows)
    assert note in notes([*rows[:row], added, *rows[row:]])[0]


def test_totals_of_one_column_above_a_remark_are_noted(notes):
    rows = [*X.tolist(), ["Sum:", X[:, 1].sum()], ["by me", None]]

    assert "row 40 is the sum of the rows above it in 'y'" in notes(rows)[-1]


def test_a_mean_below_a_maximum_is_noted(notes):
    rows = [*X.tolist(), X.max(0).tolist(), X.mean(0).tolist()]

    assert "row 41 is the mean of the 40 rows above row 40 in 'x', 'y'" in notes(rows)[-1]


@pytest.mark.parametrize("name", ["Summe", "Total:", "Ø", "Total January", "Nord Ergebnis"])
def test_rows_that_are_named_like_totals_are_noted(recipe, name):
    frame = pandas.DataFrame({"place": [*map(str, range(40)), name], "x": [*X[:, 0], 3.0]})

    [note] = recipe("support.data.odd_rows").notes(frame, {"x": frame["x"].to_numpy()})

    assert f"1 rows are named like sums or averages (rows 40): {name!r}" in note


def test_repeated_names_among_texts_are_noted(recipe):
    frame = pandas.DataFrame([["a", "b"], ["x", "y"], ["x", None], ["x", "y"]], columns=["x", "y"])

    [note] = recipe("support.data.odd_rows").notes(frame, {})

    assert note.startswith("2 rows repeat the names of the columns (rows 1, 3)")


def test_names_and_units_are_no_totals(recipe):
    frame = pandas.DataFrame({"name": ["Max", "45 min", "Average Joe", None] * 10, "x": X[:, 0]})

    assert not [*recipe("support.data.odd_rows").notes(frame, {"x": X[:, 0]})]


@pytest.mark.parametrize("row", [["x", 3.0], [None, 3.0], [0.0, 0.0], [X.sum() * 2, 3.0]])
def test_other_rows_are_not_noted(notes, row):
    assert not notes([*X.tolist(), row])


def test_names_within_a_series_are_noted(load_series):
    values = [*map(str, X[:, 0])]
    values[7] = "wave"

    assert "(rows 7): 'wave'" in load_series({"wave": values}).notes[0]
