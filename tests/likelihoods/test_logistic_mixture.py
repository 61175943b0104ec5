"""Mixture of discretized logistics over the channels of a pixel, against a plain computation."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

import zoo
from zoo.likelihoods import DiscretizedLogisticMixture
from zoo.likelihoods.logistic_mixture import PixelMixture

RNG = np.random.default_rng(0)


def mixture(channels, components=3, levels=4, pixels=(2, 2), n=3):
    links = channels * (channels - 1) // 2
    shape = (n, *pixels, components)
    return PixelMixture(
        logits=tf.constant(RNG.normal(size=shape), tf.float32),
        loc=tf.constant(RNG.random((*shape, channels)), tf.float32),
        scale=tf.constant(RNG.uniform(0.05, 0.3, (*shape, channels)), tf.float32),
        links=tf.constant(RNG.uniform(-1, 1, (*shape, links)), tf.float32),
        levels=levels,
    )


def probability(p, x):
    """p(pixel) of pixels x `[N, H, W, C]`, by differences of the cumulative distribution."""
    logits, loc, scale, links = (
        np.asarray(a, "float64") for a in (p.logits, p.loc, p.scale, p.links)
    )
    half, total = 0.5 / (p.levels - 1), 0.0
    for k, weight in enumerate(np.moveaxis(special.softmax(logits, -1), -1, 0)):
        link = iter(np.moveaxis(links[..., k, :], -1, 0))
        for c in range(x.shape[-1]):
            m = loc[..., k, c] + sum(next(link) * (x[..., d] - 0.5) for d in range(c))
            upper, lower = ((x[..., c] + h - m) / scale[..., k, c] for h in (half, -half))
            upper = np.where(x[..., c] > 1 - half, np.inf, upper)
            lower = np.where(x[..., c] < half, -np.inf, lower)
            weight = weight * (special.expit(upper) - special.expit(lower))
        total = total + weight
    return total


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_log_prob_is_that_of_a_plain_computation(channels):
    p = mixture(channels)
    x = RNG.integers(0, 4, (3, 2, 2, channels)) / 3

    expected = np.log(probability(p, x)).sum((1, 2))

    np.testing.assert_allclose(p.log_prob(x), expected, rtol=1e-4)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_probabilities_of_all_colours_sum_to_1(channels):
    p = mixture(channels, pixels=(1, 1), n=2)
    colours = itertools.product(np.arange(4) / 3, repeat=channels)

    total = sum(np.exp(p.log_prob(np.broadcast_to(x, (2, 1, 1, channels)))) for x in colours)

    np.testing.assert_allclose(total, 1.0, rtol=1e-5)


def test_samples_have_the_probabilities_of_log_prob():
    one, n = mixture(2, levels=3, pixels=(1, 1), n=1), 20_000
    many = PixelMixture(
        *(tf.repeat(a, n, 0) for a in (one.logits, one.loc, one.scale, one.links)), 3
    )

    drawn = many.sample(seed=[1, 2]).numpy().reshape(n, 2)

    for colour in itertools.product((0.0, 0.5, 1.0), repeat=2):
        expected = float(np.exp(one.log_prob(np.reshape(colour, (1, 1, 1, 2))))[0])
        share = np.isclose(drawn, colour).all(1).mean()
        assert share == pytest.approx(expected, abs=4 * (expected / n) ** 0.5 + 1e-3)
    np.testing.assert_array_equal(many.sample(seed=[1, 2]), drawn.reshape(n, 1, 1, 2))


def test_the_mean_is_near_that_of_samples():
    one, n = mixture(3, levels=256, pixels=(1, 1), n=1), 4000
    many = PixelMixture(*(tf.repeat(a, n, 0) for a in (one.logits, one.loc, one.scale, one.links)))

    # It leaves out what is cut off at 0 and 1.
    np.testing.assert_allclose(many.sample(seed=[1, 2]).numpy().mean(0), one.mean()[0], atol=0.06)


def test_components_start_apart_and_gradients_are_finite():
    likelihood = DiscretizedLogisticMixture(components=3)
    raw = tf.zeros((2, 2, 2, likelihood.params_size(3)))
    x = tf.constant(RNG.integers(0, 256, (2, 2, 2, 3)) / 255, tf.float32)

    with tf.GradientTape() as tape:
        tape.watch(raw)
        p = likelihood(raw)
        log_prob = p.log_prob(x)
    gradient = tape.gradient(log_prob, raw)

    assert len(np.unique(p.loc[0, 0, 0, :, 0])) == 3
    assert np.isfinite(gradient).all() and (np.asarray(gradient) != 0).any((0, 1, 2)).all()


def test_a_model_of_colours_learns_that_channels_are_alike():
    grey = RNG.integers(0, 256, (256, 2, 2, 1)) / 255
    x = np.repeat(grey, 3, -1).astype("float32")
    bits = {}
    for name in ("discretized_logistic", "discretized_logistic_mixture"):
        vae = zoo.get("dense_vae", latent_dim=1, hidden=(8,), likelihood=name, seed=0)
        vae.compile(zoo.FusedAdam(0.02))
        vae.fit(x, epochs=15, verbose=0)
        bits[name] = zoo.bits_per_dimension(-vae.elbo(x).mean(), (2, 2, 3))

    assert bits["discretized_logistic_mixture"] < bits["discretized_logistic"] - 1.0
    assert vae.sample(2, seed=0).shape == (2, 2, 2, 3)


def test_pixels_are_imputed_as_a_whole():
    vae = zoo.get(
        "dense_vae",
        input_shape=(2, 2, 3),
        hidden=(4,),
        likelihood=DiscretizedLogisticMixture(2),
        seed=0,
    )
    x = RNG.integers(0, 256, (2, 2, 2, 3)) / 255
    missing = np.zeros(x.shape, bool)
    missing[0, 1, 1] = True

    drawn = zoo.impute(vae, x, missing, draws=1, steps=2)
    missing[1, 0, 0, 2] = True

    np.testing.assert_allclose(drawn[0][~missing], x[~missing], atol=1e-6)
    with pytest.raises(
        ValueError, match="missing must be True at all channels of a pixel or at none"
    ):
        zoo.impute(vae, x, missing, draws=1, steps=2)


@pytest.mark.parametrize("components", [0, 2.5, True])
def test_a_number_of_components_that_is_unusable_is_refused(components):
    with pytest.raises(ValueError, match="components must be a positive integer"):
        DiscretizedLogisticMixture(components)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_probabilities_of_channels_in_turn_multiply_to_that_of_the_pixel(channels):
    p = mixture(channels)
    k = RNG.integers(0, 4, (3, 2, 2, channels))
    x = (k / 3).astype("float32")

    of_channels = [np.asarray(p.channel_probabilities(x[..., :c])) for c in range(channels)]

    chosen = [np.take_along_axis(q, k[..., c, None], -1) for c, q in enumerate(of_channels)]
    np.testing.assert_allclose(np.log(chosen).sum((0, 2, 3, 4)), p.log_prob(x), rtol=1e-4)
    for q in of_channels:
        np.testing.assert_allclose(q.sum(-1), 1.0, rtol=1e-5)
