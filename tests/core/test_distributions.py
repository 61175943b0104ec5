"""KL and scales against TFP, closed forms and Monte Carlo."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tests.core.gradients import gradient
from zoo.core.distributions import (
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
