"""Two-sample tests of codes and prior, on distributions that are known to agree or differ."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import data, small
from zoo.evaluation.aggregate_posterior import mmd, two_sample_accuracy
from zoo.objectives import RBF

RNG = np.random.default_rng(0)
SAME = RNG.standard_normal((2, 600, 4)).astype("float32")
ROWS = 300  # for classifiers, whose training takes most of the time


def test_mmd_by_hand():
    a, b = SAME[:, :5]
    kernel = RBF((1.0,))

    def k(x, y):
        return np.exp(-((x - y) ** 2).sum() / (2 * 4))

    within = sum(k(x[i], x[j]) for x in (a, b) for i in range(5) for j in range(5) if i != j) / 20
    between = np.mean([k(x, y) for x in a for y in b])

    assert mmd(a, b, kernel) == pytest.approx(within - 2 * between, rel=1e-4)


def test_draws_of_one_distribution_are_at_chance():
    assert abs(mmd(*SAME)) < 2e-3
    assert two_sample_accuracy(*SAME[:, :ROWS]) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    "other", [SAME[1] + 1.0, SAME[1] * 2.0, np.sort(SAME[1], 1)], ids=["moved", "wide", "dependent"]
)
def test_draws_of_different_distributions_are_separated(other):
    assert mmd(SAME[0], other) > 5e-3
    assert two_sample_accuracy(SAME[0, :ROWS], other[:ROWS]) > 0.65


def test_codes_match_the_prior_if_the_posterior_equals_the_prior():
    vae = small("dense_vae")
    head = vae.latents.encoder.posterior.dense
    raw = float(np.log(np.expm1(1.0 - 1e-4)))  # maps to a scale of 1
    head.set_weights([np.zeros(head.kernel.shape), np.array([0.0, 0.0, raw, raw])])

    same = zoo.prior_match(vae, data("dense_vae", ROWS))
    head.bias.assign([3.0, 0.0, raw, raw])
    moved = zoo.prior_match(vae, data("dense_vae", ROWS))

    assert abs(same["mmd"]) < 5e-3
    assert same["accuracy"] < 0.57
    assert moved["mmd"] > 10 * abs(moved["mmd_of_prior"])
    assert moved["accuracy"] > 0.8


def test_the_same_seed_gives_the_same_numbers():
    vae, x = small("dense_vae", prior="mixture"), data("dense_vae", 60)

    assert zoo.prior_match(vae, x, seed=3) == zoo.prior_match(vae, x, seed=3)


def test_too_few_examples_or_several_layers_raise():
    with pytest.raises(ValueError, match="at least 20 examples, got 12"):
        zoo.prior_match(small("dense_vae"), data("dense_vae", 12))
    with pytest.raises(ValueError, match="one stochastic layer, got 3"):
        zoo.prior_match(small("dense_ladder_vae"), tf.constant(data("dense_ladder_vae", 30)))
