"""Tail probabilities of features as an anomaly score."""

import pickle

import numpy as np
import pytest
import tensorflow as tf

pytest.importorskip("sklearn", reason="AnomalyDetector needs scikit-learn")

import zoo
from tests.helpers import data, small
from zoo.anomaly import Tails
from zoo.anomaly.tails import shares

X = np.random.default_rng(2).normal(size=(50, 6)).astype("float32")


@pytest.fixture(scope="module")
def vae():
    return small("dense_vae", likelihood=zoo.likelihoods.Normal(0.5), seed=3)


def test_shares_by_counting():
    reference = np.array([[1.0, 5.0], [2.0, np.nan], [2.0, np.nan], [4.0, np.nan]])

    upper, lower = shares(np.array([[2.0, 7.0], [0.0, np.nan], [9.0, 5.0]]), reference)

    np.testing.assert_allclose(upper, [[4 / 5, 1 / 2], [1, 1], [1 / 5, 1]])
    np.testing.assert_allclose(lower, [[4 / 5, 1], [1 / 5, 1], [1, 1]])


def test_the_score_by_counting(vae):
    score = Tails().fit(vae, X[:40])
    surprises = [-zoo.anomaly.feature_scores(vae, x) for x in (X[:40], X[40:])]

    expected = np.zeros(10)
    for n in range(10):
        for i in range(6):
            value, known = X[40 + n, i], X[:40, i]
            upper = (1 + (known >= value).sum()) / 41
            lower = (1 + (known <= value).sum()) / 41
            surprising = (1 + (surprises[0][:, i] >= surprises[1][n, i]).sum()) / 41
            expected[n] += np.log(min(1, 2 * min(upper, lower))) + np.log(surprising)
    np.testing.assert_allclose(score(vae, X[40:]), expected, rtol=1e-5)
    assert (score(vae, X) <= 0).all()


def test_the_units_of_columns_do_not_matter():
    units = np.array([1e-3, 1, 50, 1, 1, 1e4])
    scores = []
    for x in (X, X * units):
        likelihood = zoo.likelihoods.Tabular.from_data(x)
        table = small("dense_vae", likelihood=likelihood, seed=3)
        scores.append(Tails().fit(table, x)(table, x))

    np.testing.assert_allclose(*scores, atol=0.2)  # surprises may swap places by rounding


def test_what_is_missing_counts_nothing_and_classes_by_their_surprise():
    x = np.stack([X[:, 0], np.arange(50) % 3], 1)
    likelihood = zoo.likelihoods.Tabular.from_data(x, categories=(0, 3))
    table = small("dense_vae", input_shape=(2,), likelihood=likelihood, seed=3)
    gaps = x.copy()
    gaps[:20, 0] = np.nan
    score = Tails().fit(table, gaps)

    assert score.values.shape == (50, 2) and np.isnan(score.values[:, 1]).all()
    # A gap's surprise of 0 would pass for the least there is.
    assert np.isnan(score.surprises).sum(0).tolist() == [20, 0]
    assert np.isfinite(score(table, gaps)).all()
    assert Tails().fit(table, x)(table, np.full((1, 2), np.nan)) == 0


def test_a_detector_keeps_what_it_compares_with(vae):
    found = zoo.AnomalyDetector(vae, score="tails").fit(X)
    again = pickle.loads(pickle.dumps(found))
    outlier = np.where(np.arange(6) == 2, 40.0, X[:1]).astype("float32")

    assert found.score_.values.shape == (50, 6)
    np.testing.assert_allclose(again.score_samples(X), found.score_samples(X), rtol=1e-5)
    dataset = tf.data.Dataset.from_tensor_slices((X, np.zeros(50))).batch(16)
    np.testing.assert_allclose(found.score_samples(dataset), found.score_samples(X), rtol=1e-5)
    few = zoo.AnomalyDetector(vae, score=Tails(reference=30)).fit(dataset)
    np.testing.assert_array_equal(few.score_.values, np.sort(X[:30], 0))
    # One column far out is as rare as can be, and no more than that.
    assert found.score_samples(outlier)[0] >= found.score_samples(X[:1])[0] + 6 * np.log(1 / 51) * 2
    assert found.score_samples(outlier)[0] < found.score_samples(X[:1])[0]


def test_what_it_cannot_compare_is_an_error(vae):
    with pytest.raises(TypeError, match="compares with examples seen before"):
        Tails()(vae, X)
    with pytest.raises(TypeError, match="product over features"):
        Tails().fit(small("multimodal_vae"), data("multimodal_vae", 4))
    with pytest.raises(ValueError, match="reference must be"):
        zoo.AnomalyDetector(vae, score=Tails(reference=0)).fit(X)
