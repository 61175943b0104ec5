"""Models of time series: any length, gaps, containers and bad input."""

import math

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.likelihoods.series import NAN, padded, vae_of, waves
from zoo.layers.positions import step_encoding


def test_fit_adapts_once_and_datasets_do_too():
    x = waves()
    vae = zoo.get("lstm_vae", latent_dim=2, units=4)
    vae.compile(run_eagerly=True)

    vae.fit(tf.data.Dataset.from_tensor_slices(x).batch(4), verbose=0)
    first = vae.decoder.likelihood.channel_mean.numpy()
    vae.fit(x + 1000.0, verbose=0)

    np.testing.assert_allclose(first, x.mean((0, 1)), rtol=1e-4)
    np.testing.assert_array_equal(vae.decoder.likelihood.channel_mean, first)


def test_lists_and_ragged_tensors_are_padded():
    x = waves(6)
    vae, lengths = vae_of(x), (10, 3, 7, 1, 5, 9)
    rows = [series[:n] for series, n in zip(x, lengths, strict=True)]
    by_hand = np.stack([padded(row[None], 10)[0] for row in rows])

    for given in (rows, tf.ragged.stack([tf.constant(row) for row in rows])):
        np.testing.assert_array_equal(vae.encode(given).loc, vae.encode(by_hand).loc)
        np.testing.assert_array_equal(vae.elbo(given), vae.elbo(by_hand))
    for data in (rows, tf.ragged.stack([tf.constant(row) for row in rows])):
        history = vae.fit(data, validation_split=0.3, verbose=0).history
        assert np.isfinite(history["val_elbo"]).all()
    assert np.isfinite(vae.evaluate(rows, verbose=0)).all()


def test_univariate_series_need_no_channel():
    x = waves(channels=1)
    flat, deep = vae_of(x[..., 0]), vae_of(x)

    np.testing.assert_array_equal(flat.encode(x[..., 0]).loc, deep.encode(x).loc)
    np.testing.assert_array_equal(flat.elbo(x[..., 0]), deep.elbo(x))
    assert flat.reconstruct(x[..., 0]).shape == x.shape[:2]
    assert flat.generate(2).shape == (2, 10)


def test_any_length_at_inference():
    vae = vae_of(waves())

    assert vae.generate(2, event_shape=(33, 2)).shape == (2, 33, 2)
    assert vae.reconstruct(waves(steps=1)).shape == (12, 1, 2)
    assert vae.reconstruct(waves(steps=40)).shape == (12, 40, 2)
    assert np.isfinite(vae.log_likelihood(waves(steps=40), samples=3)).all()


def test_the_clock_counts_in_waves_of_4_to_1000_steps():
    encoding = step_encoding(9, 4).numpy()

    np.testing.assert_allclose(encoding[0], [0, 0, 1, 1], atol=1e-6)
    np.testing.assert_allclose(
        encoding[1:, [0, 2]], encoding[1 + np.arange(8) % 4][:, [0, 2]], atol=1e-5
    )
    np.testing.assert_allclose(encoding[:, 1], np.sin(2 * np.pi * np.arange(9) / 1000), atol=1e-6)
    assert step_encoding(5, 3).shape == (5, 3)


@pytest.mark.parametrize(("positions", "inputs"), [(0, 3), (5, 8)])
def test_the_decoder_input_is_the_code_and_the_positions(positions, inputs):
    vae = vae_of(waves(), positions=positions, basis=0)
    layer = vae.decoder.body[0]

    assert layer.kernel.shape == (inputs, 4 * 6)
    layer.recurrent_kernel.assign(tf.zeros_like(layer.recurrent_kernel))
    forget = np.zeros(24, bool)
    forget[6:12] = True
    layer.kernel.assign(tf.where(forget, 0.0, layer.kernel))
    layer.bias.assign(tf.where(forget, -1e3, layer.bias))
    # Without a memory only the step encoding distinguishes steps.
    assert (np.ptp(vae.reconstruct(waves()), axis=1) > 1e-3).all() == bool(positions)


def test_the_mean_of_an_untrained_model_is_linear_in_the_code():
    vae, z = vae_of(waves()), np.random.default_rng(0).standard_normal((4, 3))

    origin, once, twice = (vae.decode(c * z).mean().numpy() for c in (0.0, 1.0, 2.0))

    assert (np.ptp(once, axis=1) > 1e-3).all()
    np.testing.assert_allclose(twice - origin, 2 * (once - origin), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("basis", "reaches"), [(0, False), (8, True)])
def test_moments_carry_the_first_step_of_a_long_series_to_the_code(basis, reaches):
    x = waves(2, steps=200)
    vae, other = vae_of(x, basis=basis), x.copy()
    other[:, 0] += 3 * x.std((0, 1))

    change = np.abs(vae.encode(other).loc - vae.encode(x).loc).max()

    assert (change > 1e-4) == reaches


@pytest.mark.parametrize("name", ["positions", "basis"])
@pytest.mark.parametrize("number", [-1, 2.5])
def test_bad_numbers_of_positions_and_of_the_basis_are_refused(name, number):
    with pytest.raises(ValueError, match=f"{name} must be an integer of at least 0, got"):
        zoo.get("lstm_vae", **{name: number})


def test_a_trained_model_fills_gaps_better_than_the_mean():
    x = waves(256, channels=1)
    gaps = x.copy()
    gaps[np.random.default_rng(1).random(x.shape) < 0.2] = NAN
    vae = vae_of(gaps, units=16)
    vae.compile(zoo.FusedAdam(1e-2), jit_compile=True)

    vae.fit(np.tile(gaps, (5, 1, 1)), epochs=10, verbose=0)

    hidden = np.isnan(gaps)
    error = np.abs(vae.reconstruct(gaps) - x)[hidden].mean()
    assert error < 0.5 * np.abs(x - np.nanmean(gaps))[hidden].mean()


def test_a_constant_channel_has_a_finite_likelihood():
    x = waves()
    x[..., 1] = 4.0
    vae = zoo.get("lstm_vae", latent_dim=2, units=4)
    vae.compile(run_eagerly=True)

    vae.fit(x, epochs=2, verbose=0)

    assert np.isfinite(vae.elbo(x)).all()
    np.testing.assert_allclose(vae.decoder.likelihood.channel_std[1], 1.0)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (np.full((4, 5, 2), NAN), ValueError, "at least one observed value"),
        (np.stack([np.ones((4, 5)), np.full((4, 5), NAN)], -1), ValueError, "in channel 1"),
        (np.full((4, 5), np.inf), ValueError, "x must be finite or NaN, got inf at index"),
        (np.array([["a", "b"]]), TypeError, "x must be numeric"),
        (np.zeros((4, 5, 2, 2)), ValueError, r"x must be series \[N, T\] or \[N, T, C\]"),
        (iter([np.zeros((4, 5))]), ValueError, "call vae.adapt"),
    ],
)
def test_bad_series_are_clear_errors(x, error, message):
    vae = zoo.get("lstm_vae", latent_dim=2, units=4)

    with pytest.raises(error, match=message):
        vae.fit(x, verbose=0)


def test_values_far_beyond_the_adapted_range_are_an_error():
    vae = vae_of(waves())

    with pytest.raises(ValueError, match="standard deviations of the mean"):
        vae.elbo(waves() * 1e12)


def test_datasets_of_ragged_batches_are_padded():
    ragged = tf.ragged.constant([[1.0, 2.0, 3.0], [4.0, 5.0], [2.0, 3.0, 4.0, 6.0]] * 2)
    dataset = tf.data.Dataset.from_tensor_slices(ragged).batch(4)
    vae = zoo.get("lstm_vae", latent_dim=2, units=(4,), seed=1)
    vae.compile(run_eagerly=True)

    history = vae.fit(dataset, validation_data=dataset, verbose=0).history

    assert np.isfinite(history["loss"]).all()
    assert np.isfinite(history["val_loss"]).all()
    np.testing.assert_allclose(vae.encode(dataset).loc, vae.encode(ragged).loc, atol=1e-6)


def test_infinity_in_a_later_ragged_batch():
    ragged = tf.ragged.constant([[1.0, 2.0, 3.0], [4.0, 5.0], [2.0, math.inf]])
    dataset = tf.data.Dataset.from_tensor_slices(ragged).batch(2)
    vae = vae_of(waves(channels=1)[..., 0])
    vae.compile(run_eagerly=True)

    with pytest.raises(ValueError, match=r"^x \(batch 2\) must be finite or NaN, got inf"):
        vae.fit(dataset, verbose=0)


def test_reconstructions_of_daily_cycles_are_better_than_those_of_pca_after_128_steps():
    train, held_out = daily_peaks(2048, seed=0), daily_peaks(256, seed=1)
    vae = vae_of(train, latent_dim=3, units=16)
    vae.compile(zoo.FusedAdam(1e-2))

    vae.fit(train, epochs=8, batch_size=128, verbose=0)

    error = np.square(vae.reconstruct(held_out) - held_out).mean()
    assert error < 0.7 * np.square(of_principal_components(train, held_out, 3) - held_out).mean()


def daily_peaks(n, seed):
    """Hourly values of n days with one peak each, at any hour and of any size, and noise."""
    rng = np.random.default_rng(seed)
    hour, size = rng.uniform(0, 24, (n, 1)), rng.uniform(10, 20, (n, 1))
    peak = size * np.exp(2 * np.cos(2 * np.pi * (np.arange(24) - hour) / 24) - 2)
    return (50 + peak + rng.standard_normal((n, 24))).astype("float32")


def of_principal_components(train, x, count):
    """Reconstruction of x by principal components of the training data."""
    mean = train.mean(0)
    components = np.linalg.svd(train - mean, full_matrices=False)[2][:count]
    return mean + (x - mean) @ components.T @ components


def test_a_channel_far_from_zero_has_the_methods_of_any_other():
    rng = np.random.default_rng(0)
    x = 1e5 + rng.normal(size=(8, 10, 1))
    x[0, 3] = np.nan
    far = zoo.get("lstm_vae", latent_dim=2, units=4, seed=0)
    far.adapt(x)
    far.build((None, 10, 1))
    p = far.decode(far.encode(x).mean())

    filled = np.asarray(p.conditional_mean(x))
    drawn = np.asarray(p.conditional_sample(x, seed=[1, 2]))
    nats = np.asarray(p.marginal_log_prob(x))

    assert far.preprocessor.needs_float64 and filled.dtype == np.float64
    seen = ~np.isnan(x)
    np.testing.assert_allclose(filled[seen], x[seen], atol=1e-3)
    np.testing.assert_allclose(drawn[seen], x[seen], atol=1e-3)
    assert abs(filled[0, 3] - 1e5).max() < 10 and np.isfinite(nats).all() and nats[0, 3] == 0
    assert not hasattr(p, "quantile")
