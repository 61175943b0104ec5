"""ELBO and bounds of a linear-Gaussian VAE, whose log p(x) is known; bits per dimension."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import zoo
from tests.helpers import forward
from zoo.core import elbo
from zoo.core.samplers import RandomSampler
from zoo.decoders import DenseDecoder
from zoo.encoders import DenseEncoder
from zoo.likelihoods import Normal

# Orthogonal columns, so that the exact posterior is independent over dimensions.
W = np.array([[1.0, 0.5], [1.0, -0.5], [-0.5, 1.0], [0.5, 1.0]]) * [1.0, 0.8]
BIAS = np.array([0.3, -0.2, 0.1, 0.0])
NOISE = 0.7
MARGINAL = stats.multivariate_normal(BIAS, W @ W.T + NOISE**2 * np.eye(4))
PRECISION = 1 + (W**2).sum(0) / NOISE**2


def linear_gaussian(scale_error=1.0, loc_error=0.0):
    """VAE with p(x|z) = Normal(W z + BIAS, NOISE) and the exact posterior, or one with errors."""
    vae = zoo.VAE(
        zoo.SingleLatent(DenseEncoder(2, hidden=())),
        DenseDecoder(hidden=(), likelihood=Normal(NOISE)),
        seed=1,
    )
    vae.build((None, 4))
    to_loc = W / NOISE**2 / PRECISION
    scale = scale_error / np.sqrt(PRECISION)
    raw = np.log(np.expm1(scale - vae.latents.encoder.posterior.floor))
    vae.latents.encoder.posterior.dense.set_weights(
        [
            np.concatenate([to_loc, np.zeros((4, 2))], 1),
            np.concatenate([loc_error - BIAS @ to_loc, raw]),
        ]
    )
    vae.decoder.last.set_weights([W.T, BIAS])
    return vae


def exact_elbo(x, scale_error, loc_error):
    """Log p(x) - KL(q || exact posterior)."""
    excess = 0.5 * (scale_error**2 - 1 - 2 * np.log(scale_error) + loc_error**2 * PRECISION)
    return MARGINAL.logpdf(x) - excess.sum()


@pytest.fixture(scope="module")
def x():
    return MARGINAL.rvs(64, random_state=0).astype("float32")


@pytest.fixture(scope="module")
def wrong():
    return linear_gaussian(scale_error=1.6, loc_error=0.3)


def test_columns_are_orthogonal():
    assert W[:, 0] @ W[:, 1] == pytest.approx(0)


def test_exact_posterior_gives_log_p_at_every_single_draw(x):
    vae = linear_gaussian()

    one = vae.log_likelihood(x, samples=1)
    many = vae.log_likelihood(x, samples=7)

    np.testing.assert_allclose(one, MARGINAL.logpdf(x), atol=1e-3)
    np.testing.assert_allclose(many, MARGINAL.logpdf(x), atol=1e-3)


def test_exact_posterior_gives_an_elbo_of_log_p(x):
    samples = 4000

    values = linear_gaussian().elbo(x, samples=samples)

    # The quadratic part of log p(x|z) varies over pairs of draws: the two of a pair share it.
    error = np.sqrt(((1 - 1 / PRECISION) ** 2 / 2).sum() / (samples / 2))
    np.testing.assert_allclose(values, MARGINAL.logpdf(x), atol=4 * error)


def test_elbo_of_a_wrong_posterior_is_lower_by_its_kl_from_the_exact_one(x, wrong):
    values = wrong.elbo(x, samples=4000)

    np.testing.assert_allclose(values.mean(), exact_elbo(x, 1.6, 0.3).mean(), atol=0.2)


def test_elbo_is_below_iwae_which_rises_to_log_p(x, wrong):
    truth = MARGINAL.logpdf(x).mean()

    bounds = [exact_elbo(x, 1.6, 0.3).mean()]
    bounds += [wrong.log_likelihood(x, samples=k).mean() for k in (4, 32, 2000)]

    assert bounds == sorted(bounds)
    assert bounds[0] < truth - 0.1
    assert bounds[-1] == pytest.approx(truth, abs=0.02)


def test_chunks_of_draws_estimate_the_same(x, wrong):
    chunked = wrong.log_likelihood(x, samples=1001, rows=320)
    at_once = wrong.log_likelihood(x, samples=1001, rows=10**6)

    np.testing.assert_allclose(chunked.mean(), at_once.mean(), atol=0.05)


def test_log_weights_have_shape_draws_by_examples(x, wrong):
    out = forward(wrong, tf.constant(x), RandomSampler(tf.constant([1, 2]), 5))

    assert elbo.log_weights(out).shape == (5, 64)
    assert elbo.nll(out).shape == elbo.total_kl(out).shape == elbo.elbo(out).shape == (64,)


def test_training_reaches_log_p_if_the_exact_posterior_is_in_the_family(x):
    vae = linear_gaussian(scale_error=1.6, loc_error=0.3)
    vae.decoder.trainable = False
    vae.compile(zoo.FusedAdam(0.03), jit_compile=False, steps_per_execution=50)

    vae.fit(x, batch_size=64, epochs=1, steps_per_epoch=300, verbose=0)

    gap = MARGINAL.logpdf(x).mean() - vae.elbo(x, samples=4000).mean()
    assert abs(gap) < 0.1


def test_posterior_means_are_averaged_over_draws(x, wrong):
    out = forward(wrong, tf.constant(x), RandomSampler(tf.constant([1, 2]), 5))

    (means,) = elbo.posterior_means(out)

    np.testing.assert_allclose(means, wrong.encode(x).loc, rtol=1e-5, atol=1e-6)


def test_bits_per_dimension_of_uniform_grey_levels_is_eight():
    log_prob = 12 * np.log(256.0)

    assert zoo.bits_per_dimension(log_prob, (2, 2, 3)) == pytest.approx(8.0)
