"""Quality of synthetic tables: fidelity, utility and privacy, against values by hand."""

import numpy as np
import pytest

import zoo
from tests.plots.figures import saved
from zoo.tables import Columns
from zoo.tables.fidelity import column_similarity, pair_similarity, values_of
from zoo.tables.privacy import privacy

pd = pytest.importorskip("pandas", reason="tables need pandas: pip install '.[recipes]'")


def table(rows, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    label = np.where(x + 0.3 * rng.normal(size=rows) > 0, "yes", "no")
    noise = rng.normal(size=rows)
    gaps = rng.random(rows) < 0.1
    return pd.DataFrame({"x": x, "noise": np.where(gaps, np.nan, noise), "label": label})


@pytest.fixture(scope="module")
def parts():
    return [table(300, seed) for seed in range(3)]


def test_similarities_by_hand():
    a = pd.DataFrame({"n": [0.0, 1, 2, 3], "c": list("aabb"), "m": [0.0, 2, 4, 6]})
    b = pd.DataFrame({"n": [0.0, 1, 1, np.nan], "c": list("abbz"), "m": [0.0, -1, -1, 5]})
    columns = Columns.of(a, dict.fromkeys("nm", "number"))
    real, other = (values_of(columns, x, "x") for x in (a, b))

    assert column_similarity(real[0], other[0]) == pytest.approx(1 - 0.5)
    assert column_similarity(real[1], other[1]) == pytest.approx(1 - 0.25)
    assert pair_similarity((real[0], real[2]), (other[0], other[2])) == pytest.approx(0)
    joint = pair_similarity((real[1], real[0]), (other[1], other[0]))
    assert joint == pytest.approx(0.25)  # of the pairs, (a, 0) alone is shared
    assert all(column_similarity(v, v) == 1 for v in real)


def test_rows_of_the_same_distribution_are_as_good_as_real_ones(parts):
    quality = zoo.evaluate_synthetic(*parts, target="label")
    s = quality.summary

    assert s["columns"] == pytest.approx(s["columns of holdout"], abs=0.05)
    assert s["pairs"] == pytest.approx(s["pairs of holdout"], abs=0.05)
    assert s["utility"] == pytest.approx(s["utility of real"], abs=0.05) and s["utility"] > 0.9
    assert s["copies"] == 0 and s["closer"] == pytest.approx(0.5, abs=0.1)
    assert s["distance"] == pytest.approx(s["distance of holdout"], rel=0.3)
    assert "AUROC" in str(quality) and quality.columns["column"].tolist() == ["x", "noise", "label"]
    assert np.isnan(np.diag(quality.pairs)).all()


def test_copies_of_training_rows_are_found(parts):
    real, _, holdout = parts
    s = zoo.evaluate_synthetic(real, real.sample(100, random_state=0), holdout).summary

    assert s["copies"] == 1 and s["distance"] == 0 and s["closer"] == 1
    assert s["copies of holdout"] == 0 and "utility" not in s


def test_shuffled_columns_lose_pairs_and_utility(parts):
    real, synthetic, holdout = parts
    shuffled = synthetic.assign(label=synthetic["label"].sample(frac=1, random_state=0).to_numpy())
    s = zoo.evaluate_synthetic(real, shuffled, holdout, target="label").summary

    assert s["columns"] > 0.9 and s["utility"] < 0.7
    assert s["pairs"] < s["pairs of holdout"] - 0.1


def test_a_target_of_numbers_is_judged_by_r_squared(parts):
    real, synthetic, holdout = (part.assign(y=2 * part["x"]) for part in parts)

    summary = zoo.evaluate_synthetic(real, synthetic, holdout, target="y").summary

    assert summary["utility measure"] == "R^2" and summary["utility"] > 0.9


def test_the_distance_is_the_mean_difference_of_ranks_and_categories():
    real = pd.DataFrame({"n": [1.0, 2, 3, 4], "c": list("abcd")})
    near = pd.DataFrame({"n": [2.0], "c": ["a"]})
    columns = Columns.of(real, {"n": "number"})
    tables = [values_of(columns, x, "x") for x in (real, near, real)]

    result = privacy(*tables, seed=0)

    assert result["distance"] == pytest.approx((0.25 + 0) / 2)


def test_unusable_tables_raise(parts):
    real, synthetic, holdout = parts
    with pytest.raises(ValueError, match="synthetic must have the columns of fit, got none named"):
        zoo.evaluate_synthetic(real, synthetic[["x"]], holdout)
    with pytest.raises(
        ValueError, match=r"column must be one of .* got 'labl'; did you mean 'label'"
    ):
        zoo.evaluate_synthetic(real, synthetic, holdout, target="labl")
    with pytest.raises(ValueError, match=r"target must be a column that varies, .* got 'k'"):
        tables = [part.assign(k=1) for part in parts]
        zoo.evaluate_synthetic(*tables, target="k")
    with pytest.raises(TypeError, match="column 'x' of holdout must have dtype float64"):
        zoo.evaluate_synthetic(real, synthetic, holdout.assign(x="a"))


def test_the_figure_names_columns_and_means(parts, tmp_path):
    quality = zoo.evaluate_synthetic(*parts)

    bars, cells, _ = saved(quality.figure(), tmp_path).axes

    assert bars.get_yticklabels()[0].get_text() in ("x", "noise", "label")
    assert f"mean {quality.summary['columns']:.3f}" in bars.get_title("left")
    assert f"mean {quality.summary['pairs']:.3f}" in cells.get_title("left")
    many = zoo.plots.table_similarity([f"c{i}" for i in range(30)], np.ones(30), np.ones((30, 30)))
    assert "24 of 30" in many.axes[0].get_title("left")


def test_rows_that_are_as_near_to_both_tables_count_half():
    table = pd.DataFrame({"a": ["x", "y"] * 20})

    assert zoo.evaluate_synthetic(table, table, table).summary["closer"] == 0.5
