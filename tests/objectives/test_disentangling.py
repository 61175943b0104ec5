"""Total correlation and covariance penalties against NumPy."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import special, stats

import zoo
from tests.objectives.passes import of, parts, passed, twice, values_of
from zoo.objectives import AggregateCovariance, MeanCovariance, TotalCorrelation

tfd = tfp.distributions


@pytest.mark.parametrize("samples", [1, 3])
def test_total_correlation_equals_numpy(samples):
    out = passed(samples=samples)
    loc, scale, z = parts(out)
    log_p = stats.norm.logpdf(z[:, None], loc, scale)  # [S * B, B, D]
    joint = special.logsumexp(log_p.sum(-1), 1) - np.log(6)
    marginals = (special.logsumexp(log_p, 1) - np.log(6)).sum(-1)

    got = values_of(TotalCorrelation(), out)

    np.testing.assert_allclose(got, (joint - marginals).reshape(samples, 6).mean(0), rtol=1e-4)
    both = values_of(TotalCorrelation(), twice(out))
    np.testing.assert_allclose(both, 2 * got, rtol=1e-5)


def test_total_correlation_of_a_correlated_normal_has_its_closed_form():
    rng, rho = np.random.default_rng(0), 0.8
    codes = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], 2000).astype("float32")
    prior = tfd.Independent(tfd.Normal([0.0, 0.0], 1.0), 1)
    out = of(tf.constant(codes), tf.fill([2000, 2], 0.2), prior=prior)

    exact = -0.5 * np.log(1 - (rho / 1.04) ** 2)  # the scale adds 0.04 to each variance
    assert values_of(TotalCorrelation(), out).mean() == pytest.approx(exact, abs=0.04)


def test_total_correlation_of_one_example_or_dimension_is_zero():
    np.testing.assert_allclose(values_of(TotalCorrelation(), passed(1)), 0.0, atol=1e-5)
    prior = tfd.Independent(tfd.Normal([0.0], 1.0), 1)
    out = of(tf.constant([[0.3], [2.0]]), tf.constant([[0.5], [0.1]]), prior=prior)
    np.testing.assert_allclose(values_of(TotalCorrelation(), out), 0.0, atol=1e-6)


def test_minibatch_weighted_sampling_differs_by_a_constant():
    out, data_size = passed(), 5000
    loc, scale, z = parts(out)
    log_p = stats.norm.logpdf(z[:, None], loc, scale)
    weighted = special.logsumexp(log_p.sum(-1), 1) - np.log(6 * data_size)
    weighted -= (special.logsumexp(log_p, 1) - np.log(6 * data_size)).sum(-1)

    got = values_of(TotalCorrelation(), out)

    np.testing.assert_allclose(weighted - got, 2 * np.log(data_size), rtol=1e-4)


@pytest.mark.parametrize(
    ("kind", "own"), [(MeanCovariance, 0.0), (AggregateCovariance, 1.0)], ids=["means", "draws"]
)
def test_covariance_penalties_equal_numpy(kind, own):
    out = passed()
    loc, scale, _ = parts(out)
    covariance = np.cov(loc.T, bias=True) + own * np.diag((scale**2).mean(0))
    off = covariance - np.diag(np.diag(covariance))
    expected = (off**2).sum() + 4.0 * ((np.diag(covariance) - 1) ** 2).sum()

    np.testing.assert_allclose(values_of(kind(diagonal=4.0), out), expected, rtol=1e-5)
    np.testing.assert_allclose(values_of(kind(diagonal=4.0), twice(out)), 2 * expected, rtol=1e-5)


def test_uncorrelated_means_of_variance_one_have_no_penalty():
    corners = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)], "float32")
    out = of(tf.constant(corners + 5), tf.fill([8, 3], 0.5))

    np.testing.assert_allclose(values_of(MeanCovariance(), out), 0.0, atol=1e-8)
    np.testing.assert_allclose(values_of(AggregateCovariance(), out), 3 * 0.25**2, rtol=1e-5)


@pytest.mark.parametrize("term", [TotalCorrelation(), AggregateCovariance()])
def test_posteriors_that_are_not_normal_are_refused_by_name(term):
    out = passed()
    mixture = zoo.core.distributions.NormalMixture(
        tf.zeros([6, 2, 3]), tf.ones([6, 2, 3]), tf.ones([6, 2], tf.bool)
    )
    draw = dataclasses.replace(out.draws[0], posterior=mixture)

    with pytest.raises(ValueError, match=r"posterior must be Normal for .* got NormalMixture"):
        term.per_example(None, None, dataclasses.replace(out, draws=(draw,)))


@pytest.mark.parametrize("diagonal", [-1.0, float("inf")])
def test_bad_diagonals_are_refused(diagonal):
    with pytest.raises(ValueError, match="diagonal must be a finite number"):
        MeanCovariance(diagonal=diagonal)
