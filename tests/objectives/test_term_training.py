"""Terms in training: gradients, graphs and XLA, saving."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import assert_same, data, optimizer, small, values
from tests.objectives.passes import of, values_of
from zoo.objectives import (
    ELBO,
    KL,
    MMD,
    Adversarial,
    AggregateCovariance,
    Capacity,
    MeanCovariance,
    TotalCorrelation,
)

X = data("dense_vae", 24)


def compiled(make, **options):
    keras.utils.set_random_seed(1)  # the constructor of a term with a critic draws its weights
    vae = small("dense_vae", objective=ELBO(make()))
    vae.compile(optimizer(), **{"jit_compile": False, "steps_per_execution": 1, **options})
    return vae


def trained(make, batch_size=12, **options):
    vae = compiled(make, **options)
    return vae, vae.fit(X, batch_size=batch_size, verbose=0).history


def gradient(term, loc, scale, samples=1):
    with tf.GradientTape() as tape:
        mean = tf.reduce_mean(term.per_example(None, None, of(loc, scale, samples)))
    return tape.gradient(mean, [loc, scale])


@pytest.mark.parametrize(
    "term", [TotalCorrelation(), MeanCovariance(), AggregateCovariance(), MMD(), Capacity(1.0)]
)
def test_gradients_reach_the_parameters_of_the_posterior(term):
    rng = np.random.default_rng(0)
    loc = tf.Variable(rng.standard_normal((6, 3)), dtype=tf.float32)
    scale = tf.Variable(rng.uniform(0.3, 1.0, (6, 3)), dtype=tf.float32)

    by_loc, by_scale = gradient(term, loc, scale, samples=2)

    assert np.abs(by_loc).min() > 0
    if isinstance(term, MeanCovariance):
        assert by_scale is None
    else:
        assert np.abs(by_scale).min() > 0


def train_on_clusters(*kinds):
    """Train on four clusters: MMD of z to the prior, mean absolute error of x, and the logs."""
    rng = np.random.default_rng(0)
    corner = np.array([[4, 4], [-4, 4], [4, -4], [-4, -4]])[rng.integers(0, 4, 2048)]
    x = (corner + 0.3 * rng.standard_normal((2048, 2))).astype("float32")
    keras.utils.set_random_seed(0)
    options = {"hidden": (32,), "likelihood": zoo.likelihoods.Normal(0.5)}
    objective = ELBO(tuple(kind() for kind in kinds))  # after the seed: a critic has weights
    vae = zoo.get("dense_vae", latent_dim=2, objective=objective, seed=0, **options)
    vae.compile(zoo.FusedAdam(3e-3), jit_compile=False)
    logs = vae.fit(x, epochs=20, batch_size=64, verbose=0).history
    prior = vae.latents.prior.distribution()
    x = x[:512]
    q = vae.encode(x)
    out = of(tf.constant(q.loc), tf.constant(q.scale), prior=prior)
    return values_of(MMD(), out)[0], np.abs(vae.reconstruct(x) - x).mean(), logs


def test_mmd_or_adversary_alone_match_the_prior_and_reconstruct():
    free, _, _ = train_on_clusters()

    for term in (MMD, Adversarial):
        mmd, error, logs = train_on_clusters(term)
        assert mmd < 0.3 * free
        assert error < 0.5
        assert {"elbo", "nll", "kl", term().name, "active_units", "loss"} == {*logs}


def all_terms():
    return (
        KL(),
        TotalCorrelation(5.0),
        MeanCovariance(),
        AggregateCovariance(),
        MMD(),
        Adversarial(hidden=(4,)),
    )


def test_terms_train_alike_in_a_graph_and_under_xla_and_are_logged_raw():
    vae, logs = trained(all_terms)
    fused, fused_logs = trained(all_terms, jit_compile=True)

    names = {term.name for term in all_terms()}
    assert len(names) == 6
    assert {"elbo", "nll", "active_units", "loss", *names} == {*logs}
    for name in names:
        assert logs[name] == pytest.approx(fused_logs[name], rel=1e-3, abs=1e-5), name
    got, expected = (values(v.trainable_variables) for v in (fused, vae))
    assert_same(got, expected, rtol=1e-3, atol=1e-4)


def test_terms_take_batches_of_any_size_in_one_graph():
    vae = compiled(all_terms)

    def loss(x):
        out = vae(x)
        each = [term.per_example(x, None, out) for term in vae.objective.terms]
        return tf.stack([vae.objective.per_example(x, None, out), *each])

    traced = tf.function(loss, input_signature=[tf.TensorSpec([None, 6])])
    for rows in (1, 5):
        got = traced(X[:rows])
        assert np.isfinite(got).all()
        np.testing.assert_allclose(got, loss(X[:rows]), rtol=1e-4, atol=1e-5)


def test_a_saved_model_keeps_its_terms_and_its_critic(tmp_path):
    vae, _ = trained(lambda: (Capacity(2.0), *all_terms()[1:]), run_eagerly=True)
    vae.save(tmp_path / "vae.keras")

    again = keras.models.load_model(tmp_path / "vae.keras")

    assert_same(values(again.variables), values(vae.variables))
    assert again.evaluate(X, verbose=0) == vae.evaluate(X, verbose=0)
