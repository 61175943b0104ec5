"""Discrete distributions against TFP and brute force in float64."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import special, stats

from tests.core.gradients import gradient
from zoo.core.discrete_distributions import DiscretizedLogistic, FusedBernoulli

tfd = tfp.distributions


# FusedBernoulli

LOGITS = np.float32([[-100, -3, -0.1, 0], [0.5, 2, 20, 1e4]])


@pytest.mark.parametrize("x", [0.0, 1.0, 0.3])
def test_fused_bernoulli_equals_tfp(x):
    value = np.full_like(LOGITS, x)

    fused = FusedBernoulli(logits=LOGITS, dtype=tf.float32).log_prob(value)

    grey = x * special.log_expit(LOGITS.astype("float64"))
    expected = grey + (1 - x) * special.log_expit(-LOGITS.astype("float64"))
    np.testing.assert_allclose(fused, expected, rtol=1e-5, atol=1e-6)
    if x in (0.0, 1.0):
        plain = tfd.Bernoulli(logits=LOGITS, dtype=tf.float32).log_prob(value)
        np.testing.assert_allclose(fused, plain, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("x", [0.0, 1.0])
def test_fused_bernoulli_has_the_gradient_of_tfp(x):
    def slope(family):
        return gradient(
            lambda raw: family(logits=raw, dtype=tf.float32).log_prob(tf.fill(raw.shape, x)), LOGITS
        )

    np.testing.assert_allclose(slope(FusedBernoulli), slope(tfd.Bernoulli), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(slope(FusedBernoulli), x - special.expit(LOGITS), atol=1e-6)


def test_fused_bernoulli_broadcasts_like_tfp():
    values = np.float32([[[0, 1, 1, 0]], [[1, 1, 0, 0]], [[1, 0, 0, 0]]])

    fused, plain = (f(logits=LOGITS, dtype=tf.float32) for f in (FusedBernoulli, tfd.Bernoulli))

    np.testing.assert_allclose(fused.log_prob(values), plain.log_prob(values), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(fused.log_prob(1.0), plain.log_prob(1.0), rtol=1e-5, atol=1e-6)


# DiscretizedLogistic

LEVELS = np.arange(256) / 255


def brute_force(loc, scale):
    """Log-probability of each level from differences of the CDF in float64."""
    edges = np.concatenate([[-np.inf], (LEVELS[:-1] + LEVELS[1:]) / 2, [np.inf]])
    below = np.diff(stats.logistic.cdf(edges, loc, scale))
    above = -np.diff(stats.logistic.sf(edges, loc, scale))
    return np.log(np.maximum(below, above))


@pytest.mark.parametrize(("loc", "scale"), [(0.5, 0.1), (0.02, 0.03), (1.0, 0.5), (0.3, 0.004)])
def test_discretized_logistic_equals_differences_of_the_cdf(loc, scale):
    distribution = DiscretizedLogistic(tf.fill([256], loc), tf.fill([256], scale))

    got = np.asarray(distribution.log_prob(np.float32(LEVELS)))

    expected = brute_force(loc, scale)
    trusted = expected > -30  # further out the float64 differences cancel
    np.testing.assert_allclose(got[trusted], expected[trusted], rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize(("loc", "scale"), [(0.5, 0.1), (0.0, 0.01), (1.0, 100.0), (0.7, 2e-4)])
def test_discretized_logistic_sums_to_one(loc, scale):
    distribution = DiscretizedLogistic(tf.fill([256], loc), tf.fill([256], scale))

    total = np.exp(np.asarray(distribution.log_prob(np.float32(LEVELS)), "float64")).sum()

    assert total == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("loc", [-0.3, 0.0, 0.5, 1.0])
def test_discretized_logistic_lists_the_probabilities_of_all_levels(loc):
    scale = np.float32([2e-4, 0.01, 0.5, 100.0])
    distribution = DiscretizedLogistic(tf.fill([4], loc), tf.constant(scale))

    got = np.asarray(distribution.probabilities())

    expected = np.stack([np.exp(distribution.log_prob(np.float32(x))) for x in LEVELS], -1)
    assert got.shape == (4, 256) and got.min() >= 0.0
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(got.sum(-1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("x", [0.0, 1 / 255, 0.5, 254 / 255, 1.0])
@pytest.mark.parametrize("loc", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("scale", [2e-4, 1.0, 100.0])
def test_discretized_logistic_has_finite_gradients_at_extremes(x, loc, scale):
    with tf.GradientTape() as tape:
        parameters = tf.constant([loc]), tf.constant([scale])
        tape.watch(parameters)
        log_prob = DiscretizedLogistic(*parameters).log_prob(tf.constant([x], tf.float32))
    slopes = tape.gradient(log_prob, parameters)

    assert np.isfinite(log_prob).all()
    assert np.isfinite(slopes).all()


def test_discretized_logistic_samples_have_the_probabilities_of_log_prob():
    levels, n = 8, 40_000
    distribution = DiscretizedLogistic(tf.constant([0.3]), tf.constant([0.15]), levels)
    grid = np.float32(np.arange(levels) / (levels - 1))

    drawn = np.asarray(distribution.sample(n, seed=3))[:, 0]

    counts = np.bincount(np.round(drawn * (levels - 1)).astype(int), minlength=levels)
    expected = np.exp(np.asarray(distribution.log_prob(grid)))
    errors = np.sqrt(expected * (1 - expected) / n)
    assert (np.abs(counts / n - expected) < 4 * errors + 1e-4).all()


def test_discretized_logistic_is_reproduced_by_its_seed():
    distribution = DiscretizedLogistic(tf.fill([5], 0.3), tf.fill([5], 0.2))

    first, again = (distribution.sample(4, seed=[1, 2]) for _ in "ab")

    np.testing.assert_array_equal(first, again)
    assert first.shape == (4, 5)
