"""Digits of columns far from zero, and constant columns: the same for tables and series."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo.likelihoods import SeriesNormal, Tabular, units

RNG = np.random.default_rng(0)
TIME = 1.7e9  # seconds since 1970
WAVES = TIME + 10 * np.sin(np.arange(8) / 3 + RNG.uniform(0, 6, (16, 1)))


@pytest.fixture(scope="module")
def vae():
    """A small series model, adapted to waves far from zero."""
    keras.utils.set_random_seed(1)
    model = zoo.get("lstm_vae", latent_dim=2, units=(4,), initial_fit=None, seed=1)
    model.compile(run_eagerly=True)
    model.adapt(WAVES)
    model.encode(WAVES)
    return model


@pytest.fixture(scope="module")
def near(vae):
    """The same model for the same waves around zero."""
    model = zoo.get("lstm_vae", latent_dim=2, units=(4,), initial_fit=None, seed=1)
    model.compile(run_eagerly=True)
    model.adapt(WAVES - TIME)
    model.encode(WAVES - TIME)
    model.set_weights(vae.get_weights())
    model.decoder.likelihood.channel_origin.assign([0.0])
    return model


def test_an_offset_changes_no_result(vae, near):
    x, moved = WAVES, WAVES - TIME

    np.testing.assert_allclose(vae.elbo(x), near.elbo(moved), rtol=1e-6)
    np.testing.assert_allclose(vae.encode(x).loc, near.encode(moved).loc, rtol=1e-5)
    assert vae.evaluate(x, verbose=0)[0] == pytest.approx(near.evaluate(moved, verbose=0)[0])


def test_values_of_x_come_back_in_float64(vae, near):
    results = {
        "reconstruct": lambda m, x: m.reconstruct(x),
        "generate": lambda m, x: m.generate(2, seed=1),
        "sample": lambda m, x: m.sample(2, seed=1),
        "predict": lambda m, x: m.predict(x, verbose=0)["reconstruction"],
        "decode": lambda m, x: m.decode(np.ones((2, 2))).mean().numpy(),
        "predictive": lambda m, x: zoo.predictive(m, x, samples=3).quantiles,
        "impute": lambda m, x: zoo.impute(m, x, x > np.median(x), draws=1, steps=2),
    }
    for name, method in results.items():
        got, expected = method(vae, WAVES), method(near, WAVES - TIME)
        assert got.dtype == "float64", name
        assert expected.dtype == "float32", name
        np.testing.assert_allclose(got - TIME, expected, atol=1e-4, err_msg=name)


@pytest.mark.parametrize(
    "form",
    [
        np.ndarray.tolist,
        lambda x: [*x],
        tf.constant,
        tf.ragged.constant,
        lambda x: tf.data.Dataset.from_tensor_slices(x).batch(5),
        lambda x: tf.data.Dataset.from_tensor_slices(tf.ragged.constant(x)).batch(5),
    ],
    ids=["lists", "list of arrays", "tensor", "ragged", "dataset", "ragged dataset"],
)
def test_every_form_of_x_keeps_its_digits(vae, form):
    np.testing.assert_allclose(vae.elbo(form(WAVES)), vae.elbo(WAVES), rtol=1e-6)


@pytest.mark.parametrize("ragged", [False, True])
def test_training_keeps_digits_from_arrays_and_datasets(vae, ragged):
    weights = vae.get_weights()
    x = tf.ragged.constant(WAVES) if ragged else WAVES
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(16)

    logs = []
    for data in (WAVES, dataset):
        vae.set_weights(weights)
        history = vae.fit(data, batch_size=None, shuffle=False, validation_data=(WAVES,), verbose=0)
        logs.append([history.history["nll"][0], history.history["val_nll"][0]])
    vae.set_weights(weights)

    np.testing.assert_allclose(logs[0], logs[1], rtol=1e-5)
    assert logs[0][0] < 60  # of 8 values whose standard deviation is 7; 1e5 without their digits


def test_the_distribution_of_decode_takes_x_in_data_units(vae, near):
    z = np.ones((len(WAVES), 2))

    got, expected = vae.decode(z), near.decode(z)

    for method in ("log_prob", "log_prob_per_value", "log_prob_per_step"):
        log_probs = getattr(got, method)(WAVES), getattr(expected, method)(WAVES - TIME)
        np.testing.assert_allclose(*log_probs, rtol=1e-5)
    with pytest.raises(AttributeError, match="AutoregressiveSeries has no attribute 'entropy'"):
        got.entropy  # noqa: B018


def test_a_saved_model_has_signatures_for_float64_beside_those_for_float32(vae, tmp_path):
    vae.save(tmp_path / "vae.keras")
    vae.export(tmp_path / "served")

    loaded = keras.models.load_model(tmp_path / "vae.keras")
    served = tf.saved_model.load(str(tmp_path / "served")).signatures

    np.testing.assert_allclose(loaded.elbo(WAVES), vae.elbo(WAVES), rtol=1e-5)
    elbo = served["score_float64"](x=WAVES)["elbo"]
    np.testing.assert_allclose(elbo, vae.elbo(WAVES), rtol=1e-5)
    assert served["score"](x=tf.constant(WAVES, tf.float32))["elbo"].shape == (16,)


def test_series_weights_of_version_0_1_load_with_origins_of_zero():
    new, old = SeriesNormal(), {"0": [3.0], "1": [5.0], "2": [2.0], "3": 1.0}
    new.build((None, None, 1))

    new.load_own_variables(old)

    assert new.channel_origin.numpy() == [0.0]
    assert (new.raw_scale.numpy(), new.channel_mean.numpy()) == ([3.0], [5.0])


def table():
    """Unix seconds of an hour, northings within 40 cm, ages."""
    n = 400
    seconds = TIME + RNG.permutation(3600)[:n]
    return np.stack([seconds, 5e6 + RNG.uniform(-0.2, 0.2, n), RNG.integers(0, 90, n)], 1)


def test_large_numbers_of_a_table_stay_distinct():
    x = table()
    preprocessor = Tabular.from_data(x).preprocessor()

    seen = preprocessor.to_tensor(tf.constant(x)).numpy()

    assert [len(np.unique(column)) for column in seen.T] == [len(np.unique(c)) for c in x.T]
    np.testing.assert_allclose(preprocessor.from_array(seen), x, atol=1e-3)
    standardised = preprocessor.encoder_inputs(tf.constant(seen)).numpy()[:, :3]
    np.testing.assert_allclose(standardised.mean(0), 0.0, atol=1e-4)
    np.testing.assert_allclose(standardised.std(0), 1.0, atol=1e-4)


NEAR_CONSTANT = 14.62 + 1e-12 * RNG.standard_normal(200)


@pytest.mark.parametrize(
    ("column", "scale"),
    [
        (np.full(200, 14.62), 1.0),
        (np.full(200, 14.62, "float32"), 1.0),
        (np.full(200, 100.0), 1.0),
        (np.zeros(200), 1.0),
        (NEAR_CONSTANT, 1.0),
        (NEAR_CONSTANT.astype("float32"), 1.0),
        (np.nextafter(np.full(4, 14.62, "f4"), np.array([0, 99] * 2, "f4")), 1.0),
        (1e-12 * np.arange(-1, 3), 1.118e-12),  # small, but not for its mean
        (np.arange(TIME, TIME + 4), 1.118),
    ],
)
def test_one_tolerance_decides_which_columns_are_constant(column, scale):
    series = SeriesNormal()
    series.preprocessor().adapt([column[None]])

    assert Tabular.from_data(column[:, None]).scales[0] == pytest.approx(scale, rel=1e-3)
    assert series.channel_std.numpy()[0] == pytest.approx(scale, rel=1e-3)


def test_a_constant_vector_modality_has_unit_scale():
    vae = zoo.get("multimodal_vae", latent_dim=2)
    vae.adapt({"a": np.full((8, 3), 14.62), "b": RNG.normal(size=(8, 3))})

    assert vae.decoder.decoders["a"].likelihood.initial_scale == 1.0


def test_moments_in_parts_equal_those_of_the_whole():
    x = np.concatenate([[1e9], RNG.normal(size=99)])[:, None]
    x[3] = np.nan
    moments = units.Moments()
    for part in np.split(x, 4):
        moments.update(part)

    mean, scale = moments.result()

    np.testing.assert_allclose([mean[0], scale[0]], [np.nanmean(x), np.nanstd(x)], rtol=1e-12)


def test_draws_of_a_table_are_whole_and_within_its_range():
    x = np.stack([RNG.integers(18, 81, 300), TIME + RNG.integers(0, 9, 300), RNG.random(300)], 1)
    likelihood = Tabular.from_data(x)
    raw = tf.constant(RNG.normal(0, 3, (300, 6)).astype("float32"))

    draws = likelihood.preprocessor().relocated(likelihood(raw)).sample(seed=tf.constant([1, 2]))

    draws = draws.numpy()
    assert (draws[:, :2] == np.round(draws[:, :2])).all()
    assert (draws.min(0) >= x.min(0) - 1e-7).all() and (draws.max(0) <= x.max(0) + 1e-7).all()
    assert len(np.unique(draws[:, 2])) > 100
