"""Learned Normal prior: densities and KL in NumPy, and its optimum."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import stats

import zoo
from tests.priors.models import rows
from zoo.core.distributions import kl, kl_is_exact
from zoo.core.outputs import Draw

tfd = tfp.distributions


def test_a_learned_normal_starts_as_the_standard_normal():
    prior = zoo.NormalPrior(3)
    prior.build()
    z = rows()

    np.testing.assert_allclose(
        prior.distribution().log_prob(z), stats.norm.logpdf(z).sum(-1), rtol=1e-5
    )


def test_the_kl_to_a_learned_normal_is_exact():
    prior = zoo.NormalPrior(2, floor=0.1)
    prior.build()
    prior.loc.assign([1.0, -2.0])
    prior.raw_scale.assign([0.5, -1.0])
    loc, scale = rows(5, 2), 0.3 + np.abs(rows(5, 2, 1))
    draw = Draw(tfd.Normal(loc, scale), prior.distribution(), loc, None)

    m, s = np.array([1.0, -2.0]), 0.1 + np.log1p(np.exp([0.5, -1.0]))
    by_hand = np.log(s / scale) + (scale**2 + (loc - m) ** 2) / (2 * s**2) - 0.5

    assert kl_is_exact(draw)
    np.testing.assert_allclose(kl(draw), by_hand.sum(-1), rtol=1e-5)


def test_the_kl_is_stationary_at_the_mean_and_variance_of_the_codes():
    prior = zoo.NormalPrior(2)
    prior.build()
    loc, scale = 3.0 + rows(50, 2), 0.3 + np.abs(rows(50, 2, 1))
    above = np.sqrt(loc.var(0) + (scale**2).mean(0)) - prior.floor
    prior.loc.assign(loc.mean(0))
    prior.raw_scale.assign(np.log(np.expm1(above)))

    with tf.GradientTape() as tape:
        draw = Draw(tfd.Normal(loc, scale), prior.distribution(), loc, None)
        mean = tf.reduce_mean(kl(draw))
    at_best = tape.gradient(mean, [w.value for w in prior.trainable_weights])
    prior.loc.assign_add([0.1, 0.1])
    prior.raw_scale.assign_add([0.1, 0.1])
    with tf.GradientTape() as tape:
        draw = Draw(tfd.Normal(loc, scale), prior.distribution(), loc, None)
        mean = tf.reduce_mean(kl(draw))
    elsewhere = tape.gradient(mean, [w.value for w in prior.trainable_weights])

    assert len(at_best) == 2
    for best, other in zip(at_best, elsewhere, strict=True):
        assert np.abs(best).max() < 1e-5 and np.abs(other).min() > 1e-3


@pytest.mark.parametrize("options", [{"floor": 0}, {"floor": 1.0}, {"ceiling": 1.0}])
def test_bad_bounds_of_a_learned_normal_are_refused_by_name(options):
    with pytest.raises(ValueError, match="0 < floor < 1 < ceiling"):
        zoo.NormalPrior(2, **options)
