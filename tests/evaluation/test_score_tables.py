"""Inputs of the metrics and probes at their limits, known values, and the text of results."""

import json

import numpy as np
import pytest

from zoo.evaluation import disentanglement, representation
from zoo.evaluation.disentanglement.dci import _column_entropies
from zoo.evaluation.disentanglement.inputs import (
    check_categorical,
    check_codes_and_factors,
    rows_by_value,
    standardize,
)
from zoo.evaluation.disentanglement.mig_sap import _bin_indices
from zoo.evaluation.inputs import label_vector
from zoo.evaluation.representation.inputs import balanced_rows, class_indices, label_counts
from zoo.evaluation.representation.summary import ProbeScores, RepresentationScores

RNG = np.random.default_rng(0)
GRID = np.array([[a, b] for a in (0, 1) for b in (0, 1)])  # two independent binary factors


@pytest.mark.parametrize(
    ("codes", "factors", "error", "message"),
    [
        (GRID[:, :1], GRID, ValueError, r"codes must be a matrix .* got shape \(4, 1\)"),
        (GRID[:1], GRID[:1], ValueError, r"codes must be a matrix .* got shape \(1, 2\)"),
        (GRID, GRID[:, 0], ValueError, r"factors must be a matrix .* got shape \(4,\)"),
        (GRID, GRID * 1.0, TypeError, "factors must be integers, got float64: np.unique"),
        (GRID, GRID[:3], ValueError, "factors must have 4 rows, one for each code, got 3"),
        (GRID, [[0, 7], [1, 7]] * 2, ValueError, "got column 1 with 7 in all rows"),
        (GRID * 0, GRID, ValueError, "codes must differ between rows"),
        (GRID - np.inf, GRID, ValueError, "codes must be finite, got NaN or infinity"),
    ],
)
def test_codes_and_factors_that_do_not_fit_raise(codes, factors, error, message):
    with pytest.raises(error, match=message):
        check_codes_and_factors(codes, factors)


def test_codes_and_factors_become_float64_and_int64():
    codes, factors = check_codes_and_factors(GRID.tolist(), GRID.astype(bool))

    assert (codes.dtype, factors.dtype) == ("float64", "int64")
    np.testing.assert_array_equal(factors, GRID)


def test_categorical_columns_are_a_tuple_of_valid_indices():
    assert check_categorical(np.int64(1), 2) == (1,)
    assert check_categorical([0, 1], 2) == (0, 1) and check_categorical((), 2) == ()
    for wrong in (2, [-1], [0.0], ["a"]):
        with pytest.raises(ValueError, match=r"categorical must hold .* 0 \.\. 1, got"):
            check_categorical(wrong, 2)


def test_standardized_codes_have_std_one_and_no_constant_dimension():
    codes = RNG.normal(size=(50, 3)) * [2.0, 0.0, 1e-4]

    scaled = standardize(codes)

    assert scaled.shape == (50, 2)
    np.testing.assert_allclose(scaled.std(0), 1.0)
    np.testing.assert_allclose(scaled[:, 0], codes[:, 0] / codes[:, 0].std())


def test_rows_by_value_skips_values_of_a_single_row():
    rows = rows_by_value(np.array([4, -1, 4, 9, -1, 4]))

    assert [group.tolist() for group in rows] == [[1, 4], [0, 2, 5]]


def test_bins_are_of_equal_width_and_include_both_extremes():
    np.testing.assert_array_equal(
        _bin_indices(np.array([0.0, 0.9, 1.0, 3.9, 4.0]), 4), [0, 0, 1, 3, 3]
    )
    np.testing.assert_array_equal(_bin_indices(np.full(3, 7.0), 5), [4, 4, 4])  # one bin for all


def test_mig_of_one_informative_dimension_for_two_factors():
    # Dimension 0 determines both factors (the pair), dimension 1 none: gap = H(v) of each.
    factors = np.tile(GRID, (5, 1))
    codes = np.stack([2 * factors[:, 0] + factors[:, 1], np.repeat(np.arange(5), 4)], 1)
    assert disentanglement.mig(codes, factors) == pytest.approx(1.0)
    # A copy of the dimension leaves no gap.
    assert disentanglement.mig(codes[:, [0, 0]], factors) == pytest.approx(0.0)


def test_sap_ignores_constant_dimensions_and_the_sign_and_unit_of_codes():
    codes = np.stack([-1e3 * GRID[:, 0], GRID[:, 1] / 7 + 2, np.full(4, 5.0)], 1)

    assert disentanglement.sap(codes, GRID) == pytest.approx(1.0)


def test_entropies_are_those_of_columns_over_their_sums():
    columns = np.array([[2.0, 0.0, 1.0], [2.0, 0.0, 0.0], [0.0, 0.0, 3.0]])

    expected = [np.log(2), 0.0, -(np.log(1 / 4) / 4 + 3 / 4 * np.log(3 / 4))]
    np.testing.assert_allclose(_column_entropies(columns), expected)


def test_groups_need_a_value_that_several_rows_share():
    factors = np.stack([np.arange(4), GRID[:, 0]], 1)

    for metric in (disentanglement.factor_vae, disentanglement.beta_vae):
        with pytest.raises(ValueError, match="got column 0 with a different value in each row"):
            metric(GRID, factors)
    with pytest.raises(ValueError, match="points must be at least 2, one for each factor, got 1"):
        disentanglement.beta_vae(GRID, GRID, points=1)


def test_disentanglement_scores_print_as_a_table_and_convert_to_a_dict():
    scores = disentanglement.DisentanglementScores(0.1, 0.25, 0.3333, 1.0, 0.0, 0.9996, 0.5, 5000)

    assert str(scores).splitlines() == [
        "mig                0.100",
        "disentanglement    0.250",
        "completeness       0.333",
        "informativeness    1.000",
        "sap                0.000",
        "factor_vae         1.000",
        "beta_vae           0.500",
        "rows                5000",
    ]
    assert list(scores.to_dict().values()) == [0.1, 0.25, 0.3333, 1.0, 0.0, 0.9996, 0.5, 5000]


def probe_scores(**changes):
    values = dict(linear=0.5, neighbours=0.25, ari=-0.125, nmi=1.0, silhouette=0.75)
    return ProbeScores(**{**values, "few_labels": {10: [0.5, 0.7], 100: [1.0, 1.0]}, **changes})


def test_representation_scores_print_a_row_for_each_kind_of_features():
    rows = {"codes": probe_scores(), "inputs": probe_scores(silhouette=np.nan, linear=0.0)}

    heads, codes, inputs, last = str(RepresentationScores(rows, 80, 20)).splitlines()

    assert heads.split()[-4:] == ["10", "labels", "100", "labels"]
    assert codes.split() == [
        *("codes", "0.500", "0.250", "-0.125", "1.000", "0.750"),
        *("0.600", "±", f"{np.std([0.5, 0.7], ddof=1):.3f}", "1.000", "±", "0.000"),
    ]
    assert inputs.split()[:6] == ["inputs", "0.000", "0.250", "-0.125", "1.000", "nan"]
    assert len(heads) == len(codes) == len(inputs)  # columns are aligned to the right
    assert last == "80 training examples, 20 held out"


def test_representation_scores_without_few_labels_have_five_columns():
    rows = {"codes": probe_scores(few_labels={})}

    assert str(RepresentationScores(rows, 8, 2)).splitlines()[0].split() == [
        *("linear", "neighbours", "ari", "nmi", "silhouette")
    ]


def test_label_counts_are_python_integers_up_to_what_the_rarest_class_allows():
    y = np.repeat([0, 1, 2], [4, 60, 60])

    assert label_counts(None, y) == (10,)
    assert label_counts(np.array([3, 12]), y) == (3, 12)
    assert all(type(n) is int for n in label_counts(np.array([3, 12]), y))
    assert label_counts(np.int64(5), y) == (5,)
    for wrong in ([2], [13], [4.0]):
        with pytest.raises(ValueError, match=r"few must hold integers from 3, .* to 12, .* has 4"):
            label_counts(wrong, y)


def test_scores_of_few_labels_convert_to_json():
    x = RNG.normal(size=(40, 2))
    features, y = {"codes": (x[:30], x[30:])}, np.arange(40) % 2

    scores = representation.score_features(features, y[:30], y[30:], few=np.array([4, 8]), draws=2)

    few = json.loads(json.dumps(scores.to_dict()))["rows"]["codes"]["few_labels"]
    assert list(few) == ["4", "8"] and all(len(draws) == 2 for draws in few.values())


@pytest.mark.parametrize("n", [3, 4, 5, 9])
def test_balanced_rows_hold_each_class_equally_often_up_to_one(n):
    y = np.repeat([0, 1, 2], [3, 20, 50])

    rows = balanced_rows(y, n, seed=2)

    counts = np.bincount(y[rows], minlength=3)
    assert len({*rows}) == n and np.ptp(counts) <= 1


def test_class_indices_are_ranks_of_sorted_classes():
    y, test_y = class_indices(["b", "a", "c", "a", "b", "c"], ["c", "a"])
    np.testing.assert_array_equal(y, [1, 0, 2, 0, 1, 2])
    np.testing.assert_array_equal(test_y, [2, 0])
    for wrong, got in (([0, 1] * 2, "0: 2, 1: 2"), ([0] * 5 + [1], "0: 5, 1: 1")):
        with pytest.raises(ValueError, match=f"at least 6 rows .* got rows by class {{{got}}}"):
            class_indices(wrong, None)


def test_label_vectors_of_objects_become_numbers_or_strings():
    assert label_vector(np.array(["a", "bc"], object), "y").dtype.kind == "U"
    assert label_vector(np.array([1, 2], object), "y").dtype.kind == "i"
    with pytest.raises(ValueError, match=r"labels must be a vector .* got shape \(0,\)"):
        label_vector([], "labels")
    with pytest.raises(ValueError, match="labels must not be NaN, got NaN in 2 rows"):
        label_vector([np.nan, 1.0, np.nan], "labels")
