"""Tests of the parameters of a stationary process from covariances."""

import numpy as np
import pytest
import tensorflow as tf

from zoo.likelihoods.partial_autocorrelation import autocovariances, process_parameters
from zoo.likelihoods.stationary_process import stationary_process


def parameters(channels, order, seed=0):
    rng = np.random.default_rng(seed)
    correlation = np.tril(rng.normal(size=(channels, channels)), -1)
    return correlation, rng.normal(size=(order, channels, channels)) * 0.4


def covariances_of(process):
    """Gamma_k of a process, from how each innovation reaches each step."""
    steps, channels = process.order + 1, process.channels
    noise = np.eye(steps * channels).reshape(steps * channels, steps, channels)
    u = process.draw(tf.constant(noise.transpose(1, 0, 2), tf.float32)).numpy()
    return np.stack([u[-1].T @ u[-1 - k] for k in range(steps)]).astype("float64")


@pytest.mark.parametrize(("channels", "order"), [(1, 1), (1, 3), (3, 2), (4, 3)])
def test_parameters_give_the_covariances_that_they_were_made_of(channels, order):
    expected = covariances_of(stationary_process(*map(tf.constant, as_float32(channels, order))))
    correlation, partial = process_parameters(expected)
    process = stationary_process(
        tf.constant(correlation, tf.float32), tf.constant(partial, tf.float32)
    )
    # Correlations are a thousandth smaller, so that they stay below 1.
    np.testing.assert_allclose(covariances_of(process), expected, atol=6e-3)


def as_float32(channels, order):
    return [a.astype("float32") for a in parameters(channels, order)]


def test_parameters_do_not_depend_on_the_scale_of_channels():
    gammas = covariances_of(stationary_process(*map(tf.constant, as_float32(3, 2))))
    scale = np.array([0.1, 1.0, 30.0])
    for found, expected in zip(
        process_parameters(gammas * np.outer(scale, scale)), process_parameters(gammas), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_series_without_noise_has_finite_parameters():
    wave = np.sin(np.arange(50.0))[None, :, None] * np.ones(2)
    correlation, partial = process_parameters(autocovariances(wave, np.ones(wave.shape, bool), 2))
    assert np.isfinite(correlation).all() and np.isfinite(partial).all()
    assert correlation[1, 0] > 10.0  # both channels are the same


def test_autocovariances_are_the_means_of_products():
    u = np.random.default_rng(0).normal(size=(3, 6, 2))
    expected = sum(np.outer(u[n, t], u[n, t - 2]) for n in range(3) for t in range(2, 6)) / 18
    np.testing.assert_allclose(autocovariances(u, np.ones(u.shape, bool), 2)[2], expected)


def test_gaps_do_not_make_correlations_smaller():
    rng = np.random.default_rng(0)
    u = rng.normal(size=(4000, 50, 1))
    for t in range(1, 50):
        u[:, t] = 0.8 * u[:, t - 1] + 0.6 * u[:, t]
    observed = rng.random(u.shape) < 0.5
    gammas = autocovariances(np.where(observed, u, 0.0), observed, 1)[:, 0, 0]
    assert gammas[1] / gammas[0] == pytest.approx(0.8 * 49 / 50, abs=0.02)


def test_covariances_with_negative_eigenvalues_have_finite_parameters():
    gamma = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    assert np.linalg.eigvalsh(gamma)[0] < 0
    for values in process_parameters(np.stack([gamma, 0.9 * gamma])):
        assert np.isfinite(values).all()


def test_series_that_are_shorter_than_the_order_have_covariances_of_zero():
    ones = np.ones((4, 2, 3))
    assert not autocovariances(ones, ones > 0, 2)[2].any()
