"""Likelihoods of counts against SciPy, and the check of their data."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import zoo
from zoo.likelihoods import NegativeBinomial, Poisson
from zoo.likelihoods.counts import MAX_LOG_RATE

RNG = np.random.default_rng(0)
COUNTS = np.array([[0, 1, 7], [250, 3, 90_000]], "float32")
RAW = np.array([[-3.0, 0.2, 2.0], [5.0, 1.0, 11.0]], "float32")


def test_poisson_equals_scipy():
    p = Poisson()(tf.constant(RAW))
    rate = np.exp(RAW.astype("float64"))

    expected = stats.poisson(rate).logpmf(COUNTS).sum(1)

    np.testing.assert_allclose(p.log_prob(COUNTS), expected, rtol=1e-4)
    np.testing.assert_allclose(p.mean(), rate, rtol=1e-4)


@pytest.mark.parametrize("raw_r", [-4.0, 0.5, 6.0])
def test_negative_binomial_equals_scipy(raw_r):
    raw = np.concatenate([RAW, np.full_like(RAW, raw_r)], 1)
    p = NegativeBinomial(floor=0.01)(tf.constant(raw))
    mean, r = np.exp(RAW.astype("float64")), 0.01 + np.logaddexp(0, raw_r)

    expected = stats.nbinom(r, r / (r + mean)).logpmf(COUNTS).sum(1)

    np.testing.assert_allclose(p.log_prob(COUNTS), expected, rtol=1e-4)
    np.testing.assert_allclose(p.mean(), mean, rtol=1e-4)


@pytest.mark.parametrize("likelihood", [Poisson(), NegativeBinomial()])
def test_draws_are_counts_with_the_mean(likelihood):
    raw = tf.fill([4000, likelihood.params_size(1)], 1.0)

    draws = likelihood(raw).sample(seed=tf.constant([1, 2])).numpy()

    assert (draws >= 0).all() and (draws == np.round(draws)).all()
    assert draws.mean() == pytest.approx(np.e, rel=0.1)


@pytest.mark.parametrize("likelihood", [Poisson(), NegativeBinomial()])
def test_rates_are_finite_and_have_gradients_at_any_output(likelihood):
    raw = tf.constant([[-60.0] * likelihood.params_size(1), [60.0] * likelihood.params_size(1)])
    with tf.GradientTape() as tape:
        tape.watch(raw)
        log_prob = tf.reduce_sum(likelihood(raw).log_prob(tf.constant([[2.0], [2.0]])))

    assert np.isfinite(tape.gradient(log_prob, raw)).all()
    assert np.log(likelihood(raw).mean().numpy()[1]) <= MAX_LOG_RATE + 1e-3


@pytest.mark.parametrize("identifier", ["poisson", "negative_binomial"])
def test_a_model_of_counts_trains_saves_and_scores(identifier, tmp_path):
    x = RNG.poisson(np.exp(RNG.normal(size=(60, 1)) + np.arange(3))).astype("int64")
    vae = zoo.get("dense_vae", latent_dim=2, hidden=(8,), likelihood=identifier, seed=1)
    vae.compile(run_eagerly=True)

    nll = vae.fit(x, epochs=5, batch_size=20, verbose=0).history["nll"]
    vae.save(tmp_path / "counts.keras")

    assert nll[-1] < nll[0]
    loaded = keras.models.load_model(tmp_path / "counts.keras")
    np.testing.assert_allclose(loaded.elbo(x), vae.elbo(x), rtol=1e-6)
    np.testing.assert_allclose(vae.preprocessor.encoder_inputs(tf.ones([1, 3])), np.log([[2] * 3]))
    assert zoo.anomaly.feature_scores(vae, x).shape == (60, 3)


@pytest.mark.parametrize(("value", "got"), [(-1, "-1"), (0.5, "0.5")])
def test_values_that_are_not_counts_raise_with_their_place(value, got):
    x = np.ones((3, 2))
    x[1, 0] = value

    message = rf"x must hold counts, whole numbers of at least 0, got {got}.* at index \(1, 0\)"
    with pytest.raises(ValueError, match=message):
        Poisson().preprocessor().validate(x)
