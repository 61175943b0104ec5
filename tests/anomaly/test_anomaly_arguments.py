"""The detector's arguments and contract, its default model, tails and feature scores."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

pytest.importorskip("sklearn", reason="AnomalyDetector needs scikit-learn")

from sklearn.exceptions import NotFittedError

import zoo
from tests.helpers import small
from zoo.anomaly import SCORES, TailScore, explanations, scores
from zoo.core.estimators import default_epochs

X = np.random.default_rng(7).normal(size=(30, 6)).astype("float32")


@pytest.fixture(scope="module")
def vae():
    return small("dense_vae", likelihood=zoo.likelihoods.Normal(0.5), seed=3)


@pytest.fixture(scope="module")
def fitted(vae):
    """A detector whose score is the first column."""
    return zoo.AnomalyDetector(vae, score=first_column, contamination=0.2).fit(X)


def first_column(vae, x, batch_size):
    return np.asarray(x)[:, 0]


# Arguments


@pytest.mark.parametrize(
    "x", [[[1.0, 2.0], [1.0]], {"a": 1}, np.zeros(3)], ids=["ragged", "dict", 1]
)
def test_the_default_model_names_a_bad_table(x):
    with pytest.raises((TypeError, ValueError), match="X must"):
        zoo.anomaly.table_vae(x)


def test_parameters_are_those_of_the_constructor():
    options = dict(score="kl", contamination=0.3, epochs=4, batch_size=9, random_state=5, verbose=2)
    estimator = zoo.AnomalyDetector("conv_vae", **options)

    assert estimator.get_params() == {"vae": "conv_vae", "kinds": None, **options}
    defaults = dict(
        vae=None, score=None, contamination=0.1, epochs=None, batch_size=128, kinds=None
    )
    assert zoo.AnomalyDetector().get_params() == {**defaults, "random_state": None, "verbose": 0}
    assert estimator.set_params(contamination=0).contamination == 0


@pytest.mark.parametrize("fraction", [-0.01, 0.51, math.nan, math.inf, None, "0.1", True])
def test_a_contamination_that_is_not_a_fraction_up_to_one_half_raises(vae, fraction):
    with pytest.raises(ValueError, match=r"contamination must be a fraction in \[0, 0.5\], got"):
        zoo.AnomalyDetector(vae, contamination=fraction).fit(X)


@pytest.mark.parametrize(
    ("argument", "value"), [("batch_size", 0), ("epochs", -1), ("epochs", 2.5)]
)
def test_counts_must_be_positive_integers(vae, argument, value):
    with pytest.raises(ValueError, match=f"{argument} must be a positive integer, got {value}"):
        zoo.AnomalyDetector(vae, **{argument: value}).fit(X)


@pytest.mark.parametrize(("name", "kind"), SCORES.items())
def test_a_name_stands_for_its_score_and_a_score_for_itself(name, kind):
    assert scores.as_score(name) == kind()
    score = kind(seed=3) if name != "reconstruction" else kind()
    assert scores.as_score(score) is score


@pytest.mark.parametrize("score", [scores.KLScore, 3, None, ["elbo"]])
def test_a_score_that_is_a_class_or_cannot_be_called_raises(score):
    with pytest.raises(TypeError, match=r"score must be a name \(elbo, .*\) or a function .* got"):
        scores.as_score(score)


def test_a_misspelt_score_suggests_the_nearest_name():
    with pytest.raises(ValueError, match=r"got 'reconstuction'.*'reconstruction'"):
        scores.as_score("reconstuction")


@pytest.mark.parametrize(
    ("rows", "batch_size", "epochs"),
    [(128, 128, 1000), (1280, 128, 100), (1281, 128, 91), (10**6, 128, 5), (200, 1, 5)],
)
def test_the_default_number_of_epochs_takes_about_a_thousand_steps(rows, batch_size, epochs):
    assert default_epochs(np.zeros((rows, 1)), batch_size) == epochs


def test_the_default_number_of_epochs_of_a_dataset_counts_its_batches():
    dataset = tf.data.Dataset.from_tensor_slices(np.zeros((100, 2)))

    assert default_epochs(dataset.batch(10), 128) == 100
    with pytest.raises(ValueError, match="epochs must be an integer if the length of X is unknown"):
        default_epochs(dataset.batch(10).repeat(), 128)


@pytest.mark.parametrize("score", ["elbo", "tails"])
def test_data_without_end_are_refused_at_once(vae, score):
    endless = tf.data.Dataset.from_tensors(X).repeat()
    fitted = zoo.AnomalyDetector(vae, score=score).fit(X)
    before = dict(vars(fitted))

    for call in (fitted.fit, fitted.predict, lambda x: fitted.score_(vae, x)):
        with pytest.raises(ValueError, match=r"^[xX] must have an end"):
            call(endless)

    assert vars(fitted) == before


def test_a_refused_fit_leaves_a_detector_as_it_was(vae):
    fitted = zoo.AnomalyDetector(vae).fit(X)
    before = dict(vars(fitted))
    bad = tf.data.Dataset.from_tensor_slices([X, X * np.nan])

    with pytest.raises(ValueError, match="must be finite"):
        fitted.set_params(score="tails").fit(bad)

    assert vars(fitted) == {**before, "score": "tails"}


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (np.zeros((2, 3)), True),
        (np.zeros((2, 3, 4)), False),
        ([[1.0, 2.0], [3.0, 4.0]], True),
        ([[1.0], [2.0, 3.0]], False),
        (["a text", "another"], False),
        (np.array(["a text"], object), False),
        (np.array([[1, 2.0]], object), True),
        ({"image": np.zeros((2, 3))}, False),
        (tf.data.Dataset.range(3), False),
    ],
)
def test_scikit_learn_checks_numeric_data_of_at_most_two_dimensions(x, expected):
    assert explanations.is_table(x) is expected


# scikit-learn's contract


@pytest.mark.parametrize(
    "method", ["score_samples", "decision_function", "predict", "feature_scores"]
)
def test_an_unfitted_detector_raises(vae, method):
    with pytest.raises(NotFittedError):
        getattr(zoo.AnomalyDetector(vae), method)(X)


def test_the_threshold_divides_normal_examples_from_anomalies(fitted):
    column = X[:, 0].astype("float64")

    assert fitted.offset_ == np.quantile(column, 0.2) and type(fitted.offset_) is float
    np.testing.assert_array_equal(fitted.decision_function(X), column - fitted.offset_)
    np.testing.assert_array_equal(fitted.predict(X), np.where(column >= fitted.offset_, 1, -1))
    assert fitted.score_samples(X).dtype == "float64"
    assert fitted.predict(X).dtype.kind == "i" and (fitted.predict(X) == -1).sum() == 6


def test_a_score_equal_to_the_threshold_is_normal(vae):
    lowest = zoo.AnomalyDetector(vae, score=first_column, contamination=0).fit(X)

    assert lowest.offset_ == X[:, 0].min()
    assert (lowest.predict(X) == 1).all()


def test_a_table_with_other_columns_raises(fitted):
    assert fitted.n_features_in_ == 6
    with pytest.raises(ValueError, match="X has 5 features, but AnomalyDetector is expecting 6"):
        fitted.predict(X[:, :5])


def test_fit_needs_two_rows_and_predict_one(vae, fitted):
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        zoo.AnomalyDetector(vae).fit(X[:1])
    assert fitted.predict(X[:1]).shape == (1,)


def test_tags_allow_missing_values_only_with_the_default_model(vae):
    default, own = (zoo.AnomalyDetector(v).__sklearn_tags__() for v in (None, vae))

    assert default.estimator_type == "outlier_detector"
    assert (default.input_tags.allow_nan, default.input_tags.three_d_array) == (True, False)
    assert (own.input_tags.allow_nan, own.input_tags.three_d_array) == (False, True)


def test_fit_ignores_y_and_returns_the_detector(vae):
    estimator = zoo.AnomalyDetector(vae, score=first_column)

    assert estimator.fit(X, y="ignored") is estimator
    assert estimator.vae_ is vae and estimator.score_ is first_column


# The default model


def test_the_default_model_standardises_columns_and_is_not_built():
    x = np.stack([np.arange(9.0), np.full(9, 5.0)], 1)
    x[0, 0] = np.nan

    model = zoo.anomaly.table_vae(x)

    assert model.name == "dense_vae" and not model.built
    assert model.latents.latent_dim == 8
    config = model.decoder.likelihood.get_config()
    np.testing.assert_allclose(config["means"], [4.5, 5.0])
    assert config["scales"][0] == pytest.approx(np.std(np.arange(1, 9)))


@pytest.mark.parametrize("shape", [(4,), (4, 2, 2)])
def test_the_default_model_refuses_data_that_are_not_a_table(shape):
    with pytest.raises(
        ValueError, match=r"X must be a table \[N, columns\] if vae=None, got shape"
    ):
        zoo.anomaly.table_vae(np.zeros(shape))


# Features and tails


def test_a_missing_value_has_feature_score_zero():
    likelihood = zoo.likelihoods.Tabular((0, 0, 0), means=(0, 0, 0), scales=(1, 1, 1))
    model = small("dense_vae", input_shape=(3,), likelihood=likelihood, seed=3)
    gaps = X[:4, :3].copy()
    gaps[1, 2] = np.nan

    log_probs = zoo.anomaly.feature_scores(model, gaps, samples=2)

    assert log_probs[1, 2] == 0 and np.count_nonzero(log_probs) == 11


def test_feature_scores_are_the_mean_over_draws(vae):
    one, many = (zoo.anomaly.feature_scores(vae, X[:3], samples=n, seed=1) for n in (1, 400))

    assert not np.allclose(one, many, atol=1e-3)
    q = vae.encode(X[:3])
    z = np.asarray(q.loc) + np.asarray(q.scale) * np.random.default_rng(0).normal(size=(4000, 3, 2))
    means = np.asarray(vae.decode(z.reshape(-1, 2).astype("float32")).mean()).reshape(4000, 3, 6)
    np.testing.assert_allclose(many, stats.norm(means, 0.5).logpdf(X[:3]).mean(0), atol=0.15)
    with pytest.raises(ValueError, match="samples must be a positive integer, got 0"):
        zoo.anomaly.feature_scores(vae, X, samples=0)


def test_a_fitted_score_refuses_other_features_and_uses_the_first_reference_examples(vae):
    score = TailScore(samples=2, reference=7).fit(vae, X)

    np.testing.assert_array_equal(score.values, np.sort(X[:7].astype("float64"), 0))
    narrow = small("dense_vae", input_shape=(4,), likelihood=zoo.likelihoods.Normal(0.5), seed=3)
    with pytest.raises(ValueError, match="x must have 6 features, as the data of fit, got 4"):
        score(narrow, X[:, :4])


@pytest.mark.parametrize("form", ["array", "dataset"])
def test_a_row_far_beyond_all_others_is_an_anomaly_and_no_error(fitted, form):
    x = np.zeros((3, fitted.n_features_in_))
    x[1, 0], x[2, 1] = 1e9, -1e200
    data = x if form == "array" else tf.data.Dataset.from_tensor_slices(x).batch(2)

    scores = fitted.score_samples(data)

    assert fitted.predict(data)[1:].tolist() == [-1, -1]
    assert np.isfinite(scores).all() and scores[0] > scores[1] == scores[2]
    np.testing.assert_array_equal(scores[:1], fitted.score_samples(x[:1]))


def test_the_default_model_scores_constant_columns_of_any_value_alike():
    x = np.random.default_rng(0).normal(size=(60, 2))
    elbos = []
    for value in (14.62, 100.0):
        x[:, 1] = value
        keras.utils.set_random_seed(0)
        vae = zoo.anomaly.table_vae(x)
        vae.compile(run_eagerly=True)
        elbos.append(vae.elbo(x))
        x[:, 1] += 1.0
        assert np.isfinite(vae.elbo(x)).all()

    np.testing.assert_allclose(*elbos, rtol=1e-4)
