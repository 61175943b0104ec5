"""`tables.py`: columns of users' tables, tables that are refused, and whole runs."""

import json

import numpy as np
import pytest

import zoo
from tests.recipes.run_folders import SMALL, check_run

pandas = pytest.importorskip("pandas", reason="the recipes need pandas: pip install '.[recipes]'")
for package in ("matplotlib", "sklearn", "tensorboard"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")

FIGURES = {"columns", "curves", "latent", "samples", "scores"}
ROWS = 40
ANOMALY = np.arange(ROWS) >= 36
LABEL = ("--label", "label")
CHURNED = ["--drop", "id", "--label", "churned", "--anomaly", "yes"]


@pytest.fixture
def load(recipe, parse, tmp_path):
    """load(x, *flags) is the table of a column `x`, another one and a label."""

    def load(x, *flags, name="table.parquet"):
        rng = np.random.default_rng(0)
        frame = pandas.DataFrame({"x": x, "y": rng.normal(size=ROWS), "label": ANOMALY})
        path = tmp_path / name
        frame.to_csv(path, index=False) if "csv" in name.lower() else frame.to_parquet(path)
        return recipe("support.data.tables").load(parse("tables", "--data", path, *flags))

    return load


def likelihood(table):
    return zoo.likelihoods.Tabular.from_data(table.train, table.categories)


def customers(path, rows=120):
    """Write a table as users have it: with gaps, texts, truth values and an identifier."""
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame(
        {
            "id": np.arange(rows),
            "age": rng.normal(40, 10, rows),
            "city": rng.choice(["Bonn", "Köln", "Trier"], rows).astype(object),
            "member": rng.random(rows) < 0.5,
            "churned": np.where(rng.random(rows) < 0.2, "yes", "no"),
        }
    )
    frame.loc[::5, "age"] = np.nan
    frame.loc[::7, "city"] = None
    frame.loc[0, ["city", "churned"]] = "Ulm", "yes"  # a city that no training row has
    frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_csv(path, index=False)
    return path


def test_far_values_of_a_constant_column_are_clipped(load):
    table = load(np.where(ANOMALY, 5e7, 5.0), *LABEL)

    assert table.anomaly.sum() == 4 and set(table.held_out[table.anomaly, 0]) == {1e5}
    assert (table.train[:, 0] == 0).all() and table.offsets == [5.0, 0.0]
    assert any("4 values outside of the training rows" in note for note in table.notes)
    likelihood(table).preprocessor().validate(table.held_out)


def test_far_values_of_a_varying_column_are_clipped(load):
    x = np.random.default_rng(1).normal(size=ROWS)
    x[38] = -1e20
    table = load(x, *LABEL)

    far = table.held_out[:, 0].min()
    assert far == pytest.approx(-1e5, rel=1) and table.offsets[0] == 0.0
    likelihood(table).preprocessor().validate(table.held_out)
    near = table.held_out[table.held_out[:, 0] > -1e3, 0]
    assert np.isin(near, x.astype("float32")).all()


def test_large_offset_is_subtracted_before_rounding(load):
    noise = 10 * np.random.default_rng(0).normal(size=ROWS)
    table = load(1.7e9 + noise, *LABEL)

    x = np.concatenate([table.train, table.held_out])[:, 0] + (table.offsets[0] - 1.7e9)
    np.testing.assert_allclose(np.sort(x), np.sort(noise), atol=1e-4)
    assert table.titles == ["x - 1.7e+09", "y"] and "is subtracted" in table.notes[0]


def test_unknown_category_becomes_the_level_other(load):
    table = load(np.where(ANOMALY, "no", "yes"), *LABEL)

    assert table.category_names[0] == ["yes", "(other)"] and table.categories == [2, 0]
    assert (table.train[:, 0] == 0).all() and (table.held_out[table.anomaly, 0] == 1).all()
    likelihood(table).preprocessor().validate(table.held_out)


def test_values_of_the_label_are_noted_with_their_spellings(recipe, parse, tmp_path):
    verdict = np.where(ANOMALY, "Reject", np.where(np.arange(ROWS) % 2, "ok", "reject"))
    frame = pandas.DataFrame({"x": np.arange(ROWS) / 7, "verdict": verdict})
    frame.to_csv(tmp_path / "t.csv", index=False)
    flags = ("--data", tmp_path / "t.csv", "--label", "verdict", "--anomaly", "Reject")

    notes = recipe("support.data.tables").load(parse("tables", *flags)).notes

    assert "column 'verdict': 4 anomalous rows (Reject) and 36 normal rows (ok, reject)" in notes
    assert "column 'verdict': some differ in case or spaces alone: 'Reject' and 'reject'" in notes


@pytest.mark.parametrize("value", ["True", "true", "1"])
def test_truth_values_can_be_labels(load, value):
    assert load(np.arange(ROWS) / 7, *LABEL, "--anomaly", value).anomaly.sum() == 4


def test_suffixes_in_capitals_are_accepted(load):
    x = np.arange(ROWS) / 7
    table, same = load(x, name="TABLE.CSV"), load(x, name="table.PARQUET")

    np.testing.assert_allclose(table.train, same.train, rtol=1e-6)


def test_at_least_one_evaluated_row_is_normal(load):
    table = load(np.arange(ROWS) / 7, *LABEL, "--held-out", 0.03, "--evaluate", 1)

    assert len(table.held_out) == len(table.normal) == 1


def test_a_parquet_file_with_bytes_that_are_no_text_is_refused(
    tmp_path, recipe, parse, input_error
):
    path, frame = tmp_path / "a.parquet", pandas.DataFrame({"a": ["ab", "cd"]})
    content = frame.to_parquet(compression=None, use_dictionary=False)
    path.write_bytes(content.replace(b"cd", b"\xff\xfe"))

    with pytest.raises(input_error, match=r"--data: expected a \.parquet file, got .*UTF8"):
        recipe("support.data.tables").load(parse("tables", "--data", path))


def test_csv_and_parquet_files_give_the_same_table(tmp_path, recipe, parse):
    files = [customers(tmp_path / f"customers.{kind}") for kind in ("csv", "parquet")]
    options = [parse("tables", "--data", file, *CHURNED) for file in files]
    a, b = map(recipe("support.data.tables").load, options)
    assert a.category_names == b.category_names and a.categories == [0, 4, 3]
    np.testing.assert_allclose(a.train, b.train, rtol=1e-6)
    assert np.isnan(a.train).any() and not a.anomaly.all() and len(a.normal) < len(a.held_out)


def test_breast_cancer_trains_on_benign_rows_only(recipe, parse):
    table = recipe("support.data.tables").load(parse("tables"))
    assert table.train.shape == (250, 30) and table.anomaly.sum() == 212
    assert table.classes == ("benign", "malignant")


@pytest.mark.parametrize(
    ("x", "flags", "message"),
    [
        (np.arange(ROWS) / 7, ("--limit", "1"), "--limit: expected at least 2"),
        ([1e39, *range(1, ROWS)], (), r"--data: expected values of .*, got 1e.39 in column 'x'"),
    ],
)
def test_unusable_column_is_refused(input_error, load, x, flags, message):
    with pytest.raises(input_error, match=message):
        load(x, *flags)


def test_unusable_table_is_refused(tmp_path, refusal):
    rows = 20
    good = {"a": np.arange(rows) / 7, "b": np.arange(rows) % 3, "label": np.arange(rows) % 2}
    for column, flags, message in (
        ({"a": [np.inf, *range(1, rows)]}, (), "--data: expected finite numbers, got inf in row 0"),
        ({}, ("--drop", "a", "b", "label"), "0 columns that can be used; 'a' is left out"),
        ({}, ("--kind", "b=number?"), "--kind: expected COLUMN=KIND with a kind of number"),
        ({}, ("--label", "target"), "--label: expected a column of the data, got 'target'"),
        ({}, ("--label", "label", "--anomaly", "7"), "--anomaly: expected anomalies and normal"),
        ({}, ("--drop", "z"), "--drop: expected a column of the data, got 'z'"),
        ({}, ("--anomaly", "1"), "--anomaly: needs --label"),
        ({"words": [f"w{i}" for i in range(rows)]}, ("--categorical", "q"), "--categorical"),
    ):
        path = tmp_path / "table.csv"
        pandas.DataFrame({**good, **column}).to_csv(path, index=False)
        flags = ["--data", path, "--out", tmp_path / "run", *flags]
        assert message in refusal("tables", *flags)


@pytest.mark.usefixtures("quick")
def test_run_on_a_table_with_gaps_and_categories(tmp_path, start, capsys):
    data, out = customers(tmp_path / "customers.csv"), tmp_path / "run"
    tiny = [*SMALL, "--option", "hidden=(8,)", "--latent-dim", "2"]

    assert start("tables", *tiny, "--evaluate", 0, "--data", data, *CHURNED, "--out", out) == 0

    printed = capsys.readouterr().out
    assert "AUROC" in printed and "trivial models    marginal -" in printed
    assert "id      drop      as asked" in printed
    record = check_run(out, FIGURES)
    anomalies = record["anomalies"]
    assert any(line.startswith("age     number") for line in record["data"]["reading"])
    assert "marginal" in record["held_out"]["trivial_models"]
    assert 0 <= anomalies["VAE, -ELBO"]["auroc"] <= 1 and "isolation forest" in anomalies
    columns = json.loads((out / "columns.json").read_text())
    kinds = {"id": "drop", "age": "number", "city": "category", "member": "category"}
    assert {column["name"]: column["kind"] for column in columns} == kinds
    assert columns[2]["levels"] == ["Bonn", "Köln", "Trier", "(other)"]


@pytest.mark.usefixtures("quick", "exported")
def test_scores_are_those_of_the_rows_of_the_file(tmp_path, start):
    """All rows, in their order, with the columns that make them strange."""
    frame = pandas.read_csv(customers(tmp_path / "customers.csv"))
    frame["part"] = 10 + np.cos(np.arange(len(frame)))
    frame.loc[77, "age"] = 40_000.0
    frame.to_csv(tmp_path / "strange.csv", index=False)
    tiny = [*SMALL, "--option", "hidden=(8,)", "--latent-dim", "2", "--drop", "churned"]

    flags = [*tiny, "--data", tmp_path / "strange.csv", "--out", tmp_path / "run"]
    assert start("tables", *flags) == 0

    scores = pandas.read_csv(tmp_path / "run" / "scores.csv")
    assert list(scores.row) == list(range(len(frame))) and scores.score.idxmax() == 77
    assert scores.loc[77, "strange columns"].startswith("age (+")
    assert scores.part.value_counts()["train"] == 64 and {*scores.part} > {"held out"}


@pytest.mark.usefixtures("quick", "exported")
def test_run_whose_evaluated_rows_are_all_normal(start, tmp_path):
    flags = ["--out", tmp_path / "run", "--epochs", 1, "--limit", 16, "--samples", 2]
    flags += ["--evaluate", 1, "--option", "hidden=(4,)", "--latent-dim", 3]

    assert start("tables", *flags) == 0
    assert (tmp_path / "run" / "figures" / "scores.png").exists()
    assert "no AUROC" in (tmp_path / "run" / "metrics.json").read_text()
