"""Samplers and random numbers."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.random import SeedStream, normal, uniform
from zoo.core.samplers import CommonSampler, MeanSampler, RandomSampler, tile, untile

tfd = tfp.distributions
Q = tfd.Normal(tf.constant([[0.5, -1.0], [2.0, 0.0], [1.0, 1.0]]), tf.constant([[0.3, 1.5]] * 3))


def log_q(z, samples):
    """Log q of sample-major draws."""
    return np.asarray(tf.reduce_sum(Q.log_prob(tf.reshape(z, [samples, 3, 2])), -1)).ravel()


SAMPLERS = {
    "mean": (MeanSampler(), 1),
    "random": (RandomSampler(tf.constant([1, 2])), 1),
    "several random": (RandomSampler(tf.constant([1, 2]), 4), 4),
    "common": (CommonSampler(0, 4), 4),
    "an odd number of common": (CommonSampler(0, 5), 5),
}


@pytest.mark.parametrize(("sampler", "samples"), SAMPLERS.values(), ids=SAMPLERS)
def test_draws_are_sample_major_with_their_log_probabilities(sampler, samples):
    z, log_prob = sampler(Q)

    assert sampler.samples == samples
    assert z.shape == (3 * samples, 2)
    np.testing.assert_allclose(log_prob, log_q(z, samples), rtol=1e-4, atol=1e-5)


def test_mean_sampler_returns_the_mean():
    np.testing.assert_array_equal(MeanSampler()(Q)[0], Q.loc)


def test_random_draws_have_the_moments_of_the_distribution():
    samples = 20_000
    z = np.asarray(RandomSampler(tf.constant([3, 4]), samples)(Q)[0]).reshape(samples, 3, 2)
    scale = np.asarray(Q.scale)

    assert (np.abs(z.mean(0) - Q.loc) < 4 * scale / np.sqrt(samples)).all()
    assert (np.abs(z.std(0) - scale) < 4 * scale / np.sqrt(2 * samples)).all()


def test_fixed_seed_gives_the_same_draws_and_several_calls_differ():
    first, again = (RandomSampler(tf.constant([1, 2])) for _ in "ab")

    draws = [np.asarray(s(Q)[0]) for s in (first, again, first)]

    np.testing.assert_array_equal(draws[0], draws[1])
    assert (draws[0] != draws[2]).any()


def test_each_draw_advances_the_seed_stream():
    seeds = SeedStream(7)

    first, second = (np.asarray(RandomSampler(seeds)(Q)[0]) for _ in "ab")

    assert (first != second).any()
    assert seeds.state.numpy().tolist() == [7, 2]


def test_common_noise_is_the_same_for_every_example_in_antithetic_pairs():
    z = np.asarray(CommonSampler(0, 4)(Q)[0]).reshape(4, 3, 2)
    noise = (z - Q.loc) / Q.scale

    np.testing.assert_allclose(noise, np.broadcast_to(noise[:, :1], noise.shape), atol=1e-5)
    np.testing.assert_allclose(noise[0::2], -noise[1::2], atol=1e-5)


@pytest.mark.parametrize("samples", [2, 4, 10])
def test_common_noise_has_the_mean_and_variance_of_a_standard_normal_exactly(samples):
    z = np.asarray(CommonSampler(3, samples)(Q)[0]).reshape(samples, 3, 2)
    noise = (z - np.asarray(Q.loc)) / np.asarray(Q.scale)

    np.testing.assert_allclose(noise.mean(0), 0.0, atol=1e-5)
    np.testing.assert_allclose((noise**2).mean(0), 1.0, atol=1e-4)


class Doubled:
    """The distribution of 2 u, u ~ Q: what samplers require of a transformed distribution."""

    base = Q

    def transform_base_sample(self, u):
        return 2 * u, tf.reduce_sum(Q.log_prob(u), -1) - 2 * np.log(2)

    def transformed_base_mean(self):
        return 2 * Q.loc


@pytest.mark.parametrize("make", [lambda: RandomSampler(tf.constant([1, 2]), 4), CommonSampler])
def test_a_transformed_distribution_is_sampled_through_its_base(make):
    z, log_prob = make()(Doubled())
    u, log_prob_of_base = make()(Q)

    np.testing.assert_allclose(z, 2 * u, rtol=1e-6)
    np.testing.assert_allclose(log_prob, log_prob_of_base - 2 * np.log(2), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("samples", [1, 3])
def test_untile_is_the_inverse_of_tile(samples):
    x = tf.random.stateless_normal([4, 3, 2], [1, 2])

    tiled = tile(x, samples)

    assert tiled.shape == (4 * samples, 3, 2)
    np.testing.assert_array_equal(untile(tiled, samples), np.stack([x] * samples))


@pytest.mark.parametrize("draw", [uniform, normal])
def test_noise_is_the_same_with_and_without_xla(draw):
    def numbers():
        return draw([50, 20], tf.constant([1, 2]))

    compiled = tf.function(numbers, jit_compile=True)()

    np.testing.assert_allclose(numbers(), compiled, rtol=1e-5, atol=1e-6)


def test_uniform_numbers_are_uniform_in_the_open_interval():
    u = np.asarray(uniform([200, 200], tf.constant([1, 2])), "float64").ravel()
    edges = np.bincount((u * 10).astype(int), minlength=10)

    assert 0 < u.min() < u.max() < 1
    assert (np.abs(edges / len(u) - 0.1) < 4 * np.sqrt(0.09 / len(u))).all()


def test_normal_numbers_have_the_moments_of_the_standard_normal():
    e = np.asarray(normal([200, 200], tf.constant([1, 2])), "float64").ravel()

    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((e**power).mean() - moment) < 4 * np.sqrt(variance / len(e))
    assert abs(np.corrcoef(e[0::2], e[1::2])[0, 1]) < 4 / np.sqrt(len(e) / 2)
