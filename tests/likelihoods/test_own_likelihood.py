"""Likelihoods that a user writes: the shapes of p(x|z) are checked in the first pass."""

import keras
import numpy as np
import pytest
import tensorflow_probability as tfp

import zoo
from tests.helpers import small

tfd = tfp.distributions
COUNTS = np.random.default_rng(0).poisson(3.0, (8, 6)).astype("float32")


class Poisson(zoo.likelihoods.Likelihood):
    """One rate for each value, or, wrongly, one for all; joined to an event, or not."""

    def __init__(self, size=None, joined=True):
        super().__init__()
        self.size, self.joined = size, joined

    def params_size(self, channels):
        return self.size or channels

    def call(self, raw):
        values = tfd.Poisson(log_rate=raw)
        return tfd.Independent(values, 1) if self.joined else values


class Duck:
    """A distribution that is none of TFP's."""

    def __init__(self, raw, summed):
        self.raw, self.summed = raw, summed

    def log_prob(self, x):
        squares = (x - self.raw) ** 2
        return -keras.ops.sum(squares, -1) if self.summed else -squares

    def mean(self):
        return self.raw


class OwnDistribution(Poisson):
    def call(self, raw):
        return Duck(raw, self.joined)


def vae_of(likelihood):
    return small("dense_vae", likelihood=likelihood)


@pytest.mark.parametrize("kind", [Poisson, OwnDistribution])
def test_an_own_likelihood_trains_and_draws_all_values(kind):
    vae = vae_of(kind())
    vae.fit(COUNTS, verbose=0)
    assert vae.generate(2).shape == (2, 6)


@pytest.mark.parametrize("kind", [Poisson, OwnDistribution])
@pytest.mark.parametrize("method", ["fit", "evaluate", "elbo", "train_on_batch"])
def test_parameters_for_too_few_values_are_refused(kind, method):
    with pytest.raises(ValueError, match=r"events of shape \(6,\), like x, got event shape \(1,\)"):
        getattr(vae_of(kind(size=1)), method)(COUNTS)


def test_values_that_are_not_joined_to_an_event_are_refused():
    with pytest.raises(ValueError, match=r"got event shape \(\): .* tfd.Independent"):
        vae_of(Poisson(joined=False)).evaluate(COUNTS, verbose=0)


def test_a_log_prob_of_each_value_is_refused():
    with pytest.raises(ValueError, match=r"one number for each example, \[B\], got shape \(8, 6\)"):
        vae_of(OwnDistribution(joined=False)).evaluate(COUNTS, verbose=0)
