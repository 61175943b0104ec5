"""Maximum mean discrepancy against NumPy and closed forms."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import zoo
from tests.objectives.passes import STANDARD, of, passed, values_of
from zoo.core.outputs import Draw, Pass
from zoo.core.samplers import RandomSampler
from zoo.objectives import MMD, RBF, InverseMultiquadratic

tfd = tfp.distributions


KERNELS = {
    "inverse multiquadratic": (InverseMultiquadratic, lambda d, h: 1 / (1 + d / h)),
    "rbf": (RBF, lambda d, h: np.exp(-d / h)),
}


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize(("kind", "by_hand"), KERNELS.values(), ids=[*KERNELS])
def test_mmd_equals_numpy(kind, by_hand, samples):
    scales = (0.5, 2.0)
    out = passed(samples=samples, shift=1.0)
    z = np.asarray(out.draws[0].z, "float64").reshape(samples, 6, 3)
    fresh = RandomSampler(tf.constant([1, 2]), samples)  # the same seeds once more
    fresh(out.draws[0].posterior)
    p = zoo.core.samplers.normal([samples * 6, 3], fresh.next_seed())
    p = np.asarray(p, "float64").reshape(samples, 6, 3)

    def k(a, b):
        return np.mean([by_hand(((a - b) ** 2).sum(), 6.0 * s) for s in scales])

    total = 0.0
    for s in range(samples):
        for i in range(6):
            for j in range(6):
                within = k(z[s, i], z[s, j]) + k(p[s, i], p[s, j]) if i != j else 0.0
                total += within / 30 - 2 * k(z[s, i], p[s, j]) / 36

    got = values_of(MMD(kernel=kind(scales)), out)
    np.testing.assert_allclose(got, total / samples, rtol=1e-4)


def test_mmd_of_normals_has_its_closed_form():
    m, s = 0.7, 0.5
    n, dimensions, h = 3000, 3, 6.0
    loc = tf.fill([n, dimensions], m)
    out = of(loc, tf.fill([n, dimensions], s))

    def k(mean, variance):
        """E[exp(-|a - b|^2 / h)] where a - b is Normal in each dimension."""
        each = np.exp(-(mean**2) / (h + 2 * variance)) / np.sqrt(1 + 2 * variance / h)
        return each**dimensions

    exact = k(0, 2 * s**2) + k(0, 2.0) - 2 * k(m, s**2 + 1)
    got = values_of(MMD(kernel=RBF((1.0,))), out)[0]
    assert got == pytest.approx(exact, abs=0.01)
    assert exact > 0.1


def test_mmd_of_the_prior_itself_is_unbiased_around_zero():
    def mmd(samples, seed):
        sampler = RandomSampler(tf.constant([7, seed]), samples)
        q = tfd.Normal(tf.zeros([8, 3]), tf.ones([8, 3]))
        z, log_q = sampler(q)
        out = Pass((Draw(q, STANDARD, z, log_q),), None, tf.zeros([8, 5]), sampler)
        return values_of(MMD(), out)[0]

    few = [mmd(1, seed) for seed in range(30)]

    assert abs(mmd(2000, 0)) < 4 * np.std(few) / np.sqrt(2000)
    assert min(few) < 0  # unbiased, so not a square


def test_mmd_takes_mixture_priors_and_priors_with_a_batch():
    keras.utils.set_random_seed(0)
    mixture = zoo.MixturePrior(3, 4)
    mixture.build(None)
    by_row = tfd.Normal(tf.fill([400, 3], 5.0), 0.1)

    for prior, near in ((mixture.distribution(), 0.0), (by_row, 5.0)):
        same = of(tf.fill([400, 3], near), tf.ones([400, 3]), prior=prior)
        other = of(tf.fill([400, 3], 5.0 - near), tf.ones([400, 3]), prior=prior)
        assert values_of(MMD(), same)[0] < 0.5 * values_of(MMD(), other)[0]


def test_mmd_of_one_example_is_finite():
    assert np.isfinite(values_of(MMD(), passed(1))).all()


@pytest.mark.parametrize("scales", [(0.0,), (1.0, -1.0), ("a",), ()])
def test_bad_scales_of_a_kernel_are_refused(scales):
    with pytest.raises(ValueError, match="scales must"):
        RBF(scales)
