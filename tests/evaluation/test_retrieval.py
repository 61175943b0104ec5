"""Retrieval by codes: against brute force, at chance, among equals, and what cannot be scored."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tests.helpers import data, small
from zoo.evaluation.retrieval import metrics as neighbours
from zoo.evaluation.retrieval.metrics import Retrieval, distances, rank, retrieval


class Codes:
    """A model whose examples are their own codes, of the modality that a dict names, if any."""

    def encode(self, x, batch_size=256):
        self.batch_size = batch_size
        return SimpleNamespace(loc=next(iter(x.values())) if isinstance(x, dict) else x)


IDENTITY = Codes()


def views(n=60, width=3, noise=0.7, seed=0):
    """Codes of n things in two views, the second noisier."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(n, width)).astype("float32")
    return first, first + noise * rng.normal(size=first.shape).astype("float32")


def expected(found, labels, k):
    """Precision at k over the order that distances `found` `[N, M]` have without ties."""
    return (labels[np.argsort(found, 1)[:, :k]] == labels[:, None]).mean()


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_scores_are_those_of_brute_force(metric):
    (x, y), labels = views(), np.arange(60) % 4
    found = cdist(x.astype("float64"), y.astype("float64"), metric)
    ranks = 1 + (found < np.diag(found)[:, None]).sum(1)

    got = retrieval(IDENTITY, x, y, labels=labels, ks=(1, 4, 20), metric=metric)

    np.testing.assert_array_equal(rank(x, y, metric), ranks)
    np.testing.assert_array_equal(got.neighbours, np.argsort(found, 1)[:, :20])
    assert got.mean_reciprocal_rank == pytest.approx((1 / ranks).mean())
    assert got.recall_at == pytest.approx({k: (ranks <= k).mean() for k in (1, 4, 20)})
    assert got.precision_at == pytest.approx({k: expected(found, labels, k) for k in (1, 4, 20)})
    assert 0.05 < got.recall_at[1] < 0.9, "too easy or too hard to tell anything"


def test_distances_are_squares_and_of_cosines():
    x, y = views(n=7)[0], views(n=5, seed=1)[1]

    np.testing.assert_allclose(distances(x, y), cdist(x, y, "sqeuclidean"), rtol=1e-5)
    np.testing.assert_allclose(distances(x, y, "cosine"), 2 * cdist(x, y, "cosine"), atol=1e-5)


def test_codes_without_a_direction_have_cosine_zero_with_all():
    x, y = [[0.0, 0.0], [0.0, 2.0]], [[0.0, 0.0], [0.0, 3.0]]

    np.testing.assert_allclose(distances(x, y, "cosine"), [[2, 2], [2, 0]])


def test_perfect_codes_find_their_partners():
    x, _ = views()

    for y, metric in ((x, "euclidean"), (x, "cosine"), (3 * x, "cosine")):
        got = retrieval(IDENTITY, {"image": x}, {"text": y}, metric=metric)

        assert got.recall_at == {1: 1.0, 5: 1.0, 10: 1.0}
        assert got.mean_reciprocal_rank == 1.0
        assert got.precision_at is None
        np.testing.assert_array_equal(got.neighbours[:, 0], np.arange(60))


def test_unrelated_codes_are_at_chance():
    m = 1000
    x, y = views(m)[0], views(m, seed=1)[0]
    labels = np.random.default_rng(2).integers(4, size=m)
    reciprocals = 1 / np.arange(1, m + 1)

    got = retrieval(IDENTITY, x, y, labels=labels, ks=(10, 100))

    for k in (10, 100):
        share = k / m
        error = np.sqrt(share * (1 - share) / m)
        assert got.recall_at[k] == pytest.approx(share, abs=4 * error)
    error = reciprocals.std() / np.sqrt(m)
    assert got.mean_reciprocal_rank == pytest.approx(reciprocals.mean(), abs=4 * error)
    assert got.precision_at[100] == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("code", [[0.0, 0.0, 0.0], [0.1, -3.0, 7.7]])
def test_a_collapsed_encoder_is_at_chance(metric, code):
    m = 50
    x = np.tile(np.float32(code), (m, 1))
    labels = np.sort(np.arange(m) % 5)  # an order that would favour the first class

    got = retrieval(IDENTITY, x, x, labels=labels, metric=metric)

    np.testing.assert_array_equal(rank(x, x, metric), (m + 1) / 2)
    assert got.recall_at == pytest.approx({1: 1 / m, 5: 5 / m, 10: 10 / m})
    assert got.mean_reciprocal_rank == pytest.approx((1 / np.arange(1, m + 1)).mean())
    assert got.precision_at == pytest.approx({1: 0.2, 5: 0.2, 10: 0.2})
    assert len({tuple(row) for row in got.neighbours}) > m // 2, "the order must not be the same"


def test_codes_of_one_direction_are_at_chance_by_cosine():
    lengths = np.random.default_rng(0).uniform(1, 9, (40, 1))
    x = lengths * [[0.3, -1.0, 2.0]]

    np.testing.assert_array_equal(rank(x, x, "cosine"), 20.5)
    np.testing.assert_array_equal(rank(x, x, "euclidean"), 1.0)


def test_scores_among_equals_are_means_over_their_orders():
    rng = np.random.default_rng(0)
    x, y = rng.integers(3, size=(2, 30, 2)).astype("float32")
    labels, gallery_labels = rng.integers(3, size=(2, 30))
    found = cdist(x, y, "sqeuclidean")
    orders = [np.lexsort((rng.random(found.shape), found)) for _ in range(3000)]
    partner = [np.argmax(order == np.arange(30)[:, None], 1) for order in orders]

    got = retrieval(IDENTITY, x, y, labels=labels, gallery_labels=gallery_labels)

    np.testing.assert_allclose(rank(x, y), 1 + np.mean(partner, 0), atol=0.5)
    assert got.mean_reciprocal_rank == pytest.approx(
        np.mean([1 / (1 + p) for p in partner]), abs=0.005
    )
    for k in (1, 5, 10):
        hits = [(gallery_labels[order[:, :k]] == labels[:, None]).mean() for order in orders]
        assert got.precision_at[k] == pytest.approx(np.mean(hits), abs=0.005)
        recall = np.mean([(p < k).mean() for p in partner])
        assert got.recall_at[k] == pytest.approx(recall, abs=0.005)


def test_the_order_of_the_gallery_changes_no_precision():
    rng = np.random.default_rng(0)
    x, y = rng.integers(3, size=(2, 30, 2))
    labels, order = rng.integers(3, size=30), rng.permutation(30)

    given = retrieval(IDENTITY, x, y, labels=labels, gallery_labels=labels)
    mixed = retrieval(IDENTITY, x, y[order], labels=labels, gallery_labels=labels[order])

    assert given.precision_at == pytest.approx(mixed.precision_at)


@pytest.mark.parametrize("size", [1, 150, 10**9])
def test_blocks_of_any_size_give_the_same(size, monkeypatch):
    x, y = np.round(views(), 1)  # with ties
    labels = np.arange(60) % 4
    once = retrieval(IDENTITY, x, y, labels=labels).to_dict()

    monkeypatch.setattr(neighbours, "BLOCK", size)

    assert retrieval(IDENTITY, x, y, labels=labels).to_dict() == once


def test_classes_alone_score_a_gallery_of_another_length():
    x, y = views(6)[0], views(40)[1]

    got = retrieval(IDENTITY, x, y, labels=list("abcabc"), gallery_labels=["a"] * 39 + ["b"])

    assert got.recall_at is None and got.mean_reciprocal_rank is None
    assert got.neighbours.shape == (6, 10)
    assert np.issubdtype(got.neighbours.dtype, np.integer)
    assert got.precision_at[10] == pytest.approx(1 / 3, abs=0.04)


def test_partners_share_their_classes_where_the_gallery_has_none():
    (x, y), labels = views(), np.arange(60) % 3

    alone = retrieval(IDENTITY, x, y, labels=labels)
    both = retrieval(IDENTITY, x, y, labels=labels.astype(object), gallery_labels=labels)

    assert alone.to_dict() == both.to_dict()


def test_ks_come_in_order_and_once():
    x, y = views()

    got = retrieval(IDENTITY, x, y, ks=[np.int64(7), 2, 7], batch_size=11)

    assert list(got.recall_at) == [2, 7]
    assert got.neighbours.shape == (60, 7)
    assert IDENTITY.batch_size == 11


def test_a_retrieval_reads_as_a_table_and_as_plain_values():
    got = Retrieval(np.array([[1, 0]]), {1: 0.25, 2: 1.0}, 0.6251, {1: 0.0, 2: 0.5})

    assert str(got).splitlines() == [
        "               @1      @2",
        "recall      0.250   1.000",
        "precision   0.000   0.500",
        "mean reciprocal rank 0.625",
    ]
    assert json.loads(json.dumps(got.to_dict())) == {
        "neighbours": [[1, 0]],
        "recall_at": {"1": 0.25, "2": 1.0},
        "mean_reciprocal_rank": 0.6251,
        "precision_at": {"1": 0.0, "2": 0.5},
    }
    unpaired = Retrieval(got.neighbours, None, None, got.precision_at)
    assert str(unpaired).splitlines() == str(got).splitlines()[::2]


def test_a_vae_finds_its_own_examples():
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
        (dict(gallery=X[:, :1]), r"gallery must have codes of the width of queries, 2, got 1"),
        (dict(gallery=X + np.nan), r"gallery must have finite codes"),
        (dict(queries=X[:19]), r"gallery must have as many examples as queries, 19, .* got 20"),
        (dict(gallery_labels=Y), r"labels must be given beside gallery_labels"),
        (dict(labels=Y[:19]), r"labels has 19 rows, expected 20, as many as queries"),
        (dict(labels=Y, gallery_labels=Y[:3]), r"gallery_labels has 3 rows, expected 20"),
        (dict(labels=Y[:9], queries=X[:9]), r"gallery_labels must be given, as gallery has 20"),
        (dict(labels=X), r"labels must be a vector of classes, got shape \(20, 2\)"),
        (dict(labels=Y + np.nan), r"labels must be numbers or strings, got float64, or NaN in it"),
        (dict(labels=[None] * 20), r"labels must be numbers or strings, got object"),
        (dict(labels=Y, gallery_labels=["0"] * 20), r"gallery_labels must be of the kind of"),
    ],
)
def test_what_cannot_be_scored_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        retrieval(IDENTITY, **{"queries": X, "gallery": X, **arguments})


@pytest.mark.parametrize("argument", ["queries", "gallery"])
@pytest.mark.parametrize("nothing", [None, "x"])
def test_what_holds_no_examples_is_named(argument, nothing):
    with pytest.raises(TypeError, match=f"{argument} must be an array or a dataset"):
        retrieval(IDENTITY, **{"queries": X, "gallery": X, argument: nothing})


def test_rank_wants_pairs():
    with pytest.raises(ValueError, match="gallery_codes must have as many rows as query_codes, 20"):
        rank(X, X[:3])
    with pytest.raises(ValueError, match=r"query_codes must have codes \[N, D\]"):
        rank([], X)
