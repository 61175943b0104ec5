"""The squared error of series."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import forward
from tests.likelihoods.series import vae_of, waves
from zoo.core.samplers import RandomSampler
from zoo.objectives import ELBO, KL, SquaredError


def test_it_is_the_error_in_units_of_the_average_noise_averaged_over_draws():
    x = waves(gaps=0.2)
    vae = vae_of(x)
    out = forward(vae, x, RandomSampler((1, 2), 3))
    draws = [vae.decode(z).distribution for z in np.asarray(out.draws[0].z).reshape(3, len(x), -1)]
    errors, variances = (
        np.array(values) / np.nanstd(x, (0, 1)) ** 2
        for values in ([(x - p.loc) ** 2 for p in draws], [p.scale**2 for p in draws])
    )
    average = variances[:, ~np.isnan(x)].mean()

    got = SquaredError().per_example(None, None, out)

    expected = np.nansum(errors, (2, 3)).mean(0) / (2 * average)
    np.testing.assert_allclose(got, expected, rtol=1e-4)


def test_it_has_no_gradient_with_respect_to_the_noise():
    x = waves()
    vae = vae_of(x)
    noise = vae.decoder.likelihood.raw_scale
    with tf.GradientTape() as tape:
        loss = SquaredError().per_example(None, None, forward(vae, x, RandomSampler((1, 2), 1)))

    in_noise, *others = tape.gradient(loss, [noise, *vae.decoder.trainable_variables])

    assert in_noise is None
    assert any(np.any(gradient) for gradient in others if gradient is not None)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["kl", "squared_error"]),
        ({"likelihood": "series_autoregressive", "beta": 2.0}, ["kl", "squared_error"]),
        ({"likelihood": "series_normal"}, ["kl"]),
        ({"objective": ELBO((KL(3.0),))}, ["kl"]),
    ],
    ids=lambda value: str(value)[:30],
)
def test_lstm_vae_has_the_term_where_residuals_are_correlated(options, names):
    vae = zoo.get("lstm_vae", units=(4,), squared_error_weight=0.3, **options)

    assert [term.name for term in vae.objective.terms] == names
    if "squared_error" in names:
        assert vae.objective.term("squared_error").weight == 0.3
        assert vae.objective.term("kl").weight == options.get("beta", 1.0)


def test_other_likelihoods_are_refused():
    vae = zoo.get("dense_vae", hidden=(4,), objective=ELBO((KL(), SquaredError())))
    vae.compile(run_eagerly=True)

    with pytest.raises(TypeError, match="the likelihood must be one of series, which have"):
        vae.fit(np.zeros((4, 3, 3, 1), "float32"), verbose=0)
