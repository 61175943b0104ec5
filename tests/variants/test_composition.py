"""Flows, priors and objectives with every encoder that they make sense with."""

import numpy as np
import pytest

import zoo
from tests.helpers import data, small
from zoo.objectives import KL, FreeBits

# Dense ones are among the conformance tests' models.
SINGLE = ("conv_vae", "lstm_vae", "transformer_vae")


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize(
    "factors",
    [
        {"flow": "iaf", "prior": "mixture"},
        {"flow": "coupling", "prior": "flow"},
        {"prior": "normal", "objective": "dreg"},
    ],
    ids=str,
)
def test_factors_given_by_name_train_with_each_encoder(name, factors):
    vae, x = small(name, **factors), data(name)

    history = vae.fit(x, epochs=1, batch_size=20, verbose=0).history

    assert np.isfinite(history["loss"]).all()
    assert np.isfinite(vae.log_likelihood(x, samples=3)).all()
    assert len(vae.generate(2, seed=1)) == 2


@pytest.mark.parametrize("name", ["conv_vae", "lstm_vae"])
def test_vamp_prior_begins_as_examples_and_trains_with_each_encoder(name):
    x = data(name)
    vae = small(name, prior=zoo.VampPrior(2, 5))

    vae.fit(x, epochs=1, batch_size=20, verbose=0)

    assert vae.latents.adapted
    assert np.isfinite(vae.elbo(x)).all()


def test_free_bits_of_texts_are_for_all_dimensions_where_single_ones_have_no_closed_form():
    plain = small("transformer_vae", free_bits=0.5)
    flowing = small("transformer_vae", free_bits=0.5, flow="iaf")

    (each,), (together,) = plain.objective.terms, flowing.objective.terms
    assert isinstance(each, FreeBits)
    assert (each.floor, each.group_size) == (0.5, 1)
    assert (together.floor, together.group_size) == (0.5 * 2, None)


def test_an_objective_brings_its_own_beta():
    with pytest.raises(ValueError, match=r"beta must be 1 where an objective is given, got 2.0"):
        small("dense_vae", objective="iwae", beta=2.0)

    vae = small("dense_vae", objective=zoo.objectives.ELBO((KL(2.0),)))
    assert vae.objective.term("kl").weight == 2.0


@pytest.mark.parametrize("argument", ["prior", "flow", "objective"])
def test_unknown_names_are_errors_that_list_the_known_ones(argument):
    with pytest.raises(ValueError, match=rf"{argument} must be one of .*, got 'nothing'"):
        small("dense_vae", **{argument: "nothing"})
