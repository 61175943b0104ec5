"""A flow as prior: a density, what it learns, and that it travels with the model."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import assert_same, optimizer
from tests.priors.models import clusters, model, plain, trained
from zoo import flows


def built(flow="coupling", std=0.3):
    keras.utils.set_random_seed(3)
    prior = zoo.FlowPrior(2, flow)
    prior.build(None)
    rng = np.random.default_rng(0)
    for weight in prior.weights:
        weight.assign_add(std * rng.standard_normal(weight.shape))
    return prior


@pytest.mark.parametrize("name", ["coupling", "spline"])
def test_the_density_integrates_to_one_and_is_that_of_the_draws(name):
    p = built(name, 0.1).distribution()
    side = np.linspace(-12, 12, 401).astype("float32")
    grid = np.stack(np.meshgrid(side, side, indexing="ij"), -1).reshape(-1, 2)

    density = np.exp(p.log_prob(grid)).astype("float64") * (side[1] - side[0]) ** 2

    assert density.sum() == pytest.approx(1.0, abs=1e-2)
    z = np.asarray(p.sample(20_000, seed=[1, 2]))
    assert z.shape == (20_000, 2)
    np.testing.assert_allclose(z.mean(0), density @ grid, atol=0.05)
    np.testing.assert_allclose(np.cov(z.T), _covariance(density, grid), atol=0.1)
    np.testing.assert_allclose(p.mean(), density @ grid, atol=0.3)


def _covariance(weights, points):
    apart = points - weights @ points
    return (weights[:, None] * apart).T @ apart


def test_a_flow_prior_starts_as_the_standard_normal():
    p, z = built(std=0.0).distribution(), tf.constant([[0.5, -2.0], [1.0, 3.0]])

    np.testing.assert_allclose(
        p.log_prob(z), zoo.StandardNormal(2).distribution().log_prob(z), rtol=1e-5
    )


def test_every_weight_of_a_flow_prior_gets_a_gradient():
    prior = built()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(prior.distribution().log_prob(tf.constant([[0.3, -0.2], [1.0, 2.0]])))

    gradients = tape.gradient(loss, [w.value for w in prior.trainable_weights])

    assert len(gradients) == 4 * 4  # no kernels for a context, which a prior has not
    assert all(np.abs(g).max() > 0 for g in gradients)


def test_a_flow_prior_raises_the_elbo_and_generates_less_between_clusters():
    x = clusters()

    def quality(vae):
        generated = np.abs(vae.generate(1000, seed=0))
        return vae.elbo(x).mean(), (np.abs(generated - 4).max(-1) > 1.5).mean()

    flow = zoo.FlowPrior(2, "spline")
    (elbo, between), (moved, rarely) = map(quality, (plain(), trained(flow)))

    assert moved > elbo + 0.1
    assert rarely < 0.6 * between


def test_a_model_keeps_its_flow_prior(tmp_path):
    vae, x = model(built()), clusters(64)
    vae.fit(x, verbose=0)
    vae.save(tmp_path / "vae.keras")
    vae.export(tmp_path / "served")

    again = keras.models.load_model(tmp_path / "vae.keras")
    served = tf.saved_model.load(str(tmp_path / "served")).signatures

    assert len(again.latents.prior.weights) == len(vae.latents.prior.weights)
    assert_same(again.generate(3, seed=1), vae.generate(3, seed=1))
    score = served["score"](x=tf.constant(x))
    np.testing.assert_allclose(score["kl"], vae.score(x)["kl"], rtol=1e-4, atol=1e-4)
    assert served["generate"](n=tf.constant(3), seed=tf.constant([1, 2]))["mean"].shape == (3, 2)


def test_a_flow_posterior_and_a_flow_prior_train_together():
    vae = zoo.get("dense_vae", hidden=(8,), latent_dim=2, flow="iaf", prior="flow", seed=1)
    vae.compile(optimizer(), run_eagerly=True)
    x = np.random.default_rng(0).random((32, 6), "float32")

    logs = vae.fit(x, epochs=2, verbose=0).history

    assert np.isfinite(logs["elbo"]).all()
    assert vae.generate(3, seed=1).shape == (3, 6)


@pytest.mark.parametrize("flow", ["iaf", "sylvester", flows.InverseAutoregressiveFlow()])
def test_a_flow_prior_refuses_an_expensive_inverse_and_lists_others(flow):
    with pytest.raises(ValueError, match=r"cheap inverse .* \['coupling', 'spline'\]"):
        zoo.FlowPrior(2, flow)


def test_a_flow_prior_refuses_no_flow_and_no_dimensions():
    with pytest.raises(TypeError, match="flow must be one of"):
        zoo.FlowPrior(2, None)
    with pytest.raises(ValueError, match="latent_dim"):
        zoo.FlowPrior(0)
