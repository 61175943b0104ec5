"""Importance-weighted objectives in `fit` and `evaluate`, and objectives' arguments."""

import functools

import keras
import numpy as np
import pytest

import zoo
from tests.helpers import data, optimizer, small, values
from zoo.objectives import ELBO, KL, MMD, DoublyReparameterized, ImportanceWeighted

X = data("dense_vae", 24)


@functools.cache
def trained(objective, **options):
    vae = small("dense_vae", objective=objective)
    vae.compile(optimizer(), steps_per_execution=1, **options)
    logs = vae.fit(X, batch_size=12, verbose=0, sample_weight=np.linspace(0, 1, 24)).history
    return values(vae.trainable_variables), logs


@pytest.mark.parametrize("objective", ["iwae", "dreg"])
def test_training_is_the_same_eagerly_in_graphs_and_under_xla(objective):
    eager, logs = trained(objective, run_eagerly=True)

    assert {"elbo", "nll", "kl", "iwae", "active_units", "loss"} == {*logs}
    for options in ({"jit_compile": False}, {"jit_compile": True}):
        for a, b in zip(eager, trained(objective, **options)[0], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_dreg_trains_with_other_gradients_than_iwae():
    plain, better = (trained(name, run_eagerly=True)[0] for name in ("iwae", "dreg"))

    assert max(np.abs(a - b).max() for a, b in zip(plain, better, strict=True)) > 1e-5


@pytest.mark.parametrize("name", ["iwae", "dreg"])
def test_evaluate_reports_a_bound_between_elbo_and_log_likelihood(name):
    vae = small("dense_vae", objective=name)
    vae.compile(optimizer(), run_eagerly=True)

    logs = vae.evaluate(X, verbose=0, return_dict=True)

    assert logs["loss"] == pytest.approx(-logs["iwae"], rel=1e-5)
    assert logs["elbo"] < logs["iwae"] < vae.log_likelihood(X, 500).mean() + 0.05


def test_a_saved_model_keeps_its_objective(tmp_path):
    vae = small("dense_vae", objective=DoublyReparameterized(3, (MMD(2.0),)))
    vae.compile(optimizer(), run_eagerly=True)
    vae.fit(X, verbose=0)
    vae.save(tmp_path / "vae.keras")

    again = keras.models.load_model(tmp_path / "vae.keras")

    assert again.objective.samples == 3
    assert again.evaluate(X, verbose=0) == vae.evaluate(X, verbose=0)


def test_keras_metrics_get_one_reconstruction_per_example():
    vae = small("dense_vae", objective="iwae")
    vae.compile(keras.optimizers.SGD(0.0), metrics=["mae"], run_eagerly=True)

    error = vae.evaluate(X, X, verbose=0, return_dict=True)["mae"]

    assert error == pytest.approx(np.abs(X - vae.reconstruct(X)).mean(), abs=0.05)


def test_beta_beside_an_objective_is_refused():
    with pytest.raises(ValueError, match="beta must be 1 where an objective is given, got 2"):
        zoo.get("dense_vae", objective="iwae", beta=2)


@pytest.mark.parametrize("samples", [0, 1.5])
def test_bad_numbers_of_samples_are_refused(samples):
    with pytest.raises(ValueError, match="samples must be made of positive integers"):
        ImportanceWeighted(samples)


@pytest.mark.parametrize("kind", [ELBO, lambda terms: ImportanceWeighted(5, terms)])
def test_terms_of_the_same_name_are_refused(kind):
    with pytest.raises(ValueError, match="different names, got 'kl' twice"):
        kind((KL(), zoo.objectives.FreeBits()))
    kind((KL(), KL(0.5, name="another")))


@pytest.mark.parametrize("name", ["iwae", "elbo", "nll", "active_units", "loss"])
def test_terms_with_the_name_of_another_logged_metric_are_refused(name):
    with pytest.raises(
        ValueError, match=f"differ from those of other logged metrics, got '{name}'"
    ):
        ImportanceWeighted(5, (KL(name=name),))
