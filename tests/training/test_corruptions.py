"""Input noise: its statistics and seeds; off in inference; the target stays clean."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import data, forward, small
from zoo.core.samplers import MeanSampler
from zoo.training.corruptions import (
    IDENTIFIERS,
    GaussianCorruption,
    MaskingCorruption,
    NoiseLevelsCorruption,
    SaltAndPepperCorruption,
)

X = tf.fill([100, 200], 0.5)
N = 20_000

each_corruption = pytest.mark.parametrize("family", IDENTIFIERS.values(), ids=IDENTIFIERS)


def within(frequency, expected):
    """A frequency over all of X is within four standard errors of its probability."""
    return abs(frequency - expected) < 4 * np.sqrt(expected * (1 - expected) / N)


def test_gaussian_noise_has_its_standard_deviation():
    noise = np.asarray(GaussianCorruption(0.2, seed=1)(X, training=True) - X)

    assert abs(noise.mean()) < 4 * 0.2 / np.sqrt(N)
    assert abs(noise.std() - 0.2) < 4 * 0.2 / np.sqrt(2 * N)


def test_noise_levels_are_log_uniform_over_rows():
    x = tf.zeros([400, 500])
    stds = np.asarray(NoiseLevelsCorruption(2.0, 0.01, seed=1)(x, training=True)).std(1)

    assert 0.018 < stds.min() < 0.03 and 1.6 < stds.max() < 2.2
    assert abs(np.median(np.log10(stds)) - np.log10(0.2)) < 0.2
    with pytest.raises(ValueError, match=r"lowest must be a fraction in \(0, 1\], got 0"):
        NoiseLevelsCorruption(2.0, 0)


def test_masking_zeroes_elements_with_its_probability():
    y = np.asarray(MaskingCorruption(0.3, seed=1)(X, training=True))

    assert {*np.unique(y)} == {0.0, 0.5}
    assert within((y == 0).mean(), 0.3)


def test_salt_and_pepper_sets_each_end_with_half_its_probability():
    y = np.asarray(SaltAndPepperCorruption(0.3, seed=1)(X, training=True))

    assert {*np.unique(y)} == {0.0, 0.5, 1.0}
    assert within((y == 0).mean(), 0.15)
    assert within((y == 1).mean(), 0.15)


@each_corruption
def test_seed_reproduces_noise_and_each_call_differs(family):
    def calls(seed):
        layer = family(0.3, seed=seed)
        return [np.asarray(layer(X, training=True)) for _ in range(2)]

    first, again, other = calls(1), calls(1), calls(2)

    np.testing.assert_array_equal(first, again)
    assert (first[0] != first[1]).any()
    assert (first[0] != other[0]).any()


@each_corruption
def test_noise_is_off_in_inference(family):
    np.testing.assert_array_equal(family(0.3)(X), X)
    np.testing.assert_array_equal(family(0.3)(X, training=False), X)


@each_corruption
def test_an_amount_of_zero_is_the_identity(family):
    np.testing.assert_array_equal(family(0.0, seed=1)(X, training=True), X)


@each_corruption
def test_negative_amounts_are_refused(family):
    with pytest.raises(ValueError, match="amount must be"):
        family(-0.1)


@pytest.mark.parametrize("identifier", IDENTIFIERS)
def test_the_encoder_gets_noise_and_the_target_stays_clean(identifier):
    vae, x = small("dense_vae", input_noise=identifier), tf.constant(data("dense_vae"))

    noisy, clean = (forward(vae, x, MeanSampler(), training=t) for t in (True, False))

    np.testing.assert_array_equal(noisy.target, x)
    assert np.abs(noisy.draws[0].posterior.loc - clean.draws[0].posterior.loc).max() > 0


def test_noisy_model_is_deterministic_in_inference():
    vae, x = small("dense_vae", input_noise="gaussian"), data("dense_vae")

    np.testing.assert_array_equal(vae.elbo(x), vae.elbo(x))


def test_unknown_noise_suggests_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'gaussian'"):
        small("dense_vae", input_noise="gausian")
