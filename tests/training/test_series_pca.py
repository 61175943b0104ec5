"""Tests of initial weights of a VAE of series from principal components."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import multivariate_normal
from sklearn.decomposition import PCA

import zoo
from zoo.layers.step_basis import step_basis

STEPS, CHANNELS, FACTORS = 20, 2, 3
CORRELATION = 0.6
LIKELIHOODS = [
    "series_normal",
    "series_student_t",
    "series_autoregressive",
    "series_vector_autoregressive",
    "series_scaled_vector_autoregressive",
]


def covariances():
    """W W^T of three factors and S of autoregressive noise, `[T C, T C]` both, time first."""
    rng = np.random.default_rng(0)
    basis = np.asarray(step_basis(STEPS, 8), "float64")
    loadings = np.einsum("tk,kcd->tcd", basis, rng.normal(size=(9, CHANNELS, FACTORS)))
    loadings = loadings.reshape(-1, FACTORS)
    time = np.abs(np.subtract.outer(np.arange(STEPS), np.arange(STEPS)))
    noise = np.kron(CORRELATION**time, [[1.0, 0.5], [0.5, 1.0]])
    return loadings @ loadings.T, noise


def series(count, seed=1):
    factors, noise = covariances()
    rng = np.random.default_rng(seed)
    x = rng.multivariate_normal(np.zeros(len(noise)), factors + noise, size=count)
    return x.reshape(count, STEPS, CHANNELS).astype("float32")


def lstm_vae(**options):
    return zoo.get("lstm_vae", **({"latent_dim": FACTORS, "units": (8,), "seed": 0} | options))


def elbo_at_start(initial_fit, x, scored, latent_dim=16):
    """Mean ELBO of `scored` by a model that was adapted to x and not trained."""
    vae = lstm_vae(latent_dim=latent_dim, initial_fit=initial_fit)
    vae.adapt(x)
    return vae.elbo(scored, samples=4, seed=0).mean()


def r_squared(x, values):
    return 1 - np.square(x - values).sum() / np.square(x - x.mean((0, 1))).sum()


def test_without_a_step_it_is_near_pca_and_near_the_density_of_the_data():
    x, held_out = series(2000), series(500, seed=2)
    vae = lstm_vae()
    vae.adapt(x)
    rows = held_out.reshape(500, -1)
    pca = PCA(FACTORS).fit(x.reshape(2000, -1))
    best = r_squared(rows, pca.inverse_transform(pca.transform(rows)))
    assert r_squared(held_out, vae.reconstruct(held_out)) > 0.98 * best
    exact = multivariate_normal(np.zeros(STEPS * CHANNELS), sum(covariances())).logpdf(rows)
    assert exact.mean() - 3.0 < vae.elbo(held_out, samples=4).mean() < exact.mean()


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_the_likelihood_takes_the_scale_of_what_the_factors_leave(likelihood):
    x = series(1000)
    vae = lstm_vae(likelihood=likelihood, seed=0)
    vae.adapt(x)
    residual = x - vae.reconstruct(x)
    scale = vae.decoder.likelihood.in_data_units(0.0, vae.decoder.likelihood.scale())[1]
    if likelihood == "series_student_t":
        scale *= np.sqrt(vae.decoder.likelihood.degrees() / (vae.decoder.likelihood.degrees() - 2))
    np.testing.assert_allclose(scale, residual.std((0, 1)), rtol=0.1)


def test_correlations_of_the_noise_are_found():
    vae = lstm_vae()
    vae.adapt(series(2000))
    process = vae.decoder.likelihood.process()
    # Components take a part of the noise, so that less than all of the correlation is left.
    assert 0.4 < process.coefficients[1, 0, 0] < CORRELATION + 0.1
    assert 0.35 < (process.factors[0] @ tf.transpose(process.factors[0]))[0, 1] < 0.55


def test_gaps_and_padding_leave_it_near_the_complete_data():
    x = series(1000)
    gaps = x.copy()
    gaps[np.random.default_rng(3).random(x.shape) < 0.2] = np.nan
    gaps[:100, 15:] = np.nan
    vae = lstm_vae(likelihood="series_normal")
    vae.adapt(gaps)
    complete = lstm_vae(likelihood="series_normal")
    complete.adapt(x)
    best = r_squared(x, complete.reconstruct(x))
    assert r_squared(x, vae.reconstruct(gaps)) > 0.93 * best


@pytest.mark.parametrize("count", [1, 2, 8, 500])
def test_it_is_no_worse_than_random_weights_where_data_have_few_components(count):
    phase = np.random.default_rng(0).uniform(0, 6, (count, 1, 1))
    x = np.sin(np.arange(32)[:, None] / 4 + phase).astype("float32")
    assert elbo_at_start("pca", x, x) > elbo_at_start(None, x, x)


def test_dimensions_without_a_component_can_learn():
    x = np.random.default_rng(0).normal(size=(9, 6)).astype("float32")
    vae = lstm_vae(latent_dim=4)
    vae.adapt(x)
    kernel = np.array(vae.decoder.expansion.coefficients.kernel)
    assert np.abs(kernel).max(1).tolist().count(0.0) == 2
    vae.compile(run_eagerly=True)
    vae.fit(x, epochs=2, verbose=0)
    assert np.abs(vae.decoder.expansion.coefficients.kernel).max(1).min() > 0.0


@pytest.mark.parametrize("count", [8, 16, 64])
def test_noise_of_few_series_is_not_taken_for_components(count):
    x, held_out = series(count), series(200, seed=2)
    assert elbo_at_start("pca", x, held_out) > elbo_at_start(None, x, held_out)


def test_components_are_those_that_the_decoder_can_represent():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 3)) @ rng.normal(size=(3, 64)) + 0.05 * rng.normal(size=(500, 64))
    x = x[..., None].astype("float32")
    vae = lstm_vae(likelihood="series_normal")
    vae.adapt(x)
    likelihood = vae.decoder.likelihood
    error = np.sqrt(np.square(x - vae.reconstruct(x)).mean())
    assert float(likelihood.in_data_units(0.0, likelihood.scale())[1][0]) > 0.9 * error


def test_scales_of_each_step_begin_with_that_of_the_residuals():
    x = series(500)
    vae = lstm_vae(likelihood="series_per_step_normal")
    vae.adapt(x)
    scale = vae.decode(vae.encode(x).mean()).distribution.scale
    rms = (x - vae.reconstruct(x)).std((0, 1))
    np.testing.assert_allclose(scale, np.broadcast_to(rms, scale.shape), rtol=0.1)


def test_an_outlier_is_no_component():
    x = series(300)
    with_outlier = x.copy()
    with_outlier[0, 3, 0] = 3000.0
    vae = lstm_vae()
    vae.adapt(with_outlier)
    assert r_squared(x[1:], vae.reconstruct(x[1:])) > 0.9


def test_frozen_layers_stay_as_they_are():
    x = series(64)
    vae = lstm_vae(input_shape=(STEPS, CHANNELS))
    vae.encoder.trainable = False
    before = vae.encoder.get_weights()
    vae.adapt(x)
    for a, b in zip(before, vae.encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_object_that_was_used_sets_another_model_too():
    fit = zoo.training.SeriesPCA()
    first, second = (lstm_vae(initial_fit=fit) for _ in range(2))
    for vae in (first, second):
        vae.adapt(series(64))
        assert vae.initial_fit.adapted
        assert np.asarray(vae.decoder.last.bias).any()  # zeros before


def test_a_constant_channel_and_series_of_two_lengths_are_finite():
    x = [np.stack([np.arange(n, dtype="float32"), np.ones(n, "float32")], 1) for n in (4, 9, 7)]
    vae = lstm_vae()
    vae.adapt(x)
    assert np.isfinite(vae.elbo(x)).all()


def test_more_channels_than_units_start_near_pca():
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(300, 1, 3)) @ rng.normal(size=(3, 12))) * np.ones((1, 10, 1))
    x = (x + 0.1 * rng.normal(size=x.shape)).astype("float32")
    vae = lstm_vae(units=(4,), likelihood="series_normal")
    vae.adapt(x)
    assert r_squared(x, vae.reconstruct(x)) > 0.9


def test_datasets_start_like_arrays():
    x = series(64)
    reconstructions = []
    for data in (x, tf.data.Dataset.from_tensor_slices(x).batch(10)):
        keras.utils.set_random_seed(0)
        vae = lstm_vae()
        vae.adapt(data)
        reconstructions.append(vae.reconstruct(x))
    np.testing.assert_allclose(*reconstructions, atol=1e-2)


def test_it_happens_once():
    vae = lstm_vae()
    vae.adapt(series(100))
    before = vae.encoder.get_weights()
    vae.adapt(series(100, seed=5))
    for a, b in zip(before, vae.encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_loaded_weights_are_kept(tmp_path):
    x = series(64)
    for initial_fit in ("pca", None):  # None: also files of earlier versions
        trained = lstm_vae(initial_fit=initial_fit, input_shape=(STEPS, CHANNELS))
        trained.adapt(x)
        trained.save_weights(tmp_path / "vae.weights.h5")
        loaded = lstm_vae(input_shape=(STEPS, CHANNELS))
        loaded.load_weights(tmp_path / "vae.weights.h5")
        loaded.adapt(x)
        for a, b in zip(trained.encoder.weights, loaded.encoder.weights, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_saved_model_goes_on_from_its_weights(tmp_path):
    x = series(64)
    vae = lstm_vae()
    vae.adapt(x)
    vae.save(tmp_path / "vae.keras")
    loaded = keras.models.load_model(tmp_path / "vae.keras")
    assert loaded.initial_fit.adapted
    loaded.adapt(x)
    np.testing.assert_array_equal(loaded.reconstruct(x), vae.reconstruct(x))


def test_none_keeps_random_weights():
    vae = lstm_vae(initial_fit=None, input_shape=(STEPS, CHANNELS))
    before = vae.encoder.get_weights()
    vae.adapt(series(32))
    for a, b in zip(before, vae.encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_recurrent_layers_alone_have_no_linear_part_to_set():
    assert lstm_vae(basis=0).initial_fit is None


def test_another_layer_is_an_error():
    with pytest.raises(TypeError, match="initial_fit must be 'pca' or a SeriesPCA, got Dense"):
        lstm_vae(initial_fit=keras.layers.Dense(2))


def test_an_unknown_name_is_an_error():
    with pytest.raises(ValueError, match="initial_fit must be one of 'pca'"):
        lstm_vae(initial_fit="mean")


@pytest.mark.parametrize(
    ("encoder", "decoder", "part"),
    [
        (zoo.encoders.DenseEncoder(3), zoo.decoders.LSTMDecoder(), "DenseEncoder"),
        (zoo.encoders.LSTMEncoder(3, basis=0), zoo.decoders.LSTMDecoder(), "LSTMEncoder"),
        (zoo.encoders.LSTMEncoder(3), zoo.decoders.LSTMDecoder(basis=0), "LSTMDecoder"),
    ],
)
def test_parts_without_a_linear_part_are_errors(encoder, decoder, part):
    with pytest.raises(ValueError, match=f"initial_fit must be None for {part}"):
        zoo.VAE(zoo.SingleLatent(encoder), decoder, initial_fit="pca")


def test_noise_is_what_the_encoder_leaves_where_values_are_missing():
    rng = np.random.default_rng(0)
    waves = 20 + 3 * np.sin(np.arange(48) / 4 + rng.uniform(0, 6, (256, 1)))
    waves[rng.random(waves.shape) < 0.1] = np.nan
    assert elbo_at_start("pca", waves, waves, 4) > elbo_at_start(None, waves, waves, 4)
