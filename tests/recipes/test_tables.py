"""Tables that users have: far-off values, large offsets, unseen categories, columns of lists."""

import numpy as np
import pytest

import zoo

pandas = pytest.importorskip("pandas", reason="the recipes need pandas: pip install '.[recipes]'")
pytest.importorskip("matplotlib", reason="the recipes need matplotlib: pip install '.[recipes]'")
ROWS = 40
WRONG = np.arange(ROWS) >= 36
LABEL = ("--label", "label")


@pytest.fixture
def load(recipe, tmp_path):
    """The table of a column `x`, another one and a label, as the recipe has it."""

    def load(x, *flags, name="table.parquet"):
        rng = np.random.default_rng(0)
        frame = pandas.DataFrame({"x": x, "y": rng.normal(size=ROWS), "label": WRONG})
        path = tmp_path / name
        frame.to_csv(path, index=False) if "csv" in name.lower() else frame.to_parquet(path)
        arguments = [str(a) for a in ("--data", path, *flags)]
        return recipe("support.data.tables").load(recipe("tables").parser().parse_args(arguments))

    return load


def likelihood(table):
    return zoo.likelihoods.Tabular.from_data(table.train, table.categories)


def test_values_that_training_saw_nothing_of_are_scored(load):
    table = load(np.where(WRONG, 5e7, 5.0), *LABEL)

    assert table.anomaly.sum() == 4 and set(table.held_out[table.anomaly, 0]) == {1e5}
    assert (table.train[:, 0] == 0).all() and table.offsets == [5.0, 0.0]
    assert any("4 values outside of training" in note for note in table.notes)
    likelihood(table).check(table.held_out)


def test_far_off_values_of_a_column_with_a_spread(load):
    x = np.random.default_rng(1).normal(size=ROWS)
    x[38] = -1e20
    table = load(x, *LABEL)

    far = table.held_out[:, 0].min()
    assert far == pytest.approx(-1e5, rel=1) and table.offsets[0] == 0.0
    likelihood(table).check(table.held_out)
    kept = table.held_out[table.held_out[:, 0] > -1e3, 0]
    assert np.isin(kept, x.astype("float32")).all()


def test_a_large_offset_does_not_cost_digits(load):
    noise = 10 * np.random.default_rng(0).normal(size=ROWS)
    table = load(1.7e9 + noise, *LABEL)

    found = np.concatenate([table.train, table.held_out])[:, 0] + (table.offsets[0] - 1.7e9)
    np.testing.assert_allclose(np.sort(found), np.sort(noise), atol=1e-4)
    assert table.titles == ["x - 1.7e+09", "y"] and "is subtracted" in table.notes[0]


def test_a_level_that_training_did_not_see_is_unlikely_and_not_missing(load):
    table = load(np.where(WRONG, "no", "yes"), *LABEL)

    assert table.levels[0] == ["yes", "(other)"] and table.categories == [2, 0]
    assert (table.train[:, 0] == 0).all() and (table.held_out[table.anomaly, 0] == 1).all()
    likelihood(table).check(table.held_out)


@pytest.mark.parametrize("value", ["True", "true", "1"])
def test_truth_values_of_a_label(load, value):
    assert load(np.arange(ROWS) / 7, *LABEL, "--anomaly", value).anomaly.sum() == 4


def test_suffixes_in_capitals(load):
    x = np.arange(ROWS) / 7
    table, same = load(x, name="TABLE.CSV"), load(x, name="table.PARQUET")

    np.testing.assert_allclose(table.train, same.train, rtol=1e-6)


def test_one_evaluated_row_at_least_is_normal(load):
    table = load(np.arange(ROWS) / 7, *LABEL, "--held-out", 0.03, "--evaluate", 1)

    assert len(table.held_out) == len(table.normal) == 1


@pytest.mark.parametrize(
    ("x", "flags", "message"),
    [
        (np.arange(ROWS) / 7, ("--limit", "1"), "--limit: must be at least 2"),
        ([[1, 2]] * ROWS, (), "--data: column 'x' holds a "),
        ([1e39, *range(1, ROWS)], (), "--data: column 'x' holds values up to 1e.39"),
    ],
)
def test_tables_that_are_refused(recipe, load, x, flags, message):
    with pytest.raises(recipe("support.run.cli").InputError, match=message):
        load(x, *flags)


def test_semicolons_are_told_of(recipe, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a;b\n" + "1;2\n" * 20)
    options = recipe("tables").parser().parse_args(["--data", str(path)])

    with pytest.raises(recipe("support.run.cli").InputError, match="must be separated by commas"):
        recipe("support.data.tables").load(options)


def test_a_run_whose_evaluated_rows_are_all_normal(recipe, tmp_path, monkeypatch):
    """Figures and numbers without a second kind of rows."""
    run_folder = recipe("support.run.run")
    monkeypatch.setattr(run_folder.saving, "save", lambda vae, folder: None)
    out = ("--out", tmp_path / "run", "--epochs", 1, "--limit", 16, "--samples", 2)
    few = ("--evaluate", 1, "--option", "hidden=(4,)", "--latent-dim", 3)
    options = recipe("tables").parser().parse_args([str(a) for a in (*out, *few)])

    assert recipe("tables").run(options) == 0
    assert (tmp_path / "run" / "figures" / "scores.png").exists()
    assert "no AUROC" in (tmp_path / "run" / "metrics.json").read_text()
