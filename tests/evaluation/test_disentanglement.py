"""Disentanglement: each score by hand, of a perfect code, of noise, and of what lies between."""

import json
import types

import numpy as np
import pytest

from tests.helpers import data, small

pytest.importorskip("sklearn", reason="the scores need scikit-learn: pip install '.[recipes]'")

from zoo.evaluation import disentanglement

RNG = np.random.default_rng(0)
ROWS = 1000
FACTORS = np.stack([RNG.integers(0, values, ROWS) for values in (3, 4, 6)], 1)
AMOUNTS = (FACTORS - FACTORS.mean(0)) / FACTORS.std(0)
NOISE = RNG.standard_normal((ROWS, 3))
TURN = np.linalg.qr(RNG.standard_normal((3, 3)))[0]
CODES = {
    # Each factor has a dimension of its own: in another order, scaled, moved, beside a constant.
    "perfect": np.column_stack([-3.0 * AMOUNTS[:, 2], 0.1 * AMOUNTS[:, :2] + 5, np.ones(ROWS)]),
    "turned": AMOUNTS @ TURN,
    "noise": NOISE,
}
CHANCE = 1 / 3  # of a guess which of the three factors is shared


@pytest.fixture(scope="module")
def found():
    """All scores of the three codes."""
    return {kind: disentanglement.score_codes(codes, FACTORS) for kind, codes in CODES.items()}


@pytest.mark.parametrize("name", ["mig", "disentanglement", "completeness", "sap", "factor_vae"])
def test_a_perfect_code_has_one_noise_has_none_and_a_turned_one_is_between(found, name):
    perfect, turned, noise = (getattr(found[kind], name) for kind in CODES)
    nothing = CHANCE if name == "factor_vae" else 0.0

    assert perfect == pytest.approx(1.0, abs=0.03)
    assert noise == pytest.approx(nothing, abs=0.06)
    assert noise + 0.02 < turned < perfect - 0.15


def test_the_beta_vae_score_knows_no_rotation_but_knows_noise(found):
    perfect, turned, noise = (found[kind].beta_vae for kind in CODES)

    assert perfect == pytest.approx(1.0, abs=0.01)
    assert turned > 0.9  # which is its known fault
    assert noise == pytest.approx(CHANCE, abs=0.06)


def test_informativeness_is_the_accuracy_on_other_rows(found):
    perfect, turned, noise = (found[kind].informativeness for kind in CODES)

    assert perfect == 1.0
    assert turned > 0.9  # a rotation loses nothing
    assert noise == pytest.approx(np.mean([1 / 3, 1 / 4, 1 / 6]), abs=0.05)


def test_mutual_information_and_its_gap_by_hand():
    # Three bins of z: the first value of v always falls into the first; the others share two.
    codes = np.array([[0.0, 7], [0, 7], [1, 7], [2, 7], [1, 7], [2, 8]])
    factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [2, 1]])

    def entropy(*p):
        return -sum(q * np.log(q) for q in p)

    found = disentanglement.mutual_information(codes, factors, bins=3)

    assert found[0, 0] == pytest.approx(np.log(3) - 2 / 3 * np.log(2))
    with_eight = entropy(1 / 6, 5 / 6) - entropy(1 / 2, 1 / 2) / 3  # H(z) - H(z|v), v = 2 unsure
    assert found[1, 0] == pytest.approx(with_eight)
    gaps = [(found[0, 0] - found[1, 0]) / np.log(3), abs(found[0, 1] - found[1, 1]) / np.log(2)]
    assert disentanglement.mig(codes, factors, bins=3) == pytest.approx(np.mean(gaps))


def test_sap_of_amounts_is_the_gap_of_squared_correlations():
    codes = RNG.standard_normal((50, 3))
    factors = RNG.integers(0, 5, (50, 2))

    squares = np.corrcoef(codes.T, factors.T)[:3, 3:] ** 2

    expected = np.mean([np.diff(np.sort(column)[-2:]) for column in squares.T])
    assert disentanglement.sap(codes, factors) == pytest.approx(expected)


def test_sap_of_names_needs_no_order_and_gives_what_chance_leaves():
    names = np.array([2, 0, 1])[FACTORS[:, 0]]  # far from any order of amounts
    codes = np.column_stack([FACTORS[:, 0] == 1, NOISE[:, 0]]) + 1e-3 * NOISE[:, 1:]
    codes[:, 0] += FACTORS[:, 0] == 2  # 0 for one name, 1 for the other two
    three = np.column_stack([FACTORS[:, 0], NOISE[:, 0]])
    factors = np.column_stack([names, names])

    def sap(codes):
        return disentanglement.sap(codes, factors, categorical=(0, 1))

    assert sap(three) == pytest.approx(1 - 1 / 3, abs=0.07)
    assert sap(codes) == pytest.approx(2 / 3 - 1 / 3, abs=0.07)


class Told:
    """A classifier whose importances are given, one column a fit."""

    def __init__(self, importances):
        self.columns = iter(np.transpose(importances))

    def fit(self, x, y):
        self.feature_importances_ = next(self.columns)
        self.said = y[0]
        return self

    def score(self, x, y):
        return 0.25


def test_dci_by_hand():
    importances = np.array([[0.5, 0.0], [0.5, 1.0], [0.0, 0.0]])
    told = Told(importances)

    found = disentanglement.dci(NOISE, FACTORS[:, :2], predictor=lambda seed: told)

    # Rows over their sums: (1, 0) and (1/3, 2/3) with weights 1/4 and 3/4; the last has none.
    mixed = 1 + (np.log(1 / 3) / 3 + np.log(2 / 3) * 2 / 3) / np.log(2)
    assert found["disentanglement"] == pytest.approx(1 / 4 + 3 / 4 * mixed)
    assert found["completeness"] == pytest.approx(np.mean([1 - np.log(2) / np.log(3), 1.0]))
    assert found["informativeness"] == 0.25


def test_codes_in_which_nothing_is_important_are_not_disentangled():
    told = Told(np.zeros((3, 2)))

    found = disentanglement.dci(NOISE, FACTORS[:, :2], predictor=lambda seed: told)

    assert found["disentanglement"] == found["completeness"] == 0.0


def test_factor_vae_counts_the_dimension_that_stands_still():
    # Dimension 0 stands still for factor 0 only; dimension 1 halves its width for factor 1.
    factors = RNG.integers(0, 2, (2000, 2))
    codes = np.column_stack([factors[:, 0], factors[:, 1] + NOISE[0, 0]]).astype("float64")

    assert disentanglement.factor_vae(codes, factors, votes=200) == 1.0
    # One code for both: which factor is shared cannot be told.
    both = np.column_stack([factors.sum(1), factors.sum(1)])
    assert disentanglement.factor_vae(both, factors, votes=400) == pytest.approx(0.5, abs=0.08)


def test_pairs_share_the_value_and_are_of_different_rows():
    from zoo.evaluation.disentanglement import inputs
    from zoo.evaluation.disentanglement.factor_vae import _pairs

    column = np.array([5, 1, 5, 2, 1, 5, 9])  # 2 and 9 stand alone

    first, second = _pairs(inputs.rows_by_value(column), 500, np.random.default_rng(0))

    np.testing.assert_array_equal(column[first], column[second])
    assert (first != second).all()
    assert {*column[first]} == {1, 5}
    assert {*first} == {*second} == {0, 1, 2, 4, 5}


@pytest.fixture(scope="module")
def codes():
    """A model, what it encodes, and factors that the scores take."""
    vae, x = small("dense_vae"), data("dense_vae", 200)
    return vae, x, np.stack([x[:, 0] > 0.5, np.digitize(x[:, 1], [0.3, 0.6])], 1)


def test_scores_of_a_model_are_those_of_its_means(codes):
    vae, x, factors = codes

    found = disentanglement.scores(vae, x, factors, rows=150, seed=3)

    means = np.asarray(vae.encode(x).loc)
    assert found == disentanglement.score_codes(means, factors, rows=150, seed=3)
    assert found.rows == 150
    chosen = np.random.default_rng(3).permutation(200)[:150]
    assert found.mig == disentanglement.mig(means[chosen], factors[chosen])
    values = found.to_dict()
    assert json.loads(json.dumps(values)) == values
    assert all(0 <= v <= 1 for name, v in values.items() if name != "rows")
    lines = dict(line.split() for line in str(found).splitlines())
    assert lines == {n: str(v) if n == "rows" else f"{v:.3f}" for n, v in values.items()}


def test_draws_hide_what_the_means_of_an_unused_dimension_tell():
    # A dimension whose means tell the factor, by a hair beside its width.
    q = types.SimpleNamespace(
        loc=np.column_stack([AMOUNTS[:, 0], 1e-3 * AMOUNTS[:, 1]]),
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
        (FACTORS[:9], ValueError, "factors has 9 rows, expected 1000"),
        (FACTORS * [1, 0, 1], ValueError, "column 1 has 0 in all rows"),
    ],
)
def test_factors_that_do_not_fit_are_errors_before_anything_is_encoded(factors, error, message):
    def encode(x, batch_size):
        raise AssertionError("encoded")

    with pytest.raises(error, match=message):
        disentanglement.scores(types.SimpleNamespace(encode=encode), NOISE, factors)


def test_other_arguments_that_do_not_fit_are_named():
    for codes, message in (
        (np.full_like(NOISE, np.nan), "codes must be finite"),
        (np.ones_like(NOISE), "codes must differ"),
        (NOISE[:, :1], "codes must be a matrix"),
    ):
        with pytest.raises(ValueError, match=message):
            disentanglement.mig(codes, FACTORS)
    with pytest.raises(ValueError, match=r"categorical must hold numbers of columns .* got \(3,\)"):
        disentanglement.sap(NOISE, FACTORS, categorical=(3,))
    unique = np.column_stack([np.arange(ROWS), FACTORS[:, 0]])
    with pytest.raises(ValueError, match="column 0 has another in each row"):
        disentanglement.factor_vae(NOISE, unique)
    with pytest.raises(ValueError, match="points must be at least 3"):
        disentanglement.beta_vae(NOISE, FACTORS, points=2)
