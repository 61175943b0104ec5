"""Series with correlated residuals, against a dense multivariate Normal."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy.stats import multivariate_normal

import zoo
from tests.likelihoods.series import NAN, vae_of, waves
from zoo.layers import sequence_masks
from zoo.likelihoods import SeriesAutoregressive
from zoo.likelihoods.autoregressive_series import AutoregressiveSeries

STEPS, CORRELATION = 7, np.array([0.9, 0.2])


def series(n=3, seed=0, univariate=False):
    rng = np.random.default_rng(seed)
    channels = 1 if univariate else 2
    loc = rng.normal(size=(n, STEPS, channels)).astype("float32")
    scale = rng.uniform(0.5, 2.0, loc.shape).astype("float32")
    rate = tf.constant(-np.log(CORRELATION[:channels]), tf.float32)
    return AutoregressiveSeries(tfp.distributions.Normal(loc, scale), univariate, rate=rate)


def dense_log_prob(p, x):
    """log p of the observed values, from their covariance matrix."""
    loc, scale = p.distribution.loc.numpy(), p.distribution.scale.numpy()
    lag = np.abs(np.subtract.outer(np.arange(STEPS), np.arange(STEPS)))
    total = np.zeros(len(x))
    for i, row in enumerate(x):
        for c, values in enumerate(row.T):
            seen = ~np.isnan(values)
            s = scale[i, seen, c]
            covariance = CORRELATION[c] ** lag[np.ix_(seen, seen)] * np.outer(s, s)
            if seen.any():
                normal = multivariate_normal(loc[i, seen, c], covariance)
                total[i] += normal.logpdf(values[seen])
    return total


@pytest.mark.parametrize("gaps", [0.0, 0.4, 0.8])
@pytest.mark.parametrize("compiled", [False, True])
def test_log_prob_is_that_of_a_multivariate_normal(gaps, compiled):
    p, rng = series(), np.random.default_rng(1)
    x = rng.normal(size=(3, STEPS, 2)).astype("float32")
    x[rng.random(x.shape) < gaps] = NAN

    got = tf.function(p.log_prob, jit_compile=compiled)(x)

    np.testing.assert_allclose(got, dense_log_prob(p, x), rtol=1e-4)


def test_nothing_observed_has_the_probability_one_and_finite_gradients():
    rate = tf.Variable([0.1, 2.0])
    x = np.full((3, STEPS, 2), NAN, "float32")
    x[1, 3, 0] = 1.0
    p = series()

    with tf.GradientTape() as tape:
        total = AutoregressiveSeries(p.distribution, rate=rate).log_prob(x)

    assert total.numpy()[[0, 2]].tolist() == [0, 0] and total.numpy()[1] < 0
    assert np.isfinite(tape.gradient(total, rate)).all()


def test_steps_are_conditional_on_the_steps_before():
    p = series(univariate=True)
    x = np.random.default_rng(2).normal(size=(3, STEPS)).astype("float32")
    changed = x.copy()
    changed[:, 4] += 1.0

    a, b = p.log_prob_per_step(x).numpy(), p.log_prob_per_step(changed).numpy()

    assert a.shape == (3, STEPS)
    np.testing.assert_array_equal(a[:, :4], b[:, :4])
    assert (a[:, 4:6] != b[:, 4:6]).all()
    np.testing.assert_array_equal(a[:, 6:], b[:, 6:])
    np.testing.assert_allclose(p.log_prob(x), dense_log_prob(p, x[..., None]), rtol=1e-4)


def test_a_marginal_is_the_normal_of_its_value():
    p = series()
    x = np.random.default_rng(2).normal(size=(3, STEPS, 2)).astype("float32")
    x[0, 2, 1] = NAN

    got = p.marginal_log_prob(x).numpy()

    assert got[0, 2, 1] == 0
    seen = ~np.isnan(x)
    np.testing.assert_allclose(got[seen], p.distribution.log_prob(x).numpy()[seen], rtol=1e-5)


def test_draws_have_the_mean_scale_and_correlation():
    p = series(n=1)
    one = p.distribution
    many = tfp.distributions.Normal(*(tf.repeat(a, 20_000, 0) for a in (one.loc, one.scale)))

    draws = AutoregressiveSeries(many, rate=p.rate).sample(seed=[1, 2]).numpy()

    np.testing.assert_allclose(draws.mean(0), one.loc[0], atol=0.06)
    np.testing.assert_allclose(draws.std(0), one.scale[0], rtol=0.03)
    for c, correlation in enumerate(CORRELATION):
        expected = correlation ** np.abs(np.subtract.outer(np.arange(STEPS), np.arange(STEPS)))
        np.testing.assert_allclose(np.corrcoef(draws[..., c].T), expected, atol=0.03)


def test_one_step_can_be_drawn():
    normal = tfp.distributions.Normal(tf.zeros((2, 1, 1)), 1.0)

    assert AutoregressiveSeries(normal, rate=tf.constant([0.5])).sample(seed=[1, 2]).shape == (
        2,
        1,
        1,
    )


def test_the_last_observed_value_is_found_in_each_channel():
    rng = np.random.default_rng(0)
    mask, x = rng.random((4, 9, 3)) < 0.4, rng.normal(size=(4, 9, 3))

    values, steps = sequence_masks.last_observed(tf.constant(x), tf.constant(mask))

    for b, t, c in np.ndindex(mask.shape):
        before = np.flatnonzero(mask[b, :t, c])
        assert steps[b, t, c] == (t - before[-1] if len(before) else 0)
        assert values[b, t, c] == (x[b, before[-1], c] if len(before) else 0)


def dense_conditional(p, x, channel):
    """Mean and standard deviation of the missing values of one series, from its covariance."""
    loc, scale = (a.numpy()[0, :, channel] for a in (p.distribution.loc, p.distribution.scale))
    lag = np.abs(np.subtract.outer(np.arange(STEPS), np.arange(STEPS)))
    covariance = CORRELATION[channel] ** lag * np.outer(scale, scale)
    seen = ~np.isnan(x)
    gain = covariance[np.ix_(~seen, seen)] @ np.linalg.inv(covariance[np.ix_(seen, seen)])
    left = covariance[np.ix_(~seen, ~seen)] - gain @ covariance[np.ix_(seen, ~seen)]
    return loc[~seen] + gain @ (x[seen] - loc[seen]), np.sqrt(np.diag(left))


@pytest.mark.parametrize(
    "observed", [(2, 5), (0, 6), (3,), (0, 1, 2), (4, 5, 6)], ids=lambda steps: str(steps)
)
def test_missing_values_are_drawn_given_the_observed_ones(observed):
    p, n = series(n=1), 20_000
    x = np.full((1, STEPS, 2), NAN, "float32")
    x[0, observed] = np.random.default_rng(1).normal(size=(len(observed), 2))
    many = tfp.distributions.Normal(
        *(tf.repeat(a, n, 0) for a in (p.distribution.loc, p.distribution.scale))
    )

    mean = p.conditional_mean(x).numpy()[0]
    draws = AutoregressiveSeries(many, rate=p.rate).conditional_sample(
        np.repeat(x, n, 0), seed=[1, 2]
    )

    for c in range(2):
        missing = np.isnan(x[0, :, c])
        expected, std = dense_conditional(p, x[0, :, c], c)
        np.testing.assert_allclose(mean[missing, c], expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(mean[~missing, c], x[0, ~missing, c])
        got = draws.numpy()[:, missing, c]
        np.testing.assert_allclose(got.mean(0), expected, atol=0.06)
        np.testing.assert_allclose(got.std(0), std, rtol=0.03)


@pytest.mark.parametrize("likelihood", ["series_normal", "series_autoregressive"])
def test_impute_keeps_observed_values_and_padding(likelihood):
    x = waves()
    x[0, 7:] = NAN
    vae, missing = vae_of(x, likelihood=likelihood), np.zeros(x.shape, bool)
    missing[:, 3:5, 1] = True

    got = zoo.impute(vae, x, missing, draws=2, steps=4)

    np.testing.assert_array_equal(got[:, ~missing], np.stack([x[~missing]] * 2))
    assert np.isfinite(got[:, missing]).all() and np.ptp(got[:, missing], 0).min() > 0


def test_independent_steps_are_filled_by_their_means():
    x = waves(gaps=0.3)
    vae = vae_of(x, likelihood="series_normal")
    p = vae.decode(vae.encode(x).mean())

    filled = p.conditional_mean(x).numpy()

    np.testing.assert_array_equal(filled, np.where(np.isnan(x), p.mean(), x))


def test_training_learns_the_correlation():
    rng = np.random.default_rng(0)
    x = np.zeros((256, 20), "float32")
    x[:, 0] = rng.normal(size=256)
    for t in range(1, 20):
        x[:, t] = 0.8 * x[:, t - 1] + 0.6 * rng.normal(size=256)
    likelihood = SeriesAutoregressive()
    likelihood.build((None, None, 1))
    optimizer = keras.optimizers.Adam(0.02)

    for _ in range(150):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(likelihood(tf.zeros((256, 20, 1))).log_prob(x[..., None]))
        weights = likelihood.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    assert np.exp(-likelihood.rate().numpy()) == pytest.approx(0.8, abs=0.03)
    assert likelihood.scale().numpy() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("value", [0, 1, -0.5, NAN])
def test_a_correlation_outside_of_0_and_1_is_refused(value):
    with pytest.raises(ValueError, match=r"initial_correlation must lie in \(0, 1\), got"):
        SeriesAutoregressive(initial_correlation=value)


def test_the_model_reconstructs_and_generates():
    x = waves(gaps=0.2)
    vae = vae_of(x, likelihood="series_autoregressive")

    vae.fit(x, epochs=1, verbose=0)

    assert np.isfinite(vae.elbo(x)).all()
    assert vae.reconstruct(x).shape == x.shape == vae.reconstruct(x, draw=True).shape
    assert vae.sample(2, seed=0).shape == (2, 10, 2)
