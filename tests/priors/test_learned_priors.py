"""Learned priors in models: gradients, graphs and XLA, names."""

import types

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import assert_same, optimizer
from tests.priors.models import model, rows
from zoo.objectives import KL


def passed(vae, x):
    draw = vae(tf.constant(x)).draws[0]
    return types.SimpleNamespace(draws=(draw,), target=x, samples=1)


@pytest.mark.parametrize("prior", [zoo.NormalPrior(2), zoo.VampPrior(2, 5)], ids=type)
def test_every_weight_of_prior_and_encoder_gets_a_gradient(prior):
    vae, x = model(prior), rows()
    vae.elbo(x)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(KL().per_example(None, None, passed(vae, x)))
    weights = vae.latents.trainable_weights

    gradients = tape.gradient(loss, [w.value for w in weights])

    assert len(weights) >= 5
    assert all(np.abs(g).max() > 0 for g in gradients)


@pytest.mark.parametrize("prior", [zoo.NormalPrior, zoo.VampPrior], ids=lambda p: p.__name__)
def test_training_is_the_same_in_a_graph_eagerly_and_under_xla(prior):
    weights_of_modes = []
    for mode in ({"jit_compile": False}, {"jit_compile": True}, {"run_eagerly": True}):
        vae = model(prior(2))
        vae.compile(optimizer(), steps_per_execution=1, **mode)
        vae.fit(rows(16), batch_size=8, verbose=0)
        weights_of_modes.append([v.numpy() for v in vae.trainable_variables])

    assert_same(weights_of_modes[1:], [weights_of_modes[0]] * 2, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(("name", "kind"), [("normal", "NormalPrior"), ("vamp", "VampPrior")])
def test_learned_priors_are_resolved_by_name(name, kind):
    vae = zoo.get("dense_vae", latent_dim=2, hidden=(4,), prior=name, likelihood="normal")

    assert type(vae.latents.prior).__name__ == kind
    vae.compile(run_eagerly=True)
    vae.fit(rows(20), verbose=0)
    assert np.isfinite(vae.elbo(rows(20))).all()
