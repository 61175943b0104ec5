"""Files of tables in many formats, with and without a header, and broken files."""

import bz2
import gzip
import itertools
import sys
import types
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest

pandas = pytest.importorskip("pandas", reason="the recipes need pandas: pip install '.[recipes]'")

ROWS = 30
TABLE = "name;size;share\n" + "\n".join(f"Köln {i};{i}.5;{i % 7}" for i in range(ROWS)) + "\n"
NONE = types.SimpleNamespace(sep=None, decimal=None, encoding=None, header=None)


@pytest.fixture
def read(recipe, tmp_path):
    """read("a.csv", content, **options) is the data frame and the notes of a file."""
    files = recipe("support.data.table_files")

    def read(name, content, **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return files.read_frame(path, types.SimpleNamespace(**{**vars(NONE), **options}))

    return read


@pytest.mark.parametrize(
    ("name", "content", "note"),
    [
        ("a.csv", TABLE.replace(";", ","), None),
        ("a.csv", TABLE, "separator: semicolons"),
        ("a.TSV", TABLE.replace(";", "\t"), "separator: tabs"),
        ("a.txt", TABLE.replace(";", "|"), "separator: vertical bars"),
        ("a.csv.gz", gzip.compress(TABLE.encode()), "separator: semicolons"),
        ("a.csv.bz2", bz2.compress(TABLE.encode()), "separator: semicolons"),
        ("a.csv", TABLE.encode("latin-1"), "encoding: not UTF-8 (the byte 0xf6"),
        ("a.csv", TABLE.encode("utf-16"), "encoding: utf-16"),
        ("a.csv", TABLE.encode("utf-16-be"), "encoding: utf-16-be"),
        ("a.csv", TABLE.encode("utf-8-sig"), "encoding: utf-8-sig"),
        ("a.csv", TABLE.encode("utf-32"), "encoding: utf-32"),
        ("a.csv", "sep=;\n" + TABLE, None),
        ("a.csv", TABLE.replace(".5", ",5"), "decimal mark: comma"),
    ],
)
def test_formats_give_the_same_frame_and_are_named(read, name, content, note):
    frame, notes = read(name, content)

    assert list(frame) == ["name", "size", "share"] and len(frame) == ROWS
    assert frame["name"].iloc[3] == "Köln 3" and frame["size"].iloc[3] == 3.5
    assert any(n.startswith(note) for n in notes) if note else not notes


def test_options_override_what_is_detected(read):
    content = "1;2\n3,5;4\n" * 20

    frame, notes = read("a.csv", content, sep=";", decimal=",", header="yes")

    assert list(frame) == ["1", "2"] and frame["1"].max() == 3.5 and not notes
    assert read("a.csv", TABLE.encode("utf-16-le"), encoding="utf-16-le")[0].shape == (ROWS, 3)


@pytest.mark.parametrize(
    ("content", "header"),
    [
        ("5.1,3.5,Iris-a\n4.9,3.0,Iris-b\n", False),
        ("39, State-gov, 77516\n50, Private, 83311\n", False),
        ("x,y\n1,2\n", True),
        ("town,2019,2020\nBonn,1,2\n", True),
        ("town,street\nBonn,Markt\n", True),
        ("0,1,2\n0.5,0.25,3\n", True),
        ("3,8,2\n5,2,3\n", False),
    ],
)
def test_header_is_detected(read, content, header):
    frame, notes = read("a.csv", content)

    assert ("column_1" not in frame) is header
    assert any("no header" in note for note in notes) is not header
    assert len(frame) == content.count("\n") - header


def test_columns_between_spaces_are_read(read):
    frame, notes = read("a.txt", " name   size \n" + "".join(f"Ulm {i}.5\n" for i in range(ROWS)))

    assert list(frame) == ["name", "size"] and frame["size"].iloc[3] == 3.5
    assert notes == ("separator: spaces; --sep names another",)
    assert list(read("b.txt", "one text\nof two\n" * 9)[0]) == ["one text"]


@pytest.mark.parametrize(
    "content",
    [
        "a;b;c\n" + 'x;"two\nlines";3\n' * 60,
        ";".join("abc" for _ in range(300)) + "\n" + ";".join("0,25" for _ in range(300)) + "\n",
        "a;b;c\n" + "1;2;3\n" * 20 + "1;2\n" + "1;2;3\n" * 9,
        "a;b;c\n" + f"{'x' * 200_000};2;3\n" * 9,
    ],
)
def test_separator_is_found_in_long_and_ragged_rows(read, content):
    frame, notes = read("a.csv", content)

    assert notes[0] == "separator: semicolons; --sep names another"
    assert len(frame.columns) in (3, 300)


def test_sample_ends_with_a_whole_row(read, recipe, monkeypatch):
    monkeypatch.setattr(recipe("support.data.csv_format"), "MAX_SAMPLE", 100)

    assert list(read("a.csv", TABLE)[0]) == ["name", "size", "share"]


def test_short_rows_are_noted(read):
    _, notes = read("a.csv", "a,b\n1\n1,2\n\n1,\n")

    assert notes == ("1 rows have fewer values than columns; the last ones count as missing",)


def test_points_that_may_group_thousands_are_noted(read):
    content = "a;b\n" + "".join(f"{i}.{100 + i};x\n" for i in range(1, 9))

    frame, notes = read("a.csv", content)
    grouped, _ = read("a.csv", content, decimal=",")

    assert frame.a[1] == 2.102 and "--decimal , reads its points as thousands" in notes[1]
    assert grouped.a[1] == "2.102"


def test_index_of_a_parquet_file_is_a_column(read):
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame({"a": [1.5, 2.5], "b": [3, 4]})
    times = frame.set_index(pandas.date_range("2024", periods=2))

    assert list(read("a.parquet", frame.to_parquet())[0]) == ["a", "b"]
    assert list(read("a.parquet", frame.set_index("b").to_parquet())[0]) == ["b", "a"]
    assert list(read("a.parquet", times.to_parquet())[0]) == ["index", "a", "b"]


def test_table_of_a_sheet_is_found_below_empty_rows(read, tmp_path, input_error):
    pytest.importorskip("openpyxl")
    with pandas.ExcelWriter(tmp_path / "b.xlsx") as book:
        pandas.DataFrame({"note": ["read me"]}).to_excel(book, sheet_name="Info")
        table = pandas.DataFrame({"a": [1.5, 2.5]})
        table.to_excel(book, sheet_name="Data", index=False, startrow=3, startcol=2)
    content = (tmp_path / "b.xlsx").read_bytes()

    assert read("a.xlsx", content)[1] == [
        "sheet: the first, 'Info', of Info, Data; --sheet names another",
    ]
    assert read("a.xlsx", content, sheet="Data")[0].equals(table)
    with pytest.raises(input_error, match=r"--sheet: expected one of Info, Data, got 'data'"):
        read("a.xlsx", content, sheet="data")


def test_options_of_other_formats_are_refused(read, recipe, input_error, tmp_path):
    with pytest.raises(input_error, match=r"--sep: does not apply to a file of the kind \.jsonl"):
        read("a.jsonl", "{}", sep=";")
    with pytest.raises(input_error, match="--data: expected a file, got the folder"):
        recipe("support.data.table_files").read_frame(tmp_path)


def test_header_of_nothing_but_texts_is_noted(read):
    _, notes = read("a.csv", "town,street\nBonn,Markt\n")

    assert notes == (
        "header: the first row (town, street) has the names of the columns; --header no takes it "
        "as values",
    )
    assert not read("a.csv", "town,price\nBonn,$3\n")[1]
    assert not read("a.csv", "town,x1\nBonn,3\n")[1]


def test_json_lines_are_read(read):
    frame, _ = read("a.jsonl", "\n".join(f'{{"a": {i}, "b": [1]}}' for i in range(9)))

    assert list(frame.a) == list(range(9))


def test_leading_zeros_stay(read):
    frame, _ = read("a.csv", "plz,x\n" + "\n".join(f"0106{i % 10},{i}" for i in range(20)))

    assert frame.plz.iloc[7] == "01067"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "a,b\n1,2\n1,2,3,4\n", "expected rows of equally many values separated by comm"),
        ("a.csv", "a,b\n1,2,3\n1,2\n", "got 3 values in line 2 and 2 in line 1"),
        ("a.csv", "Report\n\na,b\n1,2\n", "got 2 values in line 3 and 1 in line 1"),
        ("a.csv", 'a,b\n1,"2\n', "commas, got EOF inside string"),
        ("a.csv", "", "got an empty file"),
        ("a.csv", TABLE.encode() + b"\xc3", "in UTF-8, as most of the file is, got the byte 0xc3"),
        ("a.csv", gzip.compress(TABLE.encode()), "got gzip data; give its name the ending .gz"),
        (
            "a.csv",
            bytes([0, 1, 2]) * 50,
            "expected a file of text, got a NUL byte (0x00) at position 0",
        ),
        (
            "a.csv",
            bytes([0x89, 0x01, 0xFE]) * 20,
            "expected text in UTF-8 or Windows-1252, got the byte 0x89",
        ),
        ("a.jsonl", "{", "expected a JSON object in each line"),
        ("a.gz", b"PK", "expected a file of the kind .csv"),
        ("a.csv.gz", b"PK", "expected a readable file"),
        ("a.parquet", b"PK", "--data: "),
        ("a.xlsx", b"PK", "--data: "),
        ("a.doc", b"PK", "expected a file of the kind .csv"),
    ],
)
def test_broken_file_is_refused_in_one_line(read, input_error, name, content, message):
    with pytest.raises(input_error) as error:
        read(name, content)

    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("error", [ElementTree.ParseError, zlib.error, TypeError, IndexError])
def test_a_workbook_with_damaged_parts_is_refused(read, input_error, monkeypatch, error):
    def fails(*args, **kwargs):
        raise error("unclosed token: line 1, column 0")

    monkeypatch.setattr("pandas.ExcelFile", fails)

    with pytest.raises(input_error, match=r"--data: expected an \.xlsx file, got unclosed"):
        read("a.xlsx", b"PK")


@pytest.mark.parametrize("error", [KeyError("pandas_type"), NotImplementedError("64 bits\nx")])
def test_a_parquet_file_with_damaged_parts_is_refused(read, input_error, monkeypatch, error):
    def fails(*args, **kwargs):
        raise error

    monkeypatch.setattr("pandas.read_parquet", fails)

    name = type(error).__name__
    with pytest.raises(input_error, match=rf"--data: expected a \.parquet file, got {name}: .*$"):
        read("a.parquet", b"PAR1")


def test_parquet_without_pyarrow_names_the_package(read, input_error, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(input_error, match=r"reading \.parquet needs pyarrow: pip install pyarrow"):
        read("a.parquet", b"PAR1")


class Sheet:
    """Rows as openpyxl reads them, each with its number; those between are empty."""

    def __init__(self, *numbers):
        self.numbers = numbers

    def reset_dimensions(self):
        pass

    def iter_rows(self, values_only):
        assert values_only
        for before, number in itertools.pairwise((0, *self.numbers)):
            yield from itertools.repeat((), number - before - 1)
            yield None, 1.5


def test_row_numbers_of_a_damaged_workbook_are_bounded(recipe):
    count = recipe("support.data.excel_sheets").row_count

    assert count(Sheet()) == 0 and count(Sheet(3, 10_000)) == 10_000
    with pytest.raises(ValueError, match="a sheet with 20000 empty rows above its row 20004"):
        count(Sheet(3, 20_004))
    with pytest.raises(ValueError, match="a sheet with a row number beyond 1048576"):
        count(Sheet(1, 2**31))


def test_unknown_encoding_is_refused(read, input_error):
    with pytest.raises(input_error, match="--encoding: expected the file's encoding"):
        read("a.csv", TABLE, encoding="klingon")


def test_separators_have_names(recipe, parse):
    assert parse("tables", "--sep", "tab").sep == "\t"
    assert parse("tables", "--sep", ";").sep == ";"
    with pytest.raises(SystemExit):
        parse("tables", "--sep", "abc")


def test_random_bytes_are_read_or_refused(read, input_error):
    rng = np.random.default_rng(0)
    for length in (1, 7, 60, 300):
        for suffix in ("csv", "jsonl", "parquet", "csv.gz"):
            try:
                read(f"a.{suffix}", rng.bytes(length))
            except input_error as error:
                assert "\n" not in str(error)


@pytest.mark.parametrize("separator", [";", ","])
def test_title_lines_of_a_csv_file_are_left_out_and_noted(read, separator):
    rows = "".join(f"{i};{i % 3};a\n" for i in range(30))
    content = f"Export of May;;\n\nOrders;;\nid;weight;kind\n{rows}".replace(";", separator)

    frame, notes = read("a.csv", content)
    plain, _ = read("b.csv", content, header="no")

    assert [*frame.columns] == ["id", "weight", "kind"] and len(frame) == 30
    assert "lines with one value above the names are left out: Export of May, Orders" in notes
    assert plain.iloc[0, 0] == "Export of May"


@pytest.mark.parametrize(
    ("cells", "decimal"),
    [
        ("26,8;208.556", ","),  # 208556
        ("26,8;0.556", "."),
        ("1,234;1.234", "."),  # either may group
    ],
)
def test_points_beside_decimal_commas_group_thousands(recipe, cells, decimal):
    text = "x;y;kind\n" + f"{cells};a\n" * 9 + "1;< 9;b\n"

    assert recipe("support.data.csv_format").detect(text).decimal == decimal
