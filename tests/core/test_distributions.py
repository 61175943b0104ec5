"""Distributions against TFP, brute force in float64 and Monte Carlo."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import special, stats

from zoo.core.distributions import (
    DiscretizedLogistic,
    FusedBernoulli,
    as_event,
    bounded_scale,
    kl,
    kl_is_exact,
    kl_of_normals,
    kl_per_dimension,
)
from zoo.core.outputs import Draw
from zoo.latents.posteriors import NormalPosterior
from zoo.priors import StandardNormal

tfd = tfp.distributions


def gradient(function, x):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return np.asarray(tape.gradient(y, x))


def sampled(posterior, prior, samples=1):
    z, log_q = as_event(posterior).experimental_sample_and_log_prob(samples, seed=[1, 2])
    return Draw(posterior, prior, tf.reshape(z, [-1, z.shape[-1]]), tf.reshape(log_q, [-1]))


def test_as_event_keeps_one_batch_dimension():
    event = as_event(tfd.Normal(tf.zeros([3, 4, 5, 2]), 1.0))

    assert event.batch_shape == [3]
    assert event.event_shape == [4, 5, 2]


def test_normal_kl_equals_its_closed_form():
    loc, scale = np.array([[0.5, -2.0], [0.0, 3.0]]), np.array([[0.1, 1.0], [2.0, 0.7]])
    draw = sampled(tfd.Normal(np.float32(loc), np.float32(scale)), StandardNormal(2).distribution())

    expected = 0.5 * (loc**2 + scale**2 - 1 - 2 * np.log(scale)).sum(-1)

    np.testing.assert_allclose(kl(draw), expected, rtol=1e-5)
    assert kl_is_exact(draw)


def test_kl_of_normals_equals_that_of_tfp():
    rng = np.random.default_rng(0)
    loc = tf.constant(rng.normal(size=(2, 50, 3)), tf.float32)
    scale = tf.constant(rng.uniform(1e-4, 9, (2, 50, 3)), tf.float32)
    q, p = (tfd.Normal(loc[i], scale[i]) for i in range(2))

    np.testing.assert_array_equal(kl_of_normals(q, p), tfd.kl_divergence(q, p))
    np.testing.assert_array_equal(kl_of_normals(q, q), tf.zeros([50, 3]))


def test_kl_is_the_sum_of_kl_per_dimension():
    q = tfd.Normal([[0.5, -1.0], [2.0, 0.0]], [[0.3, 1.5], [1.0, 0.1]])
    draw = sampled(q, StandardNormal(2).distribution())

    np.testing.assert_allclose(kl(draw), np.sum(kl_per_dimension(draw), -1), rtol=1e-6)


def test_a_normal_prior_without_event_has_no_closed_form():
    q = tfd.Normal([[0.5, -1.0]], [[0.3, 1.5]])

    assert not kl_is_exact(sampled(q, tfd.Normal([0.0, 0.0], 1.0)))


def test_normal_kl_agrees_with_monte_carlo_within_four_standard_errors():
    posterior, prior = tfd.Normal([[0.5, -1.0]], [[0.3, 1.5]]), StandardNormal(2).distribution()
    draw = sampled(posterior, prior, samples=20_000)

    estimates = np.asarray(draw.log_q - prior.log_prob(draw.z), "float64")

    error = abs(estimates.mean() - float(kl(draw)[0]))
    assert error < 4 * estimates.std() / np.sqrt(len(estimates))


def test_kl_without_a_closed_form_is_the_estimate_at_the_draw():
    mixture = tfd.MixtureSameFamily(
        tfd.Categorical([0.0, 1.0]),
        tfd.MultivariateNormalDiag([[-1.0, 0.0], [1.0, 0.0]], [[1.0, 1.0], [0.5, 2.0]]),
    )
    draw = sampled(tfd.Normal([[0.5, -1.0]], [[0.3, 1.5]]), mixture)

    assert not kl_is_exact(draw)
    np.testing.assert_allclose(kl(draw), draw.log_q - mixture.log_prob(draw.z), rtol=1e-6)


RAW = np.float32([-1e30, -1e4, -40, -1, 0, 1, 50, 101, 1e4, 1e30])


def test_bounded_scale_is_finite_positive_and_bounded_for_huge_inputs():
    scale = np.asarray(bounded_scale(RAW, 1e-4, 100.0))

    assert np.isfinite(scale).all()
    assert (scale >= 1e-4).all()
    assert (scale <= 100.0 + 1e-4 + 1e-3).all()


def test_bounded_scale_equals_softplus_within_its_bounds():
    raw = np.linspace(-20, 90, 23)

    expected = 1e-3 + np.logaddexp(0, raw)

    np.testing.assert_allclose(bounded_scale(np.float32(raw), 1e-3, 100.0), expected, rtol=1e-5)


def test_bounded_scale_has_a_finite_positive_gradient():
    slope = gradient(lambda raw: bounded_scale(raw, 1e-4, 100.0), RAW)

    assert np.isfinite(slope).all()
    assert (slope > 0).all()
    assert slope[RAW > 100] == pytest.approx(1.0)


def test_bounded_scale_is_float32_for_half_precision():
    assert bounded_scale(tf.constant([1.0], tf.bfloat16), 1e-4, 10.0).dtype == tf.float32


@pytest.mark.parametrize("magnitude", [1.0, 1e4, 1e15, 1e30])
def test_posterior_of_huge_features_has_no_nan(magnitude):
    head = NormalPosterior(3)
    features = tf.constant(np.float32([[1, -1, 1, -1]]) * magnitude)
    head.build((None, 4))

    with tf.GradientTape() as tape:
        q = head(features)
        total = tf.reduce_sum(q.scale)
    slopes = tape.gradient(total, head.dense.kernel.value)

    assert np.isfinite(q.scale).all()
    assert np.isfinite(q.loc).all()
    assert not np.isnan(slopes).any()


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
