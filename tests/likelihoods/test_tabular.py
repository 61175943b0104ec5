"""The likelihood of tables: numbers, classes and missing values."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

import zoo
from zoo.likelihoods import (
    Categorical,
    Tabular,
)

RNG = np.random.default_rng(0)
TABLE = np.array(
    [[1.0, 0, 100.0], [2.0, 2, np.nan], [np.nan, 1, 300.0], [4.0, np.nan, 500.0]], "float32"
)
CATEGORIES = (0, 3, 0)


@pytest.fixture
def table():
    likelihood = Tabular.from_data(TABLE, CATEGORIES)
    raw = RNG.standard_normal((4, likelihood.params_size(3))).astype("float32")
    return likelihood, raw


def test_from_data_computes_means_and_scales_of_observed_values(table):
    likelihood, _ = table

    assert likelihood.means == pytest.approx((7 / 3, 0, 300))
    assert likelihood.scales == pytest.approx((np.std([1, 2, 4]), 1, np.std([100, 300, 500])))


def test_table_log_prob_is_in_the_units_of_the_table(table):
    likelihood, raw = table
    p = likelihood(raw)
    scale = likelihood.scales[0] * (0.05 + np.logaddexp(0, raw[0, 1]))
    loc = likelihood.means[0] + likelihood.scales[0] * raw[0, 0]

    columns = np.asarray(p.log_prob_per_column(TABLE))

    assert columns[0, 0] == pytest.approx(stats.norm(loc, scale).logpdf(1.0), rel=1e-4)
    assert columns[0, 1] == pytest.approx(special.log_softmax(raw[0, 2:5])[0], rel=1e-4)
    np.testing.assert_allclose(p.log_prob(TABLE), columns.sum(-1), rtol=1e-5)


def test_units_change_log_prob_by_the_log_determinant(table):
    likelihood, raw = table
    times = np.float32([10, 1, 1])

    other = Tabular.from_data(TABLE * times, CATEGORIES)

    change = other(raw).log_prob(TABLE * times) - likelihood(raw).log_prob(TABLE)
    np.testing.assert_allclose(change, [-np.log(10), -np.log(10), 0, -np.log(10)], atol=1e-3)


def test_missing_values_add_nothing_to_log_prob_or_gradient(table):
    likelihood, raw = table
    raw = tf.constant(raw)

    with tf.GradientTape() as tape:
        tape.watch(raw)
        p = likelihood(raw)
        columns = p.log_prob_per_column(TABLE)
        total = tf.reduce_sum(p.log_prob(TABLE))
    slope = np.asarray(tape.gradient(total, raw))

    assert (np.asarray(columns)[np.isnan(TABLE)] == 0).all()
    assert np.isfinite(slope).all()
    assert (slope[2, :2] == 0).all()
    assert (slope[3, 2:5] == 0).all()
    assert (slope[1, 5:] == 0).all()
    assert (slope[0] != 0).all()


def test_encoder_inputs_of_a_missing_value_are_the_mean_and_a_flag(table):
    likelihood, _ = table

    features = np.asarray(likelihood.preprocessor().encoder_inputs(tf.constant(TABLE)))

    assert features.shape == (4, *likelihood.preprocessor().encoder_inputs_shape((3,)))
    numeric, one_hot, missing = np.split(features, [2, 5], axis=1)  # columns 0 and 2, column 1
    assert numeric[2, 0] == 0
    np.testing.assert_array_equal(one_hot[[1, 3]], [[0, 0, 1], [0, 0, 0]])
    np.testing.assert_array_equal(missing, np.isnan(TABLE))
    assert np.isfinite(features).all()


def test_table_samples_and_means_have_the_columns_of_the_table(table):
    likelihood, raw = table
    p = likelihood(raw)

    sample = np.asarray(p.sample(seed=1))

    assert sample.shape == p.mean().shape == (4, 3)
    assert {*sample[:, 1]} <= {0.0, 1.0, 2.0}
    np.testing.assert_array_equal(p.sample(seed=[1, 2]), p.sample(seed=[1, 2]))


def test_vae_trains_on_a_table_with_missing_values(table):
    vae = zoo.get("dense_vae", hidden=(8,), latent_dim=2, likelihood=table[0], seed=1)
    vae.compile(run_eagerly=True)

    history = vae.fit(TABLE, epochs=2, verbose=0).history

    assert np.isfinite(history["loss"]).all()
    assert np.isfinite(vae.reconstruct(TABLE)).all()
    assert np.isfinite(vae.log_likelihood(TABLE, samples=5)).all()


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated.*")
@pytest.mark.parametrize(
    ("likelihood", "x"), [(Tabular((0, 3, 1)), TABLE % 3), (Categorical(3), np.eye(4)[:, :3])]
)
def test_scores_of_classes_convert_to_tflite(likelihood, x, tmp_path):
    x = x.astype("float32")
    x[:, 2] = 0
    vae = zoo.get("dense_vae", hidden=(8,), latent_dim=2, likelihood=likelihood, input_shape=(3,))
    vae.export(tmp_path / "served")

    got = tflite(tmp_path / "served", "score", x)

    for name, expected in vae.score(x).items():
        np.testing.assert_allclose(got[name], expected, rtol=1e-3, atol=1e-4)


def tflite(folder, signature, x):
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=[signature])
    interpreter = tf.lite.Interpreter(model_content=converter.convert())
    return interpreter.get_signature_runner(signature)(x=x)


def test_a_column_of_one_class_is_certain():
    likelihood = Tabular((1, 0))
    x = np.array([[0, 1.0], [0, 2.0]], "float32")
    raw = tf.constant(RNG.standard_normal((2, likelihood.params_size(2))).astype("float32"))

    likelihood.preprocessor().validate(x)

    np.testing.assert_array_equal(likelihood(raw).log_prob_per_column(x)[:, 0], [0, 0])
    with pytest.raises(ValueError, match=r"x\[:, 0\] must hold classes 0 \.\. 0, got values"):
        likelihood.preprocessor().validate(x + 1)


def test_constant_columns_keep_a_finite_scale():
    likelihood = Tabular.from_data(np.full((5, 1), 3.0))

    assert likelihood.scales == (1.0,)


@pytest.mark.parametrize(
    ("x", "categories", "message"),
    [
        (np.zeros((4, 3)), (0, 0), "categories must have one number for each of the 3 columns"),
        (np.zeros(4), None, r"x must be a table \[N, columns\].* got shape \(4,\)"),
        (np.zeros((0, 2)), None, "of at least one row"),
        (np.array([["a", "1"]]), None, "x must hold numbers, got an array of dtype <U1"),
    ],
    ids=["columns", "rank", "empty", "strings"],
)
def test_from_data_refuses_what_is_not_a_table_of_its_categories(x, categories, message):
    with pytest.raises((TypeError, ValueError), match=message):
        Tabular.from_data(x, categories)
