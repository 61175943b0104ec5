"""Draws and what they are worth: summaries, missing values, coverage."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import data, small
from zoo.inference import uncertainty

SCALE = 0.1


def pairs(n, seed):
    """Two numbers each that share one cause: x_1 = u, x_2 = 2 u, and noise of 0.1."""
    rng = np.random.default_rng(seed)
    u = rng.standard_normal((n, 1))
    return (u * [1.0, 2.0] + SCALE * rng.standard_normal((n, 2))).astype("float32")


@pytest.fixture(scope="module")
def fitted():
    keras.utils.set_random_seed(0)
    likelihood = zoo.likelihoods.Normal(SCALE)
    # Linear both ways, so that q(z|x) can be the true posterior.
    vae = zoo.get("dense_vae", latent_dim=1, hidden=(), likelihood=likelihood, seed=0)
    vae.compile(zoo.FusedAdam(keras.optimizers.schedules.CosineDecay(3e-2, 60 * 64)))
    vae.fit(pairs(4096, 0), epochs=60, batch_size=64, verbose=0)
    return vae


def test_missing_values_are_drawn_given_the_observed_ones(fitted):
    x = pairs(200, 1)
    hidden = np.zeros(x.shape, bool)
    hidden[:, 1] = True
    observed = np.where(hidden, np.nan, x)

    drawn = zoo.impute(fitted, observed, draws=100, steps=300)

    # u given x_1 is Normal(x_1 / 1.01, 0.1 / sqrt(1.01)), so x_2 is Normal(2 x_1 / 1.01, 0.2225).
    assert drawn.shape == (100, 200, 2)
    np.testing.assert_array_equal(drawn[:, :, 0], np.broadcast_to(x[:, 0], (100, 200)))
    error = drawn[:, :, 1].mean(0) - 2 * x[:, 0] / 1.01
    assert np.abs(error).mean() < 0.08
    assert drawn[:, :, 1].std(0).mean() == pytest.approx(np.hypot(2 * SCALE, SCALE), rel=0.15)
    fractions = zoo.coverage(x, drawn, (0.5, 0.9), where=hidden)
    assert fractions[0.5] == pytest.approx(0.5, abs=0.1)
    assert fractions[0.9] == pytest.approx(0.9, abs=0.1)


def test_values_under_the_mask_do_not_matter(fitted):
    x, hidden = pairs(5, 1), np.array([[True, False]] * 5)
    other = np.where(hidden, 1e30, x)

    one, same = (zoo.impute(fitted, y, hidden, draws=2, steps=6) for y in (x, other))

    np.testing.assert_array_equal(one, same)


def test_the_chain_is_reproduced_by_its_seed_and_a_full_table_comes_back(fitted):
    x, nothing = pairs(5, 1), np.zeros((5, 2), bool)
    hidden = ~nothing

    first, again, other = (
        zoo.impute(fitted, x, hidden, draws=3, steps=6, seed=s) for s in (1, 1, 2)
    )

    np.testing.assert_array_equal(first, again)
    assert (first != other).all()
    assert np.ptp(first, 0).min() > 0  # its states differ
    complete = zoo.impute(fitted, x, nothing, draws=1, steps=2)
    np.testing.assert_array_equal(complete[0], x)


def test_predictive_spread_is_that_of_the_likelihood_and_of_z(fitted):
    x = pairs(50, 2)

    with_noise = zoo.predictive(fitted, x, samples=400)
    without = zoo.predictive(fitted, x, samples=400, noise=False)

    np.testing.assert_allclose(with_noise.mean, without.mean, atol=0.03)
    both = np.hypot(without.std, SCALE)
    np.testing.assert_allclose(with_noise.std, both, rtol=0.2)
    low, middle, high = with_noise.quantiles
    assert with_noise.quantiles.shape == (3, 50, 2)
    np.testing.assert_allclose(high - low, 2 * 1.645 * both, rtol=0.25)
    np.testing.assert_allclose(middle, with_noise.mean, atol=0.05)


def test_quantiles_equal_numpys_for_any_batch_size():
    vae, x = small("dense_vae"), data("dense_vae")
    chances = (0.0, 0.1, 0.5, 1.0)

    intervals = zoo.predictive(vae, x, samples=7, quantiles=chances, noise=False, batch_size=20)

    draws = vae.reconstruct(x, samples=7)
    np.testing.assert_allclose(intervals.mean, draws.mean(0), atol=1e-5)
    np.testing.assert_allclose(intervals.std, draws.std(0), atol=1e-5)
    np.testing.assert_allclose(intervals.quantiles, np.quantile(draws, chances, 0), atol=1e-5)
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(20)
    same = zoo.predictive(vae, dataset, samples=7, quantiles=chances, noise=False)
    np.testing.assert_array_equal(same.quantiles, intervals.quantiles)


@pytest.mark.parametrize("name", ["conv_vae", "dense_ladder_vae"])
def test_images_and_ladders_are_imputed_too(name):
    vae, x = small(name), data(name, 6)
    hidden = np.random.default_rng(0).random(x.shape) < 0.5

    drawn = zoo.impute(vae, x, hidden, draws=2, steps=4)

    assert drawn.shape == (2, *x.shape)
    assert np.isfinite(drawn).all()
    np.testing.assert_array_equal(drawn[:, ~hidden], np.stack([x[~hidden]] * 2))


def test_coverage_of_draws_that_are_too_sure_is_too_small():
    rng = np.random.default_rng(0)
    x, draws = rng.standard_normal((500, 3)), rng.standard_normal((99, 500, 3))

    assert uncertainty.coverage(x, draws, (0.8,))[0.8] == pytest.approx(0.8, abs=0.04)
    assert uncertainty.coverage(x, 0.5 * draws, (0.8,))[0.8] < 0.6


def test_errors_name_the_argument(fitted):
    x = pairs(4, 0)
    with pytest.raises(ValueError, match="draws must be at most half of steps=4, got 3"):
        zoo.impute(fitted, x, draws=3, steps=4)
    with pytest.raises(ValueError, match=r"missing must be bool of shape \(4, 2\), got int64"):
        zoo.impute(fitted, x, np.ones((4, 2), "int64"))
    with pytest.raises(ValueError, match=r"quantiles must be numbers in \[0, 1\], got \(2.0,\)"):
        zoo.predictive(fitted, x, quantiles=(2.0,))
    with pytest.raises(ValueError, match="arrays of numbers, got a model with"):
        zoo.predictive(small("transformer_vae"), data("transformer_vae"))
    with pytest.raises(ValueError, match="missing must be a bool array where examples vary"):
        zoo.impute(small("lstm_vae"), data("lstm_vae"))
    for draws in (x[:3], np.zeros((0, 4, 2))):
        with pytest.raises(ValueError, match=r"draws must have shape \[S, 4, 2\] with S > 0, got"):
            zoo.coverage(x, draws)
