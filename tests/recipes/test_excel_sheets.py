"""Tables in Excel sheets: titles above them, names in their first row, and files of other kinds."""

import io

import pytest

pandas = pytest.importorskip("pandas", reason="the recipes need pandas: pip install '.[recipes]'")

VALUES = [[1.5, 2.0], [2.5, 7.0], [3.5, 1.0]]


@pytest.mark.parametrize(
    ("rows", "skipped", "named", "note"),
    [
        ([["a", "b"], *VALUES], 0, True, None),
        ([["Report", None], ["a", "b"], *VALUES], 1, True, "left out: 'Report'"),
        ([[None, None], ["Report", None], [None, None], ["a", "b"], *VALUES], 3, True, "'Report'"),
        (VALUES, 0, False, "no header"),
        ([[2020, 2021], *VALUES], 0, True, None),
        ([["a"], [1.5], [2.5]], 0, True, None),
        ([["a", None], [1.5, None]], 0, True, None),
    ],
)
def test_titles_are_left_out_and_the_header_is_detected(recipe, rows, skipped, named, note):
    layout = recipe("support.data.excel_sheets").layout

    start = pandas.DataFrame(rows)
    *result, notes = layout(start)

    assert result == [skipped, named]
    assert (note is None and not notes) or note in notes[0]
    assert layout(start, "no")[:2] == (skipped, False)


def test_a_file_that_is_not_a_workbook_is_refused(recipe, input_error):
    with pytest.raises(input_error, match=r"--data: expected an \.xlsx file, got something else"):
        recipe("support.data.excel_sheets").read(b"a,b\n1,2\n")


def test_a_sheet_without_names_keeps_its_first_row(recipe):
    pytest.importorskip("openpyxl")
    book = io.BytesIO()
    pandas.DataFrame(VALUES).to_excel(book, index=False, header=False)

    frame, notes = recipe("support.data.excel_sheets").read(book.getvalue())

    assert list(frame) == ["column_1", "column_2"] and len(frame) == 3
    assert notes[0].startswith("no header")
