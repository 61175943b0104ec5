"""Free bits and capacity against NumPy, and in training."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import zoo
from tests.helpers import data, small
from zoo.core.outputs import Draw
from zoo.core.samplers import RandomSampler
from zoo.objectives import ELBO, KL, Capacity, FreeBits

tfd = tfp.distributions


# The KL of dimension 0 is far above any floor, that of 1 near 0.1, that of 2 is 0.
LOC = np.array([[2.0, 0.3, 0.0], [-1.0, 0.5, 0.0], [0.5, -0.2, 0.0], [3.0, 0.1, 0.0]], "float32")
SCALE = np.array([[0.2, 0.9, 1.0]] * 4, "float32")


def kl_by_hand(loc, scale):
    """KL(N(loc, scale^2) || N(0, 1)) of each example and dimension."""
    loc, scale = np.asarray(loc, "float64"), np.asarray(scale, "float64")
    return 0.5 * (loc**2 + scale**2 - 1) - np.log(scale)


def passed(*posteriors):
    """A pass with these posteriors, each a pair of loc and scale."""
    draws = []
    for loc, scale in posteriors:
        q = tfd.Normal(tf.convert_to_tensor(loc), tf.convert_to_tensor(scale))
        prior = tfd.Independent(tfd.Normal(tf.zeros(loc.shape[-1]), 1.0), 1)
        draws.append(Draw(q, prior, q.loc, None))
    return types.SimpleNamespace(draws=tuple(draws), target=tf.zeros([len(LOC), 5]), samples=1)


@pytest.mark.parametrize("floor", [1e-6, 0.05, 0.1, 1.0, 50.0])
def test_free_bits_are_the_larger_of_floor_and_mean_kl_summed_over_dimensions(floor):
    expected = np.maximum(kl_by_hand(LOC, SCALE).mean(0), floor).sum()

    got = FreeBits(floor).per_example(None, None, passed((LOC, SCALE)))

    np.testing.assert_allclose(np.mean(got), expected, rtol=1e-5)


def test_the_floor_bounds_the_mean_over_the_batch_not_each_example():
    loc, scale = np.array([[0.0], [4.0], [0.0], [0.0]], "float32"), np.ones((4, 1), "float32")

    got = FreeBits(1.0).per_example(None, None, passed((loc, scale)))

    np.testing.assert_allclose(got, [0.0, 8.0, 0.0, 0.0])  # and not (1, 8, 1, 1)
    half = FreeBits(3.0).per_example(None, None, passed((loc, scale)))
    np.testing.assert_allclose(half, np.full(4, 3.0))  # the mean is 2


def test_free_bits_of_several_layers_add_up():
    other = LOC[:, :2] * 0.1, SCALE[:, :2]
    one, two = (FreeBits(0.1).per_example(None, None, passed(q)) for q in ((LOC, SCALE), other))

    both = FreeBits(0.1).per_example(None, None, passed((LOC, SCALE), other))

    np.testing.assert_allclose(both, one + two, rtol=1e-6)


def test_free_bits_with_a_tiny_floor_are_the_kl():
    out = passed((LOC, SCALE))
    kl = KL().per_example(None, None, out)

    np.testing.assert_allclose(kl, kl_by_hand(LOC, SCALE).sum(-1), rtol=1e-5, atol=1e-6)
    got = FreeBits(1e-9).per_example(None, None, out)
    np.testing.assert_allclose(got, kl, rtol=1e-5)


def test_dimensions_below_the_floor_get_no_gradient():
    loc, scale = tf.constant(LOC), tf.constant(SCALE)
    with tf.GradientTape() as tape:
        tape.watch([loc, scale])
        mean = tf.reduce_mean(FreeBits(0.5).per_example(None, None, passed((loc, scale))))

    by_loc, by_scale = tape.gradient(mean, [loc, scale])

    assert np.abs(by_loc[:, 1:]).max() == np.abs(by_scale[:, 1:]).max() == 0
    np.testing.assert_allclose(by_loc[:, 0], LOC[:, 0] / 4, rtol=1e-5)
    np.testing.assert_allclose(by_scale[:, 0], (SCALE[:, 0] - 1 / SCALE[:, 0]) / 4, rtol=1e-5)


@pytest.mark.parametrize("floor", [0, -0.1, float("nan")])
def test_bad_floors_are_refused(floor):
    with pytest.raises(ValueError, match="floor must be nats above 0, got"):
        FreeBits(floor)


@pytest.mark.parametrize("floor", [0.05, 0.3, 5.0])
def test_free_bits_of_groups_are_those_of_their_summed_kls(floor):
    loc, scale = np.tile(LOC, 2)[:, :4], np.tile(SCALE, 2)[:, :4]
    pairs = kl_by_hand(loc, scale).reshape(4, 2, 2).sum(-1)  # (0, 1) and (2, 3)

    got = FreeBits(floor, group_size=2).per_example(None, None, passed((loc, scale)))

    np.testing.assert_allclose(np.mean(got), np.maximum(pairs.mean(0), floor).sum(), rtol=1e-5)


def test_each_layer_is_one_group_without_a_group_size():
    other = LOC[:, :2] * 0.1, SCALE[:, :2]
    kls = [kl_by_hand(*q).sum(-1).mean() for q in ((LOC, SCALE), other)]
    assert kls[1] < 1.5 < kls[0]

    got = FreeBits(1.5, group_size=None).per_example(None, None, passed((LOC, SCALE), other))

    np.testing.assert_allclose(np.mean(got), kls[0] + 1.5, rtol=1e-5)


@pytest.mark.parametrize("floor", [0.1, 50.0])
def test_a_layer_without_a_closed_form_is_bounded_at_its_draws(floor):
    keras.utils.set_random_seed(0)
    prior = zoo.MixturePrior(3, 2)
    prior.build()
    q, sampler = tfd.Normal(LOC, SCALE), RandomSampler(tf.constant([1, 2]), 5)
    z, log_q = sampler(q)
    draw = Draw(q, prior.distribution(), z, log_q)
    out = types.SimpleNamespace(draws=(draw,), target=tf.zeros([4, 5]), samples=5)
    estimate = np.reshape(log_q - prior.distribution().log_prob(z), [5, 4]).mean(0)

    got = FreeBits(floor, group_size=None).per_example(None, None, out)

    expected = estimate if estimate.mean() > floor else np.full(4, floor)
    np.testing.assert_allclose(got, expected, rtol=1e-5)
    with pytest.raises(
        ValueError, match=r"group_size must be None if the KL from Normal .* no closed form, got 1"
    ):
        FreeBits(floor).per_example(None, None, out)


def test_a_group_size_must_divide_the_dimensions():
    with pytest.raises(ValueError, match=r"group_size must divide the 3 dimensions .*, got 2"):
        FreeBits(group_size=2).per_example(None, None, passed((LOC, SCALE)))
    with pytest.raises(ValueError, match="group_size must be made of positive integers, got 0"):
        FreeBits(group_size=0)


def test_free_bits_are_restored_from_their_config():
    again = FreeBits.from_config(FreeBits(0.25, 0.5, group_size=2).get_config())

    assert (again.floor, again.weight, float(again.current)) == (0.25, 0.5, 0.5)
    assert again.group_size == 2


@pytest.mark.parametrize("capacity", [0.0, 1.0, 30.0])
def test_capacity_is_the_distance_of_the_mean_kl_from_it(capacity):
    kl = kl_by_hand(LOC, SCALE).sum(-1)

    got = Capacity(capacity).per_example(None, None, passed((LOC, SCALE)))

    assert np.mean(got) == pytest.approx(abs(kl.mean() - capacity), rel=1e-5)
    side = np.sign(kl.mean() - capacity)
    np.testing.assert_allclose(got, side * (kl - capacity), rtol=1e-5, atol=1e-6)


def test_training_keeps_the_kl_at_the_capacity():
    vae = small("dense_vae", objective=ELBO((Capacity(4.0, weight=50.0),)))
    vae.compile(keras.optimizers.Adam(3e-3), jit_compile=False, steps_per_execution=1)

    logs = vae.fit(data("dense_vae", 64), epochs=150, batch_size=64, verbose=0).history["kl"]

    assert abs(logs[0] - 4.0) > 1.0
    assert np.mean(logs[-20:]) == pytest.approx(4.0, abs=0.3)


@pytest.mark.parametrize("capacity", [-1.0, float("inf")])
def test_bad_capacities_are_refused(capacity):
    with pytest.raises(ValueError, match="capacity must be nats of at least 0, got"):
        Capacity(capacity)


def still(name, **options):
    """A model whose weights do not change in training."""
    vae = small(name, **options)
    rng = np.random.default_rng(0)
    for weight in vae.trainable_variables:
        weight.assign_add(0.3 * rng.standard_normal(weight.shape))
    vae.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    return vae


@pytest.mark.parametrize("beta", [1.0, 0.5])
@pytest.mark.parametrize("floor", [0.01, 0.3, 20.0])
def test_fit_minimises_nats_and_free_bits(floor, beta):
    dropout = {"dropout": 0.0, "word_dropout": 0.0}
    vae = still("transformer_vae", free_bits=floor, beta=beta, **dropout)
    x = data("transformer_vae")

    logs = vae.fit(x, verbose=0).history

    q = vae.encode(x)
    kl = kl_by_hand(q.loc, q.scale)
    bounded = np.maximum(kl.mean(0), floor).sum()
    assert logs["loss"][0] == pytest.approx(logs["nll"][0] + beta * bounded, rel=1e-4)
    assert logs["kl"][0] == pytest.approx(kl.sum(-1).mean(), rel=1e-4)
    assert logs["elbo"][0] == pytest.approx(-logs["nll"][0] - logs["kl"][0], rel=1e-5)


def test_free_bits_of_a_hand_made_model_bound_the_loss():
    x = data("dense_vae")
    vae = still("dense_vae")
    with_bits = zoo.VAE(vae.latents, vae.decoder, objective=ELBO((FreeBits(0.4, 2.0),)))
    with_bits.compile(keras.optimizers.SGD(0.0), run_eagerly=True)

    logs = with_bits.evaluate(x, verbose=0, return_dict=True)

    q = with_bits.encode(x)
    bounded = np.maximum(kl_by_hand(q.loc, q.scale).mean(0), 0.4).sum()
    assert logs["loss"] == pytest.approx(logs["nll"] + 2.0 * bounded, rel=1e-4)
