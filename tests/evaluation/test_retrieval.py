"""Retrieval metrics: against brute force, at chance, with ties, and wrong arguments."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tests.helpers import data, small
from zoo.evaluation.retrieval import metrics
from zoo.evaluation.retrieval.metrics import distances, rank, retrieval
from zoo.evaluation.retrieval.result import Retrieval


class Codes:
    """A model whose codes are its examples, or the only modality of a dict."""

    def encode(self, x, batch_size=256):
        self.batch_size = batch_size
        return SimpleNamespace(loc=next(iter(x.values())) if isinstance(x, dict) else x)


IDENTITY = Codes()


def views(n=60, width=3, noise=0.7, seed=0):
    """Codes of n items in two views, the second noisier."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(n, width)).astype("float32")
    return first, first + noise * rng.normal(size=first.shape).astype("float32")


def expected_precision(distance_matrix, labels, k):
    """Precision at k by distances `[N, M]` without ties."""
    return (labels[np.argsort(distance_matrix, 1)[:, :k]] == labels[:, None]).mean()


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_scores_are_those_of_brute_force(metric):
    (x, y), labels = views(), np.arange(60) % 4
    distance_matrix = cdist(x.astype("float64"), y.astype("float64"), metric)
    ranks = 1 + (distance_matrix < np.diag(distance_matrix)[:, None]).sum(1)

    result = retrieval(IDENTITY, x, y, labels=labels, ks=(1, 4, 20), metric=metric)

    np.testing.assert_array_equal(rank(x, y, metric), ranks)
    np.testing.assert_array_equal(result.neighbours, np.argsort(distance_matrix, 1)[:, :20])
    assert result.mean_reciprocal_rank == pytest.approx((1 / ranks).mean())
    assert result.recall_at == pytest.approx({k: (ranks <= k).mean() for k in (1, 4, 20)})
    assert result.precision_at == pytest.approx(
        {k: expected_precision(distance_matrix, labels, k) for k in (1, 4, 20)}
    )
    assert 0.05 < result.recall_at[1] < 0.9, "too easy or too hard to be a test"


def test_distances_are_squared_euclidean_or_twice_the_cosine_distance():
    x, y = views(n=7)[0], views(n=5, seed=1)[1]

    np.testing.assert_allclose(distances(x, y), cdist(x, y, "sqeuclidean"), rtol=1e-5)
    np.testing.assert_allclose(distances(x, y, "cosine"), 2 * cdist(x, y, "cosine"), atol=1e-5)


def test_codes_of_norm_zero_have_cosine_zero_with_all():
    x, y = [[0.0, 0.0], [0.0, 2.0]], [[0.0, 0.0], [0.0, 3.0]]

    np.testing.assert_allclose(distances(x, y, "cosine"), [[2, 2], [2, 0]])


def test_equal_codes_retrieve_their_partners():
    x, _ = views()

    for y, metric in ((x, "euclidean"), (x, "cosine"), (3 * x, "cosine")):
        result = retrieval(IDENTITY, {"image": x}, {"text": y}, metric=metric)

        assert result.recall_at == {1: 1.0, 5: 1.0, 10: 1.0}
        assert result.mean_reciprocal_rank == 1.0
        assert result.precision_at is None
        np.testing.assert_array_equal(result.neighbours[:, 0], np.arange(60))


def test_unrelated_codes_are_at_chance():
    m = 1000
    x, y = views(m)[0], views(m, seed=1)[0]
    labels = np.random.default_rng(2).integers(4, size=m)
    reciprocals = 1 / np.arange(1, m + 1)

    result = retrieval(IDENTITY, x, y, labels=labels, ks=(10, 100))

    for k in (10, 100):
        chance = k / m
        error = np.sqrt(chance * (1 - chance) / m)
        assert result.recall_at[k] == pytest.approx(chance, abs=4 * error)
    error = reciprocals.std() / np.sqrt(m)
    assert result.mean_reciprocal_rank == pytest.approx(reciprocals.mean(), abs=4 * error)
    assert result.precision_at[100] == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("code", [[0.0, 0.0, 0.0], [0.1, -3.0, 7.7]])
def test_a_collapsed_encoder_is_at_chance(metric, code):
    m = 50
    x = np.tile(np.float32(code), (m, 1))
    labels = np.sort(
        np.arange(m) % 5
    )  # sorted, so that ties in gallery order would favour the first class

    result = retrieval(IDENTITY, x, x, labels=labels, metric=metric)

    np.testing.assert_array_equal(rank(x, x, metric), (m + 1) / 2)
    assert result.recall_at == pytest.approx({1: 1 / m, 5: 5 / m, 10: 10 / m})
    assert result.mean_reciprocal_rank == pytest.approx((1 / np.arange(1, m + 1)).mean())
    assert result.precision_at == pytest.approx({1: 0.2, 5: 0.2, 10: 0.2})
    assert len({tuple(row) for row in result.neighbours}) > m // 2, (
        "the order of ties must be random"
    )


def test_codes_of_one_direction_are_at_chance_by_cosine():
    lengths = np.random.default_rng(0).uniform(1, 9, (40, 1))
    x = lengths * [[0.3, -1.0, 2.0]]

    np.testing.assert_array_equal(rank(x, x, "cosine"), 20.5)
    np.testing.assert_array_equal(rank(x, x, "euclidean"), 1.0)


def test_scores_with_ties_are_means_over_random_orders():
    rng = np.random.default_rng(0)
    x, y = rng.integers(3, size=(2, 30, 2)).astype("float32")
    labels, gallery_labels = rng.integers(3, size=(2, 30))
    distance_matrix = cdist(x, y, "sqeuclidean")
    orders = [np.lexsort((rng.random(distance_matrix.shape), distance_matrix)) for _ in range(3000)]
    partner = [np.argmax(order == np.arange(30)[:, None], 1) for order in orders]

    result = retrieval(IDENTITY, x, y, labels=labels, gallery_labels=gallery_labels)

    np.testing.assert_allclose(rank(x, y), 1 + np.mean(partner, 0), atol=0.5)
    assert result.mean_reciprocal_rank == pytest.approx(
        np.mean([1 / (1 + p) for p in partner]), abs=0.005
    )
    for k in (1, 5, 10):
        hits = [(gallery_labels[order[:, :k]] == labels[:, None]).mean() for order in orders]
        assert result.precision_at[k] == pytest.approx(np.mean(hits), abs=0.005)
        recall = np.mean([(p < k).mean() for p in partner])
        assert result.recall_at[k] == pytest.approx(recall, abs=0.005)


def test_precision_does_not_depend_on_the_order_of_the_gallery():
    rng = np.random.default_rng(0)
    x, y = rng.integers(3, size=(2, 30, 2))
    labels, order = rng.integers(3, size=30), rng.permutation(30)

    original = retrieval(IDENTITY, x, y, labels=labels, gallery_labels=labels)
    shuffled = retrieval(IDENTITY, x, y[order], labels=labels, gallery_labels=labels[order])

    assert original.precision_at == pytest.approx(shuffled.precision_at)


@pytest.mark.parametrize("size", [1, 150, 10**9])
def test_block_size_does_not_change_the_result(size, monkeypatch):
    x, y = np.round(views(), 1)  # with ties
    labels = np.arange(60) % 4
    default = retrieval(IDENTITY, x, y, labels=labels).to_dict()

    monkeypatch.setattr(metrics, "BLOCK_SIZE", size)

    assert retrieval(IDENTITY, x, y, labels=labels).to_dict() == default


def test_a_gallery_of_another_length_is_scored_by_classes_alone():
    x, y = views(6)[0], views(40)[1]

    result = retrieval(IDENTITY, x, y, labels=list("abcabc"), gallery_labels=["a"] * 39 + ["b"])

    assert result.recall_at is None and result.mean_reciprocal_rank is None
    assert result.neighbours.shape == (6, 10)
    assert np.issubdtype(result.neighbours.dtype, np.integer)
    assert result.precision_at[10] == pytest.approx(1 / 3, abs=0.04)


def test_without_gallery_labels_partners_share_their_class():
    (x, y), labels = views(), np.arange(60) % 3

    alone = retrieval(IDENTITY, x, y, labels=labels)
    both = retrieval(IDENTITY, x, y, labels=labels.astype(object), gallery_labels=labels)

    assert alone.to_dict() == both.to_dict()


def test_ks_are_sorted_and_distinct():
    x, y = views()

    result = retrieval(IDENTITY, x, y, ks=[np.int64(7), 2, 7], batch_size=11)

    assert list(result.recall_at) == [2, 7]
    assert result.neighbours.shape == (60, 7)
    assert IDENTITY.batch_size == 11


def test_a_result_converts_to_a_table_and_to_json():
    result = Retrieval(np.array([[1, 0]]), {1: 0.25, 2: 1.0}, 0.6251, {1: 0.0, 2: 0.5})

    assert str(result).splitlines() == [
        "               @1      @2",
        "recall      0.250   1.000",
        "precision   0.000   0.500",
        "mean reciprocal rank 0.625",
    ]
    assert json.loads(json.dumps(result.to_dict())) == {
        "neighbours": [[1, 0]],
        "recall_at": {"1": 0.25, "2": 1.0},
        "mean_reciprocal_rank": 0.6251,
        "precision_at": {"1": 0.0, "2": 0.5},
    }
    unpaired = Retrieval(result.neighbours, None, None, result.precision_at)
    assert str(unpaired).splitlines() == str(result).splitlines()[::2]


def test_a_vae_retrieves_its_own_examples():
    vae, x = small("dense_vae"), data("dense_vae")

    assert retrieval(vae, x, x, ks=(1,)).recall_at == {1: 1.0}


X = np.zeros((20, 2))
Y = np.zeros(20)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(ks=()), r"ks must be .* positive integers, got \(\)"),
        (dict(ks=(1, 0)), r"ks must be .* positive integers, got \(1, 0\)"),
        (dict(ks=(1, 2.0)), r"ks must be .* positive integers, got \(1, 2.0\)"),
        (dict(ks=(True,)), r"ks must be .* positive integers"),
        (dict(ks=5), r"ks must be .* positive integers, got 5"),
        (dict(ks=(1, 21)), r"ks must be at most 20, .* got 21"),
        (dict(metric="manhattan"), r"metric must be one of 'euclidean', 'cosine', got 'manhattan'"),
        (dict(metric=None), r"metric must be .* got None"),
        (dict(queries=X[:0]), r"queries must have codes .* got shape \(0, 2\)"),
        (dict(gallery=X[:0]), r"gallery must have codes .* got shape \(0, 2\)"),
        (dict(gallery=X[:, :1]), r"gallery must have codes of the same width as queries, 2, got 1"),
        (dict(gallery=X + np.nan), r"gallery must have finite codes"),
        (dict(queries=X[:19]), r"gallery must have as many examples as queries, 19, .* got 20"),
        (
            dict(gallery_labels=Y),
            r"labels must be the classes of the queries if gallery_labels is passed",
        ),
        (dict(labels=Y[:19]), r"labels must have 20 rows, one for each query, got 19"),
        (dict(labels=Y, gallery_labels=Y[:3]), r"gallery_labels must have 20 rows, .* got 3"),
        (dict(labels=Y[:9], queries=X[:9]), r"gallery_labels must be passed if gallery has 20"),
        (dict(labels=X), r"labels must be a vector .* got shape \(20, 2\)"),
        (dict(labels=Y + np.nan), r"labels must not be NaN"),
        (
            dict(labels=Y, gallery_labels=["0"] * 20),
            r"gallery_labels must be numbers or strings like",
        ),
    ],
)
def test_wrong_arguments_raise(arguments, message):
    with pytest.raises(ValueError, match=message):
        retrieval(IDENTITY, **{"queries": X, "gallery": X, **arguments})


@pytest.mark.parametrize("argument", ["queries", "gallery"])
@pytest.mark.parametrize("value", [None, "x"])
def test_arguments_without_examples_raise(argument, value):
    with pytest.raises(TypeError, match=f"{argument} must be an array or a dataset"):
        retrieval(IDENTITY, **{"queries": X, "gallery": X, argument: value})


def test_labels_of_another_type_raise():
    with pytest.raises(TypeError, match="labels must be numbers or strings, got dtype object"):
        retrieval(IDENTITY, X, X, labels=[None] * 20)


def test_rank_needs_pairs():
    with pytest.raises(ValueError, match="gallery_codes must have as many rows as query_codes, 20"):
        rank(X, X[:3])
    with pytest.raises(ValueError, match=r"query_codes must have codes \[N, D\]"):
        rank([], X)
