"""Rows of CSV files with quotes that are not closed, and separators of files with odd rows."""

import types

import pytest

pytest.importorskip("pandas", reason="the recipes need pandas: pip install '.[recipes]'")

OPTIONS = types.SimpleNamespace(sep=None, decimal=None, encoding=None, header=None)


@pytest.fixture
def read(recipe, tmp_path):
    """read(lines) is the data frame and the notes of a CSV file."""
    files = recipe("support.data.table_files")

    def read(*lines):
        path = tmp_path / "a.csv"
        path.write_text("\n".join(lines) + "\n")
        return files.read_frame(path, OPTIONS)

    return read


def test_rows_between_two_open_quotes_are_named(read):
    rows = [f"{chr(34) * (i in (10, 15))}{i} inch,{i}.5,{i % 7}" for i in range(30)]

    frame, notes = read("name,size,share", *rows)

    assert len(frame) == 25
    assert [n for n in notes if n.startswith("the value in row 10 of column 'name' spans 6 lines")]


def test_rows_within_an_open_quote_of_the_names_are_named(read):
    rows = [f"{i}.5,{i % 7},{i}" for i in range(30)]

    _, notes = read('"name,size,share', *rows, 'end",1,2', *rows)

    assert any(note.startswith("the name of a column spans 32 lines") for note in notes)


def test_open_quotes_are_named_where_rows_end_with_a_separator(read):
    rows = [f"{chr(34) * (i in (10, 15))}{i} inch,{i}.5,{i % 7}," for i in range(30)]

    _, notes = read("name,size,share", *rows)

    assert any(note.startswith("the value in row 10 of column 'name' spans 6") for note in notes)


@pytest.mark.parametrize("value", ['"{0},\ninch, or so, or more",{0}', '"{0}\ninch, or so",{0}'])
def test_a_line_break_within_a_value_is_no_open_quote(read, value):
    frame, notes = read("name,size", *(value.format(i) for i in range(30)))

    assert len(frame) == 30 and not any("spans" in note for note in notes)


@pytest.mark.parametrize("header", [["a;b"], []])
def test_decimal_commas_do_not_separate_where_a_row_differs(read, header):
    frame, notes = read(*header, *(f"{i},5;{i},25" for i in range(30)), "end")

    assert frame.shape == (31, 2) and any("separator: semicolons" in note for note in notes)


def test_separators_at_the_end_of_rows_alone(read):
    frame, _ = read("a;b;c", *(f"{i},5;{i},25;{i},75;" for i in range(30)))

    assert list(frame) == ["a", "b", "c"] and frame["c"].iloc[3] == 3.75


def test_names_with_line_breaks_keep_to_one_line_of_a_message(recipe):
    assert recipe("support.data.table_files").short("Na\r\n(mmol/l)") == "Na (mmol/l)"
