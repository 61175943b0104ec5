"""Tail probabilities of features as an anomaly score."""

import pickle

import numpy as np
import pytest
import tensorflow as tf

pytest.importorskip("sklearn", reason="AnomalyDetector needs scikit-learn")

import zoo
from tests.helpers import data, small
from zoo.anomaly import TailScore
from zoo.anomaly.tails import tail_probabilities

X = np.random.default_rng(2).normal(size=(50, 6)).astype("float32")


@pytest.fixture(scope="module")
def vae():
    return small("dense_vae", likelihood=zoo.likelihoods.Normal(0.5), seed=3)


def test_tail_probabilities_by_counting():
    reference = np.array([[1.0, 5.0], [2.0, np.nan], [2.0, np.nan], [4.0, np.nan]])

    upper, lower = tail_probabilities(np.array([[2.0, 7.0], [0.0, np.nan], [9.0, 5.0]]), reference)

    np.testing.assert_allclose(upper, [[4 / 5, 1 / 2], [1, 1], [1 / 5, 1]])
    np.testing.assert_allclose(lower, [[4 / 5, 1], [1 / 5, 1], [1, 1]])


def test_the_score_by_counting(vae):
    score = TailScore().fit(vae, X[:40])
    surprises = [-zoo.anomaly.feature_scores(vae, x) for x in (X[:40], X[40:])]

    expected = np.zeros(10)
    for n in range(10):
        for i in range(6):
            value, reference = X[40 + n, i], X[:40, i]
            upper = (1 + (reference >= value).sum()) / 41
            lower = (1 + (reference <= value).sum()) / 41
            surprise_tail = (1 + (surprises[0][:, i] >= surprises[1][n, i]).sum()) / 41
            expected[n] += np.log(min(1, 2 * min(upper, lower))) + np.log(surprise_tail)
    np.testing.assert_allclose(score(vae, X[40:]), expected, rtol=1e-5)
    assert (score(vae, X) <= 0).all()


def test_the_score_does_not_depend_on_the_units_of_columns():
    units = np.array([1e-3, 1, 50, 1, 1, 1e4])
    scores = []
    for x in (X, X * units):
        likelihood = zoo.likelihoods.Tabular.from_data(x)
        table = small("dense_vae", likelihood=likelihood, seed=3)
        scores.append(TailScore().fit(table, x)(table, x))

    np.testing.assert_allclose(*scores, atol=0.2)  # rounding may swap the order of surprises


def test_missing_values_count_nothing_and_classes_by_surprise_alone():
    x = np.stack([X[:, 0], np.arange(50) % 3], 1)
    likelihood = zoo.likelihoods.Tabular.from_data(x, categories=(0, 3))
    table = small("dense_vae", input_shape=(2,), likelihood=likelihood, seed=3)
    gaps = x.copy()
    gaps[:20, 0] = np.nan
    score = TailScore().fit(table, gaps)

    assert score.values.shape == (50, 2) and np.isnan(score.values[:, 1]).all()
    # The surprise of a missing value is 0, which would otherwise count as the smallest one.
    assert np.isnan(score.surprises).sum(0).tolist() == [20, 0]
    assert np.isfinite(score(table, gaps)).all()
    assert TailScore().fit(table, x)(table, np.full((1, 2), np.nan)) == 0


def test_a_detector_stores_the_reference(vae):
    detector = zoo.AnomalyDetector(vae, score="tails").fit(X)
    copy = pickle.loads(pickle.dumps(detector))
    outlier = np.where(np.arange(6) == 2, 40.0, X[:1]).astype("float32")

    assert detector.score_.values.shape == (50, 6)
    np.testing.assert_allclose(copy.score_samples(X), detector.score_samples(X), rtol=1e-5)
    dataset = tf.data.Dataset.from_tensor_slices((X, np.zeros(50))).batch(16)
    np.testing.assert_allclose(
        detector.score_samples(dataset), detector.score_samples(X), rtol=1e-5
    )
    few = zoo.AnomalyDetector(vae, score=TailScore(reference=30)).fit(dataset)
    np.testing.assert_array_equal(few.score_.values, np.sort(X[:30], 0))
    # One extreme column has the smallest possible tail probability, and not a smaller one.
    assert (
        detector.score_samples(outlier)[0]
        >= detector.score_samples(X[:1])[0] + 6 * np.log(1 / 51) * 2
    )
    assert detector.score_samples(outlier)[0] < detector.score_samples(X[:1])[0]


def test_an_unfitted_score_and_wrong_arguments_raise(vae):
    with pytest.raises(TypeError, match="TailScore must be fitted to reference examples first"):
        TailScore()(vae, X)
    with pytest.raises(TypeError, match="product over features"):
        TailScore().fit(small("multimodal_vae"), data("multimodal_vae", 4))
    with pytest.raises(ValueError, match="reference must be"):
        zoo.AnomalyDetector(vae, score=TailScore(reference=0)).fit(X)


def test_tail_probabilities_of_an_empty_reference_are_one():
    upper, lower = tail_probabilities(np.array([[1.0], [np.nan]]), np.full((3, 1), np.nan))

    np.testing.assert_array_equal([upper, lower], np.ones((2, 2, 1)))


def test_tail_probabilities_add_up_to_one_and_the_ties():
    reference = np.sort(np.random.default_rng(0).integers(0, 5, (40, 2)).astype(float), 0)
    x = np.array([[-1.0, 0.0], [2.0, 2.5], [4.0, 9.0]])

    upper, lower = tail_probabilities(x, reference)

    ties = (reference == x[:, None]).sum(1)
    np.testing.assert_allclose(upper + lower, (2 + 40 + ties) / 41)
    assert upper.min() == lower.min() == 1 / 41 and upper.max() == lower.max() == 1
