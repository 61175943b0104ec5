"""Disentanglement metrics by hand, and of a perfect, a rotated and an uninformative code."""

import json
import types

import numpy as np
import pytest

from tests.helpers import data, small

pytest.importorskip("sklearn", reason="the scores need scikit-learn: pip install '.[recipes]'")

from zoo.evaluation import disentanglement
from zoo.evaluation.disentanglement.factor_vae import _draw_pairs
from zoo.evaluation.disentanglement.inputs import rows_by_value

RNG = np.random.default_rng(0)
ROWS = 1000
FACTORS = np.stack([RNG.integers(0, values, ROWS) for values in (3, 4, 6)], 1)
NUMERIC = (FACTORS - FACTORS.mean(0)) / FACTORS.std(0)
NOISE = RNG.standard_normal((ROWS, 3))
ROTATION = np.linalg.qr(RNG.standard_normal((3, 3)))[0]
CODES = {
    # Each factor has its own dimension, permuted, scaled and shifted; one dimension is constant.
    "perfect": np.column_stack([-3.0 * NUMERIC[:, 2], 0.1 * NUMERIC[:, :2] + 5, np.ones(ROWS)]),
    "rotated": NUMERIC @ ROTATION,
    "noise": NOISE,
}
CHANCE = 1 / 3  # accuracy of guessing which of the three factors is shared


@pytest.fixture(scope="module")
def scores():
    """All scores of the three codes."""
    return {kind: disentanglement.score_codes(codes, FACTORS) for kind, codes in CODES.items()}


@pytest.mark.parametrize("name", ["mig", "disentanglement", "completeness", "sap", "factor_vae"])
def test_a_perfect_code_scores_one_noise_chance_and_a_rotated_one_between(scores, name):
    perfect, rotated, noise = (getattr(scores[kind], name) for kind in CODES)
    uninformative = CHANCE if name == "factor_vae" else 0.0

    assert perfect == pytest.approx(1.0, abs=0.03)
    assert noise == pytest.approx(uninformative, abs=0.06)
    assert noise + 0.02 < rotated < perfect - 0.15


def test_the_beta_vae_score_ignores_a_rotation_but_not_noise(scores):
    perfect, rotated, noise = (scores[kind].beta_vae for kind in CODES)

    assert perfect == pytest.approx(1.0, abs=0.01)
    assert rotated > 0.9  # a known weakness of this score
    assert noise == pytest.approx(CHANCE, abs=0.06)


def test_informativeness_is_the_held_out_accuracy(scores):
    perfect, rotated, noise = (scores[kind].informativeness for kind in CODES)

    assert perfect == 1.0
    assert rotated > 0.9  # a rotation loses nothing
    assert noise == pytest.approx(np.mean([1 / 3, 1 / 4, 1 / 6]), abs=0.05)


def test_mutual_information_and_its_gap_by_hand():
    # z has three bins: v = 0 always falls into the first, v = 1 and v = 2 into the other two.
    codes = np.array([[0.0, 7], [0, 7], [1, 7], [2, 7], [1, 7], [2, 8]])
    factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [2, 1]])

    def entropy(*p):
        return -sum(q * np.log(q) for q in p)

    information = disentanglement.mutual_information(codes, factors, bins=3)

    assert information[0, 0] == pytest.approx(np.log(3) - 2 / 3 * np.log(2))
    with_eight = entropy(1 / 6, 5 / 6) - entropy(1 / 2, 1 / 2) / 3  # H(z) - H(z|v), v = 2 unsure
    assert information[1, 0] == pytest.approx(with_eight)
    gaps = [
        (information[0, 0] - information[1, 0]) / np.log(3),
        abs(information[0, 1] - information[1, 1]) / np.log(2),
    ]
    assert disentanglement.mig(codes, factors, bins=3) == pytest.approx(np.mean(gaps))


def test_sap_of_numeric_factors_is_the_gap_of_squared_correlations():
    codes = RNG.standard_normal((50, 3))
    factors = RNG.integers(0, 5, (50, 2))

    squares = np.corrcoef(codes.T, factors.T)[:3, 3:] ** 2

    expected = np.mean([np.diff(np.sort(column)[-2:]) for column in squares.T])
    assert disentanglement.sap(codes, factors) == pytest.approx(expected)


def test_sap_of_categorical_factors_needs_no_order():
    categories = np.array([2, 0, 1])[FACTORS[:, 0]]  # not monotonic in the code
    codes = np.column_stack([FACTORS[:, 0] == 1, NOISE[:, 0]]) + 1e-3 * NOISE[:, 1:]
    codes[:, 0] += FACTORS[:, 0] == 2  # 0 for one category, 1 for the other two
    three = np.column_stack([FACTORS[:, 0], NOISE[:, 0]])
    factors = np.column_stack([categories, categories])

    def sap(codes):
        return disentanglement.sap(codes, factors, categorical=(0, 1))

    assert sap(three) == pytest.approx(1 - 1 / 3, abs=0.07)
    assert sap(codes) == pytest.approx(2 / 3 - 1 / 3, abs=0.07)


class FixedImportances:
    """A classifier with fixed importances, one column for each fit."""

    def __init__(self, importances):
        self.columns = iter(np.transpose(importances))

    def fit(self, x, y):
        self.feature_importances_ = next(self.columns)
        return self

    def score(self, x, y):
        return 0.25


def test_dci_by_hand():
    importances = np.array([[0.5, 0.0], [0.5, 1.0], [0.0, 0.0]])
    classifier = FixedImportances(importances)

    values = disentanglement.dci(NOISE, FACTORS[:, :2], predictor=lambda seed: classifier)

    # Rows over their sums: (1, 0) and (1/3, 2/3) with weights 1/4 and 3/4; the last has none.
    mixed = 1 + (np.log(1 / 3) / 3 + np.log(2 / 3) * 2 / 3) / np.log(2)
    assert values["disentanglement"] == pytest.approx(1 / 4 + 3 / 4 * mixed)
    assert values["completeness"] == pytest.approx(np.mean([1 - np.log(2) / np.log(3), 1.0]))
    assert values["informativeness"] == 0.25


def test_codes_without_any_importance_score_zero():
    classifier = FixedImportances(np.zeros((3, 2)))

    values = disentanglement.dci(NOISE, FACTORS[:, :2], predictor=lambda seed: classifier)

    assert values["disentanglement"] == values["completeness"] == 0.0


def test_factor_vae_votes_by_the_least_varying_dimension():
    # Dimension 0 is constant if factor 0 is shared; dimension 1 if factor 1 is.
    factors = RNG.integers(0, 2, (2000, 2))
    codes = np.column_stack([factors[:, 0], factors[:, 1] + NOISE[0, 0]]).astype("float64")

    assert disentanglement.factor_vae(codes, factors, votes=200) == 1.0
    # One code for both factors: the shared one cannot be identified.
    both = np.column_stack([factors.sum(1), factors.sum(1)])
    assert disentanglement.factor_vae(both, factors, votes=400) == pytest.approx(0.5, abs=0.08)


def test_pairs_share_a_value_and_are_different_rows():
    column = np.array([5, 1, 5, 2, 1, 5, 9])  # 2 and 9 occur once

    first, second = _draw_pairs(rows_by_value(column), 500, np.random.default_rng(0))

    np.testing.assert_array_equal(column[first], column[second])
    assert (first != second).all()
    assert {*column[first]} == {1, 5}
    assert {*first} == {*second} == {0, 1, 2, 4, 5}


@pytest.fixture(scope="module")
def codes():
    """A model, its inputs and factors."""
    vae, x = small("dense_vae"), data("dense_vae", 200)
    return vae, x, np.stack([x[:, 0] > 0.5, np.digitize(x[:, 1], [0.3, 0.6])], 1)


def test_scores_of_a_model_are_those_of_its_means(codes):
    vae, x, factors = codes

    result = disentanglement.scores(vae, x, factors, rows=150, seed=3)

    means = np.asarray(vae.encode(x).loc)
    assert result == disentanglement.score_codes(means, factors, rows=150, seed=3)
    assert result.rows == 150
    chosen = np.random.default_rng(3).permutation(200)[:150]
    assert result.mig == disentanglement.mig(means[chosen], factors[chosen])
    values = result.to_dict()
    assert json.loads(json.dumps(values)) == values
    assert all(0 <= v <= 1 for name, v in values.items() if name != "rows")
    lines = dict(line.split() for line in str(result).splitlines())
    assert lines == {n: str(v) if n == "rows" else f"{v:.3f}" for n, v in values.items()}


def test_draws_hide_the_factor_in_the_means_of_an_unused_dimension():
    # The means of dimension 1 determine the factor, but differ little compared with its scale.
    q = types.SimpleNamespace(
        loc=np.column_stack([NUMERIC[:, 0], 1e-3 * NUMERIC[:, 1]]),
        scale=np.column_stack([np.full(ROWS, 1e-3), np.ones(ROWS)]),
    )
    vae = types.SimpleNamespace(encode=lambda x, batch_size: q)

    means, draws = (
        disentanglement.scores(vae, NOISE, FACTORS[:, :2], draws=draws) for draws in (False, True)
    )

    assert means.mig > 0.95
    assert draws.mig == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    ("factors", "error", "message"),
    [
        (FACTORS / 2, TypeError, "factors must be integers, got float64"),
        (FACTORS[:, 0], ValueError, r"factors must be a matrix .* got shape \(1000,\)"),
        (FACTORS[:9], ValueError, "factors must have 1000 rows, .* got 9"),
        (FACTORS * [1, 0, 1], ValueError, "got column 1 with 0 in all rows"),
    ],
)
def test_wrong_factors_raise_before_encoding(factors, error, message):
    def encode(x, batch_size):
        raise AssertionError("encoded")

    with pytest.raises(error, match=message):
        disentanglement.scores(types.SimpleNamespace(encode=encode), NOISE, factors)


def test_other_wrong_arguments_raise():
    for codes, message in (
        (np.full_like(NOISE, np.nan), "codes must be finite"),
        (np.ones_like(NOISE), "codes must differ"),
        (NOISE[:, :1], "codes must be a matrix"),
    ):
        with pytest.raises(ValueError, match=message):
            disentanglement.mig(codes, FACTORS)
    with pytest.raises(ValueError, match=r"categorical must hold column indices .* got \(3,\)"):
        disentanglement.sap(NOISE, FACTORS, categorical=(3,))
    unique = np.column_stack([np.arange(ROWS), FACTORS[:, 0]])
    with pytest.raises(ValueError, match="got column 0 with a different value in each row"):
        disentanglement.factor_vae(NOISE, unique)
    with pytest.raises(ValueError, match="points must be at least 3"):
        disentanglement.beta_vae(NOISE, FACTORS, points=2)
