"""Distances to near rows and codes as an anomaly score."""

import pickle

import numpy as np
import pytest
import tensorflow as tf

pytest.importorskip("sklearn", reason="AnomalyDetector needs scikit-learn")

import zoo
from tests.helpers import data, small
from zoo.anomaly import NeighborScore
from zoo.anomaly.nearest import Nearest
from zoo.anomaly.neighbors import column_rarity, log_tails
from zoo.variants import fitting

X = np.random.default_rng(2).normal(size=(50, 6)).astype("float32")


@pytest.fixture(scope="module")
def vae():
    return small("dense_vae", likelihood=zoo.likelihoods.Normal(0.5), seed=3)


def test_mean_distances_by_hand():
    near = Nearest(np.array([[0.0], [1.0], [3.0], [7.0]]), (1, 2, 9))

    # A reference point does not count itself; of nine neighbors there are only three.
    np.testing.assert_allclose(near.distances([[1.0]]), [[1, 1.5, 3]], rtol=1e-6)
    np.testing.assert_allclose(near.distances([[9.0]]), [[2, 4, 16 / 3]], rtol=1e-6)


def test_of_a_row_that_occurs_twice_one_is_a_neighbor_of_the_other():
    near = Nearest(np.array([[2.0, 1.0], [2.0, 1.0], [5.0, 5.0]]), (1,))

    np.testing.assert_allclose(near.distances([[2.0, 1.0], [5.0, 5.0]]), [[0], [5]], atol=1e-6)


def test_no_counts_give_no_distances_and_one_point_is_its_own_neighbor():
    assert Nearest(X, ()).distances(X).shape == (50, 0)
    np.testing.assert_allclose(Nearest(X[:1], (3,)).distances(X[:1]), [[0]], atol=1e-6)


def test_the_score_is_the_sum_of_the_log_tails_of_its_measures(vae):
    score = NeighborScore(rows=(2,), codes=(3,), suspect=0).fit(vae, X[:40])
    codes = np.asarray(vae.encode(X).loc)

    def distance(points, n, count, skip):
        return np.sort(np.linalg.norm(points[:40] - points[n], axis=1))[skip:][:count].mean()

    measures = np.array(
        [
            [distance(X, n, 2, n < 40), distance(codes, n, 3, n < 40), -vae.elbo(X[n : n + 1])[0]]
            for n in range(50)
        ]
    )
    measures = np.c_[measures, column_rarity(X, np.sort(X[:40], 0))]
    expected = [np.log((1 + (measures[:40] >= m).sum(0)) / 41).sum() for m in measures[40:]]
    np.testing.assert_allclose(score(vae, X[40:]), expected, rtol=1e-5)
    assert (score(vae, X) <= 0).all()


def test_suspect_examples_are_no_neighbors(vae):
    x = np.concatenate([X[:40], 30 + 0.01 * X[40:44]])  # four anomalies, close to each other
    trusting, wary = (
        NeighborScore(rows=(2,), codes=(), suspect=fraction).fit(vae, x) for fraction in (0, 0.1)
    )

    distances = [score.near[0].distances(x[40:])[:, 0] for score in (trusting, wary)]

    assert distances[0].max() < 1 and distances[1].min() > 50
    assert wary(vae, x)[40:].max() < wary(vae, x)[:40].min()


def test_a_detector_stores_the_reference_and_scores_datasets(vae):
    detector = zoo.AnomalyDetector(vae, score=NeighborScore(reference=30, samples=2)).fit(X)
    copy = pickle.loads(pickle.dumps(detector))

    assert detector.score_.measures.shape == (30, 4)
    np.testing.assert_allclose(copy.score_samples(X), detector.score_samples(X), rtol=1e-5)
    dataset = tf.data.Dataset.from_tensor_slices((X, np.zeros(50))).batch(16)
    np.testing.assert_allclose(
        detector.score_samples(dataset), detector.score_samples(X), rtol=1e-5
    )
    assert zoo.AnomalyDetector(vae, score="neighbors").fit(dataset).score_.measures.shape == (50, 4)


def test_missing_values_and_classes_have_distances_but_no_rarity():
    x = np.stack([X[:, 0], np.arange(50) % 3], 1)
    x[:20, 0] = np.nan
    likelihood = zoo.likelihoods.Tabular.from_data(x, categories=(0, 3))
    table = small("dense_vae", input_shape=(2,), likelihood=likelihood, seed=3)
    score = NeighborScore(samples=2).fit(table, x)

    assert np.isfinite(score(table, x)).all()
    assert np.isnan(score.columns[:, 1]).all()
    assert score.measures[:, 1].min() == 0  # of a row without ordered values


def test_unfitted_scores_and_wrong_arguments_raise(vae):
    with pytest.raises(TypeError, match="NeighborScore must be fitted to reference examples first"):
        NeighborScore()(vae, X)
    with pytest.raises(TypeError, match="x must be an array of numbers for NeighborScore"):
        NeighborScore().fit(small("multimodal_vae"), data("multimodal_vae", 4))
    for options, message in (
        ({"suspect": 1}, r"suspect must be a fraction in \[0, 1\), got 1"),
        ({"rows": (0,)}, "rows must be a positive integer, got 0"),
        ({"reference": 0}, "reference must be a positive integer, got 0"),
    ):
        with pytest.raises(ValueError, match=message):
            NeighborScore(**options).fit(vae, X)
    with pytest.raises(TypeError, match="codes must be a tuple of numbers of neighbors, got 5"):
        NeighborScore(codes=5).fit(vae, X)
    narrow = small("dense_vae", input_shape=(4,), likelihood=zoo.likelihoods.Normal(0.5), seed=3)
    with pytest.raises(ValueError, match="x must have 6 features, as the data of fit, got 4"):
        NeighborScore(samples=1).fit(vae, X)(narrow, X[:, :4])


def test_log_tails_by_counting():
    tails = log_tails(np.array([[2.0], [9.0]]), np.array([[1.0], [2.0], [3.0]]))

    np.testing.assert_allclose(tails, np.log([[3 / 4], [1 / 4]]))


@pytest.mark.parametrize(
    ("rows", "epoch_rows", "epochs"), [(50, 4100, 30), (4096, 4096, 32), (6400, 6400, 20)]
)
def test_epochs_of_a_small_table_have_each_row_several_times(rows, epoch_rows, epochs):
    lengths = {}

    class Model(zoo.VAE):
        def fit(self, x, epochs, **options):
            lengths.update(rows=len(x), epochs=epochs)

    model = small("dense_vae", likelihood="normal", seed=3)
    model.__class__ = Model
    fitting.train(lambda x: model, np.zeros((rows, 6)), zoo.AnomalyDetector())

    assert lengths == {"rows": epoch_rows, "epochs": epochs}
