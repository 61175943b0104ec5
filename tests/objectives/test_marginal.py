"""The marginal fit of correlated values."""

import numpy as np
import pytest

import zoo
from tests.helpers import forward
from tests.likelihoods.series import vae_of, waves
from zoo.core.samplers import RandomSampler
from zoo.objectives import ELBO, KL, MarginalNLL


def test_it_is_the_sum_of_marginal_log_probabilities_averaged_over_draws():
    x = waves(gaps=0.2)
    vae = vae_of(x)
    out = forward(vae, x, RandomSampler((1, 2), 3))
    expected = [
        -vae.decode(z).marginal_log_prob(x).numpy().sum((1, 2))
        for z in np.asarray(out.draws[0].z).reshape(3, len(x), -1)
    ]

    got = MarginalNLL().per_example(None, None, out)

    np.testing.assert_allclose(got, np.mean(expected, 0), rtol=1e-4)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["kl", "marginal_nll"]),
        ({"likelihood": "series_autoregressive", "beta": 2.0}, ["kl", "marginal_nll"]),
        ({"likelihood": "series_normal"}, ["kl"]),
        ({"objective": ELBO((KL(3.0),))}, ["kl"]),
    ],
    ids=lambda value: str(value)[:30],
)
def test_lstm_vae_has_the_term_where_residuals_are_correlated(options, names):
    vae = zoo.get("lstm_vae", units=(4,), marginal_weight=0.3, **options)

    assert [term.name for term in vae.objective.terms] == names
    if "marginal_nll" in names:
        assert vae.objective.term("marginal_nll").weight == 0.3
        assert vae.objective.term("kl").weight == options.get("beta", 1.0)


def test_other_likelihoods_are_refused():
    vae = zoo.get("dense_vae", hidden=(4,), objective=ELBO((KL(), MarginalNLL())))
    vae.compile(run_eagerly=True)

    with pytest.raises(TypeError, match="the likelihood must be one of series, which have"):
        vae.fit(np.zeros((4, 3, 3, 1), "float32"), verbose=0)
