"""Retrieval scores with ties and edge cases, against values worked out by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from zoo.evaluation.retrieval.inputs import class_indices
from zoo.evaluation.retrieval.metrics import _precision_at, distances, rank, retrieval
from zoo.evaluation.retrieval.result import Retrieval

IDENTITY = SimpleNamespace(encode=lambda x, batch_size: SimpleNamespace(loc=x))


def column(*numbers):
    """Codes of one dimension."""
    return np.array(numbers, "float64")[:, None]


def test_a_partner_tied_with_another_item_counts_by_half():
    # Distances of query 0: 1 (partner), 1, 4; of query 1: 0, 4 (partner), 1; query 2: 4, 0, 9.
    queries, gallery = column(0, -1, 1), column(-1, 1, -2)

    result = retrieval(IDENTITY, queries, gallery, ks=(1, 2, 3))

    np.testing.assert_array_equal(rank(queries, gallery), [1.5, 3.0, 3.0])
    assert result.recall_at == pytest.approx({1: 0.5 / 3, 2: 1 / 3, 3: 1.0})
    assert result.mean_reciprocal_rank == pytest.approx(((1 + 1 / 2) / 2 + 1 / 3 + 1 / 3) / 3)


def test_three_items_behind_a_nearer_one_share_ranks_two_to_four():
    queries, gallery = column(0, 50, 50, 50), column(2, 1, -2, 2)

    assert rank(queries, gallery)[0] == 3.0
    first = retrieval(IDENTITY, queries, gallery, ks=(1, 2, 3, 4), labels=[0, 1, 2, 3])
    assert {*first.neighbours[0, 1:]} == {0, 2, 3} and first.neighbours[0, 0] == 1
    # Queries 1 to 3 are nearest to items 0 and 3, at the same distance, then 1, then 2.
    np.testing.assert_array_equal(rank(queries, gallery)[1:], [3.0, 4.0, 1.5])
    expected = np.mean([(1 / 2 + 1 / 3 + 1 / 4) / 3, 1 / 3, 1 / 4, 3 / 4])
    assert first.mean_reciprocal_rank == pytest.approx(expected)


@pytest.mark.parametrize(
    ("distances_", "same", "expected"),
    [
        ([1, 2, 3], [1, 0, 1], [1, 1 / 2, 2 / 3]),  # without ties
        ([1, 1, 1], [1, 0, 0], [1 / 3, 1 / 3, 1 / 3]),  # all tied
        ([1, 2, 2], [1, 0, 1], [1, (1 + 1 / 2) / 2, 2 / 3]),  # tied after the first
        ([1, 1, 2], [1, 0, 1], [1 / 2, 1 / 2, 2 / 3]),  # tied before the last
    ],
)
def test_precision_counts_tied_items_by_their_expectation(distances_, same, expected):
    precision = _precision_at(np.array(distances_), np.array(same, bool), (1, 2, 3))

    np.testing.assert_allclose(precision, expected)


def test_ties_beyond_the_last_neighbour_count_in_its_precision():
    # Item 0 is the nearest; items 1 to 4 are tied for the second place, and one of them hits.
    gallery = column(0, 1, 1, -1, -1)

    result = retrieval(
        IDENTITY, column(0), gallery, labels=["a"], gallery_labels=list("baccc"), ks=(1, 2)
    )

    assert result.precision_at == pytest.approx({1: 0.0, 2: (1 / 4) / 2})
    assert result.neighbours.shape == (1, 2) and result.neighbours[0, 0] == 0
    assert result.recall_at is None


def test_one_query_and_one_item_are_a_perfect_pair():
    result = retrieval(IDENTITY, column(3), column(-4), ks=[1], labels=["x"])

    assert result.to_dict() == {
        "neighbours": [[0]],
        "recall_at": {1: 1.0},
        "mean_reciprocal_rank": 1.0,
        "precision_at": {1: 1.0},
    }


def test_codes_of_higher_rank_are_flattened():
    x = np.random.default_rng(0).normal(size=(4, 2, 3))

    np.testing.assert_allclose(distances(x, x), ((x[:, None] - x) ** 2).sum((2, 3)), rtol=1e-12)


def test_parallel_codes_tie_exactly_by_cosine_whatever_their_length():
    directions = np.random.default_rng(1).normal(size=(1, 7)) * np.array([[1e-3], [0.7], [3e5]])

    matrix = distances(directions, -directions, "cosine")

    np.testing.assert_allclose(matrix, 4.0)
    np.testing.assert_array_equal(matrix, matrix[0, 0])


def test_classes_of_both_sides_share_their_indices():
    queries, gallery = class_indices(["b", "c"], ["a", "b", "d"])

    np.testing.assert_array_equal(queries, [1, 2])
    np.testing.assert_array_equal(gallery, [0, 1, 3])
    same, also = class_indices([2.0, 1.0, 2.0], None)
    assert same is also and same.tolist() == [1, 0, 1]
    assert class_indices(None, None) is None
    booleans, numbers = class_indices([True, False], [1, 0, 2])
    assert booleans.tolist() == [1, 0] and numbers.tolist() == [1, 0, 2]


def test_text_without_labels_or_without_partners_has_one_row():
    recall = Retrieval(np.array([[0]]), {10: 0.125}, 0.0625, None)
    assert str(recall) == "              @10\nrecall      0.125\nmean reciprocal rank 0.062"
    precision = Retrieval(np.array([[0]]), None, None, {1: 1.0})
    assert str(precision) == "               @1\nprecision   1.000"
    assert precision.to_dict()["recall_at"] is None
