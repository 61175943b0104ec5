"""Likelihoods of series: log-probabilities, units and gaps."""

import math

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import forward
from tests.likelihoods.series import NAN, padded, vae_of, waves
from zoo.core import elbo
from zoo.likelihoods import SeriesNormal, SeriesPerStepNormal, SeriesStudentT

INDEPENDENT = ("series_normal", "series_per_step_normal", "series_student_t")
LIKELIHOODS = (
    *INDEPENDENT,
    "series_autoregressive",
    "series_vector_autoregressive",
    "series_scaled_vector_autoregressive",
)


def gradients_and_results(vae, training=False):
    """Gradients; and posteriors and nats of each example.

    In a graph for series of any length, so that training runs the compiled loops.
    """

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, None, 2])])
    def step(x):
        with tf.GradientTape() as tape:
            out = forward(vae, x, zoo.core.samplers.MeanSampler(), training)
            nats = elbo.nll(out) + elbo.total_kl(out)
            loss, q = tf.reduce_mean(nats), out.draws[0].posterior
        gradients = tape.gradient(loss, [v.value for v in vae.trainable_variables])
        return gradients, [q.loc, q.scale, nats]

    return step


@pytest.mark.parametrize(
    ("cell", "bidirectional", "training"),
    [("lstm", False, True), ("lstm", True, False), ("gru", False, False), ("gru", True, True)],
)
def test_padding_never_changes_a_result(cell, bidirectional, training):
    x = waves(gaps=0.2)
    vae = vae_of(x, cell=cell, bidirectional=bidirectional, units=(6, 5) if bidirectional else (6,))
    short, long = padded(x, 16), padded(x, 64)

    step = gradients_and_results(vae, training)
    (ours, results), (theirs, expected) = step(short), step(long)

    for p, q in zip(results, expected, strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-5, atol=1e-6)
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-3, atol=1e-4)


def test_padding_changes_neither_encode_nor_elbo():
    x = waves(gaps=0.2)
    vae = vae_of(x)

    a, b = vae.encode(x), vae.encode(padded(x, 64))

    np.testing.assert_allclose(a.loc, b.loc, atol=1e-6)
    np.testing.assert_allclose(a.scale, b.scale, atol=1e-6)
    np.testing.assert_allclose(vae.elbo(x), vae.elbo(padded(x, 64)), rtol=1e-5)


@pytest.mark.parametrize("likelihood", INDEPENDENT)
def test_a_missing_value_is_integrated_out(likelihood):
    x = waves()
    vae = vae_of(x, likelihood=likelihood)
    p = vae.decode(np.zeros((12, 3)))
    gaps = x.copy()
    gaps[:, 3, 1] = NAN

    whole, without = p.log_prob_per_value(x).numpy(), p.log_prob_per_value(gaps).numpy()

    assert (without[:, 3, 1] == 0).all()
    whole[:, 3, 1] = 0
    np.testing.assert_array_equal(without, whole)
    np.testing.assert_allclose(p.log_prob(gaps), whole.sum((1, 2)), rtol=1e-5)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_gradients_are_finite_with_gaps_and_with_nothing_at_all(likelihood):
    x = waves(gaps=0.5)
    x[0] = NAN
    vae = vae_of(x, likelihood=likelihood)

    gradients, results = gradients_and_results(vae)(x)

    assert all(np.isfinite(np.asarray(each)).all() for each in (*gradients, *results))


def test_log_prob_is_in_data_units():
    x = waves()
    vae = vae_of(x, likelihood="series_normal")
    p = vae.decode(np.zeros((12, 3)))
    observed = x.reshape(-1, 2).astype("float64")
    likelihood = vae.decoder.likelihood
    scale = 0.01 + np.logaddexp(0, likelihood.scale_rate * likelihood.raw_scale.numpy())

    sigma = observed.std(0) * scale
    expected = -0.5 * ((x - p.mean()) / sigma) ** 2 - np.log(sigma) - 0.5 * np.log(2 * np.pi)

    np.testing.assert_allclose(p.log_prob_per_value(x), expected, rtol=1e-4)


def test_other_units_shift_nats_by_the_log_determinant_and_scale_samples():
    x = waves()
    y = 7.0 * x - 1000.0

    a, b = vae_of(x), vae_of(y)

    np.testing.assert_allclose(a.encode(x).loc, b.encode(y).loc, atol=1e-4)
    np.testing.assert_allclose(a.elbo(x) - b.elbo(y), x[0].size * np.log(7.0), rtol=1e-3)
    np.testing.assert_allclose(7.0 * a.generate(2, 0) - 1000.0, b.generate(2, 0), rtol=1e-4)


def test_adapt_ignores_gaps_and_takes_parts():
    x = waves(gaps=0.3)
    whole, parts = SeriesNormal(), SeriesNormal()

    whole.preprocessor().adapt([x])
    parts.preprocessor().adapt([x[:5], x[5:]])

    np.testing.assert_allclose(whole.channel_mean, np.nanmean(x, (0, 1)), rtol=1e-5)
    np.testing.assert_allclose(whole.channel_std, np.nanstd(x, (0, 1)), rtol=1e-4)
    np.testing.assert_allclose(parts.channel_mean, whole.channel_mean, rtol=1e-6)
    np.testing.assert_allclose(parts.channel_std, whole.channel_std, rtol=1e-5)


@pytest.mark.parametrize("kind", [SeriesNormal, SeriesPerStepNormal, SeriesStudentT])
def test_samples_have_the_mean_and_the_gaps_filled(kind):
    likelihood = kind()
    likelihood.preprocessor().adapt([waves()])
    raw = tf.zeros([4000, 3, likelihood.params_size(2)])

    p = likelihood(raw)

    assert p.sample(seed=1).shape == (4000, 3, 2)
    spread = likelihood.channel_std.numpy()
    error = np.median(p.sample(seed=1), (0, 1)) - likelihood.channel_mean.numpy()
    assert (np.abs(error) < 0.1 * spread).all()


@pytest.mark.parametrize("scale", [0.02, 1.0, 900.0])
def test_the_scale_starts_at_its_argument(scale):
    likelihood = SeriesNormal(scale)
    likelihood.build((None, None, 2))

    p = likelihood(tf.zeros([1, 3, 2]))

    np.testing.assert_allclose(p.distribution.scale, np.full((1, 3, 2), scale), rtol=1e-4)


@pytest.mark.parametrize("kind", [SeriesNormal, SeriesStudentT])
def test_the_scale_rate_changes_the_speed_of_the_scale_but_not_its_start(kind):
    def scales(rate):
        likelihood = kind(scale_rate=rate)
        likelihood.build((None, None, 1))
        before = likelihood.scale().numpy()
        likelihood.raw_scale.assign_sub([0.01])
        return before, likelihood.scale().numpy()

    (start, slow), (same_start, fast) = scales(1.0), scales(20.0)

    np.testing.assert_allclose(same_start, start, rtol=1e-5)
    np.testing.assert_allclose((same_start - fast) / (start - slow), 20.0, rtol=0.1)


def test_log_prob_of_student_t_is_the_textbook_density():
    likelihood = SeriesStudentT()
    likelihood.preprocessor().adapt([waves()])
    p = likelihood(tf.zeros([12, 10, 2]))
    x, d = waves(), p.distribution
    df, loc, scale = (np.asarray(a, "float64") for a in (d.df, d.loc, d.scale))

    gamma = np.vectorize(math.lgamma)
    constant = gamma((df + 1) / 2) - gamma(df / 2) - 0.5 * np.log(df * np.pi) - np.log(scale)
    expected = constant - (df + 1) / 2 * np.log1p(((x - loc) / scale) ** 2 / df)

    np.testing.assert_allclose(p.log_prob_per_value(x), expected, rtol=1e-4)
    np.testing.assert_allclose(p.log_prob_per_step(x), expected.sum(2), rtol=1e-4)
