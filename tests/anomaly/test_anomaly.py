"""Anomaly detection: scores against closed forms, and scikit-learn's estimator checks."""

import pickle
import random

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import stats
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

import zoo
from tests.helpers import data, small, values
from zoo.anomaly import SCORES
from zoo.anomaly import detector as detector_module
from zoo.anomaly.feature_scores import log_prob_per_feature
from zoo.anomaly.likelihood_regret import maximize
from zoo.core.distributions import as_event
from zoo.core.estimators import seeded

tfd = tfp.distributions

# Checks of scikit-learn that may fail, and the reason.
EXPECTED_FAILURES = {
    "check_methods_subset_invariance": "float32: a batch of one is summed in another order",
    "check_methods_sample_order_invariance": "float32: rows of a batch are summed in another order",
    "check_fit_score_takes_y": "it calls the method `score`, which is an argument here",
    "check_n_features_in_after_fitting": "likewise",
    "check_pipeline_consistency": "likewise",
}
EXPECTED_SKIPS = {"check_array_api_input": "it runs only if SCIPY_ARRAY_API is set"}


@pytest.fixture(scope="module")
def vae():
    """A linear model with one latent dimension, whose log p(x) has a closed form."""
    model = small(
        "dense_vae", hidden=(), latent_dim=1, likelihood=zoo.likelihoods.Normal(0.5), seed=3
    )
    model.decoder.last.bias.assign(np.linspace(-1, 1, 6))
    model.optimizer.build(model.trainable_variables)  # as after training, so that Keras copies it
    return model


X = np.random.default_rng(5).normal(size=(40, 6)).astype("float32")


def linear_gaussian(model, x):
    """log p(x) of x = W z + b + 0.5 noise."""
    kernel, bias = (np.asarray(w, "float64") for w in model.decoder.last.get_weights())
    covariance = kernel.T @ kernel + 0.25 * np.eye(6)
    return stats.multivariate_normal(bias, covariance).logpdf(x)


# Scores


def test_each_score_by_hand(vae):
    q = vae.encode(X)
    loc, scale = np.asarray(q.loc), np.asarray(q.scale)
    kernel, bias = vae.decoder.last.get_weights()
    makers = {**SCORES, "likelihood_regret": lambda: zoo.anomaly.LikelihoodRegretScore(steps=200)}
    del makers["tails"], makers["neighbors"]  # need reference examples: tests of their own
    scores = {name: make()(vae, X) for name, make in makers.items()}

    kl = 0.5 * (loc**2 + scale**2 - 1 - 2 * np.log(scale)).sum(1)
    at_the_mean = stats.norm(loc @ kernel + bias, 0.5).logpdf(X).sum(1)
    # E_q of a square is the square at the mean plus the variance due to z.
    expected = at_the_mean - 2 * (scale**2 * (kernel**2).sum()).sum(1)
    np.testing.assert_allclose(scores["kl"], -kl, rtol=1e-4)
    np.testing.assert_allclose(scores["reconstruction"], at_the_mean, rtol=1e-4)
    np.testing.assert_allclose(scores["reconstruction_probability"], expected, rtol=1e-4)
    np.testing.assert_allclose(scores["elbo"], expected - kl, rtol=1e-4)
    # The best Normal is the true posterior, for which the ELBO equals log p(x).
    regret = linear_gaussian(vae, X) - (expected - kl)
    np.testing.assert_allclose(-scores["likelihood_regret"], regret, rtol=1e-3, atol=5e-3)


def test_maximize_reaches_the_maximum_of_each_row():
    peak = tf.constant([[1.0, -0.5], [-1.0, 0.2], [0.0, 0.0]])

    def function(parameters):
        squares = (parameters - peak) ** 2 * [1.0, 9.0]
        return tf.constant([3.0, 1.0, 2.0]) - tf.reduce_sum(squares, 1)

    best = maximize(function, tf.zeros([3, 2]), 100, 0.05)

    np.testing.assert_allclose(best, [3.0, 1.0, 2.0], atol=1e-3)
    assert float(best[2]) == 2.0  # the start is the maximum, and remains it


def test_maximize_ignores_nan():
    best = maximize(lambda parameters: tf.sqrt(0.01 - parameters[:, 0]), tf.zeros([1, 1]), 5, 0.05)

    assert np.isfinite(best).all()


def test_the_regret_of_a_ladder_raises():
    vae = small("dense_ladder_vae")

    with pytest.raises(ValueError, match="one stochastic layer"):
        zoo.anomaly.LikelihoodRegretScore(steps=1)(vae, data("dense_ladder_vae", 3))


@pytest.mark.parametrize("name", ["elbow", "likelihood"])
def test_an_unknown_score_raises_with_the_known_names(name):
    with pytest.raises(
        ValueError, match=f"score must be one of .*'likelihood_regret'.* got '{name}'"
    ):
        zoo.AnomalyDetector(score=name).fit(X)


# Scores of features


def table_rows(x):
    """p(x|z) of a table with two numeric columns and one of three classes."""
    head = zoo.likelihoods.Tabular((0, 3, 0), means=(5, 0, -1), scales=(2, 1, 3))
    return head(tf.constant(np.random.default_rng(1).normal(size=(len(x), 7)), "float32"))


def test_feature_scores_sum_to_the_log_likelihood():
    rng = np.random.default_rng(0)
    raw = tf.constant(rng.normal(size=(4, 3, 2)), "float32")
    series = zoo.likelihoods.SeriesNormal()
    series.build((None, None, 2))
    gaps = np.where(rng.random((4, 3, 2)) < 0.3, np.nan, rng.normal(size=(4, 3, 2)))
    table = np.array([[5.0, 1, np.nan], [4, 2, -1], [np.nan, 0, 2], [6, 1, 0]], "float32")
    pairs = [
        (zoo.likelihoods.Bernoulli()(raw), rng.random((4, 3, 2))),
        (zoo.likelihoods.Normal(0.3)(raw), rng.normal(size=(4, 3, 2))),
        (zoo.likelihoods.Categorical(2)(raw), rng.integers(0, 2, (4, 3, 1))),
        (series(raw), gaps),
        (table_rows(table), table),
    ]
    for likelihood, x in pairs:
        x = tf.constant(x, "float32")
        log_probs = np.asarray(log_prob_per_feature(likelihood, x))
        assert log_probs.shape == x.shape
        sums = log_probs.reshape(len(x), -1).sum(1)
        np.testing.assert_allclose(sums, likelihood.log_prob(x), rtol=1e-4, atol=1e-4)


def test_dependent_features_raise():
    dependent = tfd.MultivariateNormalTriL(scale_tril=tf.eye(2, batch_shape=[3]))
    transformed = tfd.TransformedDistribution(
        as_event(tfd.Normal(tf.zeros([3, 2]), 1.0)), tfp.bijectors.Exp()
    )
    for likelihood in (dependent, transformed):
        with pytest.raises(TypeError, match="product over features"):
            log_prob_per_feature(likelihood, tf.ones([3, 2]))


def test_the_detector_scores_features(vae):
    detector = zoo.AnomalyDetector(vae, score="reconstruction_probability").fit(X)
    anomalous = X.copy()
    anomalous[0, 2] = 9.0

    scores = detector.feature_scores(anomalous)

    np.testing.assert_allclose(scores.sum(1), detector.score_samples(anomalous), rtol=1e-4)
    assert scores.shape == X.shape
    assert scores[0].argmin() == 2


# The detector


def test_the_threshold_is_a_quantile_of_the_scores(vae):
    before = values(vae.weights)
    detector = zoo.AnomalyDetector(vae, contamination=0.25).fit(X)
    scores = vae.elbo(X, samples=16)

    assert detector.vae_ is vae
    assert all(map(np.array_equal, before, values(vae.weights)))
    assert detector.offset_ == pytest.approx(np.quantile(scores.astype("float64"), 0.25))
    np.testing.assert_allclose(detector.score_samples(X), scores, rtol=1e-6)
    np.testing.assert_allclose(detector.decision_function(X), scores - detector.offset_, atol=1e-5)
    assert (detector.predict(X) == -1).sum() == 10
    assert (zoo.AnomalyDetector(vae, contamination=0).fit_predict(X) == 1).all()


def test_datasets_and_arrays_of_any_rank_are_scored(vae):
    detector = zoo.AnomalyDetector(vae).fit(X)
    dataset = tf.data.Dataset.from_tensor_slices((X, np.zeros(40))).batch(16)
    images = np.random.default_rng(0).random((12, 4, 3, 2), "float32")
    pictures = small("dense_vae", input_shape=(4, 3, 2))

    np.testing.assert_allclose(
        detector.score_samples(dataset), detector.score_samples(X), rtol=1e-5
    )
    image_detector = zoo.AnomalyDetector(pictures).fit(images)
    assert image_detector.n_features_in_ == 24
    assert image_detector.predict(images).shape == (12,)
    assert image_detector.feature_scores(images).shape == images.shape
    with pytest.raises(ValueError, match=r"examples of shape \(4, 3, 2\)"):
        image_detector.predict(images[:, :3])


def test_a_score_may_be_a_function(vae):
    detector = zoo.AnomalyDetector(vae, score=lambda vae, x, batch_size: x[:, 0]).fit(X)

    np.testing.assert_array_equal(detector.score_samples(X), X[:, 0])


def test_a_clone_and_a_pickle_score_as_the_original(vae):
    detector = zoo.AnomalyDetector(vae, score=zoo.anomaly.KLScore(), contamination=0.2).fit(X)
    copies = [clone(detector).fit(X), pickle.loads(pickle.dumps(detector))]

    for copy in copies:
        assert copy.get_params()["score"] == zoo.anomaly.KLScore()
        assert copy.vae_ is not vae
        assert copy.offset_ == pytest.approx(detector.offset_, rel=1e-5)
        np.testing.assert_allclose(copy.score_samples(X), detector.score_samples(X), rtol=1e-5)


def tiny(x):
    """A minimal model like the default one."""
    likelihood = zoo.likelihoods.Tabular.from_data(x)
    vae = zoo.get("dense_vae", likelihood=likelihood, hidden=(4,), latent_dim=2)
    vae.compile(run_eagerly=True)
    return vae


@pytest.fixture
def eager(monkeypatch):
    """Run eagerly, which is faster for the few steps here, with a tiny default model."""
    monkeypatch.setattr(detector_module, "table_vae", tiny)
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


IGNORE_EAGER_WARNING = pytest.mark.filterwarnings("ignore:Even though the `tf.config")


@IGNORE_EAGER_WARNING
def test_random_state_makes_training_reproducible(eager):
    before = random.getstate(), np.random.get_state()[1].copy()
    one, same, other = (
        zoo.AnomalyDetector(random_state=s, epochs=1).fit(X).score_samples(X) for s in (0, 0, 1)
    )

    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)
    assert random.getstate() == before[0]
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])


def untrained(vae, x, settings):
    """A model that was not trained, because the checks fit forty of them."""
    with seeded(settings.random_state):
        model = tiny(x)
        model.elbo(x[:1])  # checks the rows, and builds
    return model


@IGNORE_EAGER_WARNING
def test_the_estimator_checks_of_scikit_learn_pass(eager, monkeypatch):
    monkeypatch.setattr(detector_module.fitting, "train", untrained)
    options = dict(expected_failed_checks=EXPECTED_FAILURES, on_skip=None, on_fail=None)
    results = check_estimator(zoo.AnomalyDetector(epochs=1, random_state=0), **options)
    by_status = {}
    for result in results:
        by_status.setdefault(result["status"], {})[result["check_name"]] = result["exception"]

    assert not by_status.get("failed")
    assert {*by_status.get("xfail", ())} <= {*EXPECTED_FAILURES}
    assert {*by_status.get("skipped", ())} <= {*EXPECTED_SKIPS}
    assert len(by_status["passed"]) > 35


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"contamination": 0.6}, r"contamination must be a fraction in \[0, 0.5\], got 0.6"),
        ({"contamination": "auto"}, r"contamination must be a fraction in \[0, 0.5\], got 'auto'"),
        ({"epochs": 0}, "epochs must be a positive integer, got 0"),
        ({"vae": 3}, "vae must be a VAE, the name of a variant, a function of X or None, got int"),
        ({"vae": lambda x: x}, "vae must be a function that returns a zoo.VAE, .* returns ndarray"),
        ({"score": 3}, "score must be a name"),
        ({"vae": "dense_va"}, "dense_vae"),
    ],
)
def test_a_wrong_argument_raises_in_fit(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        zoo.AnomalyDetector(**arguments).fit(X)


def test_unbuilt_models_and_data_of_unknown_length_raise():
    with pytest.raises(ValueError, match="no shapes yet"):
        zoo.AnomalyDetector(zoo.get("dense_vae")).fit(X)
    endless = tf.data.Dataset.from_tensor_slices(X).batch(8).filter(lambda x: True)
    with pytest.raises(ValueError, match="epochs must be an integer if the length of X is unknown"):
        zoo.AnomalyDetector("dense_vae").fit(endless)
    with pytest.raises(ValueError, match=r"X must be a table .* if vae=None"):
        zoo.AnomalyDetector().fit(X.reshape(40, 3, 2))
