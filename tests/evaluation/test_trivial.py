"""log p(x) of trivial models, against values computed by hand or by SciPy, and the verdict."""

import types

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.evaluation.diagnoses import diagnosis
from zoo import likelihoods
from zoo.evaluation.diagnosis import pca, trivial
from zoo.reporting.findings import curve_findings

RNG = np.random.default_rng(0)


def means(likelihood, x, latent_dim=2):
    """Mean log p(x) of each trivial model of this likelihood."""
    return trivial._means(likelihood, np.asarray(x, "float64"), latent_dim, seed=0)


def series_likelihood(channels, std=1.0):
    likelihood = likelihoods.SeriesNormal()
    likelihood.build((None, None, channels))
    likelihood.channel_std.assign(np.full(channels, std))
    return likelihood


def test_uniform_and_marginal_of_binary_images():
    x = (RNG.random((4000, 2, 3)) < 0.9).astype(float)

    result = means(likelihoods.Bernoulli(), x)

    assert result["uniform"] == pytest.approx(-6 * np.log(2))
    entropy = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1))
    assert result["marginal"] == pytest.approx(-6 * entropy, abs=0.05)


def test_uniform_of_grey_levels_has_eight_bits():
    x = RNG.integers(0, 256, (200, 4, 4, 1)) / 255

    result = means(likelihoods.DiscretizedLogisticLikelihood(), x)

    assert result["uniform"] == pytest.approx(-16 * np.log(256))
    assert result["marginal"] < result["uniform"] and result["PCA"] < result["uniform"]


def test_marginal_of_grey_levels_uses_constant_pixels():
    x = np.zeros((100, 4, 4, 1))
    x[:50, 0, 0] = 1.0

    result = means(likelihoods.DiscretizedLogisticLikelihood(), x, latent_dim=1)

    assert result["marginal"] > result["uniform"] / 3


@pytest.mark.parametrize(
    ("likelihood", "std"),
    [
        (likelihoods.Normal(2.0), 2.0),
        (likelihoods.SharedScaleNormal(), np.sqrt(5)),
        (likelihoods.PerElementNormal(), np.array([1.0, 3.0])),
    ],
)
def test_marginal_of_numbers_has_the_scale_of_the_likelihood(likelihood, std):
    x = RNG.normal(size=(5000, 2)) * [1.0, 3.0] + 7

    expected = -0.5 * (x - 7) ** 2 / std**2 - np.log(std) - 0.5 * np.log(2 * np.pi)
    assert means(likelihood, x)["marginal"] == pytest.approx(expected.sum(1).mean(), abs=0.02)


def test_pca_has_the_density_of_linear_data():
    weights = RNG.normal(size=(2, 6))
    x = RNG.normal(size=(6000, 2)) @ weights + 0.3 * RNG.normal(size=(6000, 6)) + 5
    covariance = weights.T @ weights + 0.09 * np.eye(6)
    entropy = 0.5 * np.linalg.slogdet(2 * np.pi * np.e * covariance)[1]

    result = means(likelihoods.PerElementNormal(), x)

    assert result["PCA"] == pytest.approx(-entropy, abs=0.1)
    assert result["PCA"] > result["marginal"] + 1
    scaled = likelihoods.Tabular.from_data(1000 * x)
    assert means(scaled, 1000 * x)["PCA"] == pytest.approx(
        result["PCA"] - 6 * np.log(1000),
        abs=1.0,  # its noise is equal in standard deviations
    )
    assert not pca.pca_log_prob(likelihoods.Bernoulli(), x[:20], x[20:40], 2)


def test_tables_skip_missing_values_and_count_classes():
    x = np.stack([RNG.normal(size=2000), RNG.integers(0, 4, 2000), np.full(2000, np.nan)], 1)
    x[::2, 0] = np.nan
    likelihood = likelihoods.Tabular.from_data(x, (0, 4, 0))

    result = means(likelihood, x)

    expected = -0.5 * 0.5 * np.log(2 * np.pi * np.e) - np.log(4)
    assert result == {"marginal": pytest.approx(expected, abs=0.05)}


def test_series_have_a_constant_and_a_marginal():
    steps = np.arange(8.0)
    x = steps[None, :, None] + 0.1 * RNG.normal(size=(500, 8, 1))
    x[:, -2:] = np.where(RNG.random((500, 2, 1)) < 0.5, np.nan, x[:, -2:])

    result = means(series_likelihood(1), x)

    assert set(result) == {"constant", "marginal"}
    assert result["marginal"] > result["constant"] + 10


def test_texts_count_words_and_their_end():
    x = np.array([[2, 3, 0, 0], [2, 0, 0, 0], [2, 3, 3, 3], [0, 0, 0, 0]] * 10)

    result = means(likelihoods.Text(5, 4, width=8), x)

    assert result["uniform"] == pytest.approx(-np.log(5) * (3 + 2 + 4 + 1) / 4)
    assert result["marginal"] > result["uniform"]


def test_unknown_likelihoods_and_few_examples_have_none():
    class Own(likelihoods.Likelihood):
        pass

    assert means(Own(), np.zeros((99, 2))) == {} and diagnosis().gain is None
    assert means(likelihoods.Bernoulli(), np.zeros((9, 2))) == {}


def test_modalities_are_added_up(monkeypatch):
    parts = {"a": likelihoods.Bernoulli(), "b": likelihoods.Bernoulli()}
    model = types.SimpleNamespace(built=True, preprocessor=None, latents=None)
    model.decoder = types.SimpleNamespace(likelihood=types.SimpleNamespace(parts=parts))
    present = np.ones((40, 2))
    present[:10, 1] = 0
    batch = {"a": np.zeros((40, 2)), "b": np.zeros((40, 4)), "present": present}
    batch = {name: tf.constant(value) for name, value in batch.items()}
    monkeypatch.setattr(trivial.batching, "batches", lambda *arguments: [batch])

    result = trivial.trivial_log_probs(model, None)

    assert result["uniform"] == pytest.approx(-np.log(2) * (2 + 4 * 0.75))


def test_batches_of_different_lengths_are_padded():
    series = trivial._joined([np.zeros((2, 3)) * np.nan, np.zeros((2, 5))])
    tokens = trivial._joined([np.ones((2, 3)), np.ones((2, 5))])

    assert np.isnan(series[:2]).all() and tokens[0].tolist() == [1, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("trivial", "changes", "verdict"),
    [
        ({"uniform": -98.1}, {}, "healthy"),
        ({"uniform": -98.0}, {}, "not learned"),
        ({"uniform": -150.0, "marginal": -90.0}, {}, "not learned"),
        ({"uniform": -150.0, "PCA": -90.0}, {}, "healthy"),
        ({"marginal": -97.9}, {"kl": 0.0}, "collapsed"),
        ({"marginal": -90.0}, {"kl": 0.0}, "not learned"),
        ({"marginal": -90.0}, {"kl": np.nan}, "diverged"),
    ],
)
def test_a_trivial_model_that_is_as_good_gives_the_verdict(trivial, changes, verdict):
    assert diagnosis(trivial=trivial, **changes).verdict == verdict


def test_advice_names_the_best_trivial_model_and_pca():
    result = diagnosis(trivial={"uniform": -150.0, "marginal": -110.0, "PCA": -90.0})

    assert result.gain == 12 and result.scalars()["gain"] == 12.0
    assert "12.0 nats above that of the best trivial model (marginal)" in result.advice[1]
    assert "is 8.0 nats higher" in result.advice[2]
    assert "log p(x), marginal" in str(result) and result.to_dict()["trivial"]["PCA"] == -90


def test_an_untrained_model_has_not_learned():
    x = RNG.integers(0, 256, (64, 4, 4, 1)) / 255
    x[:, :2] = 0
    vae = zoo.get(
        "dense_vae", input_shape=(4, 4, 1), hidden=(4,), likelihood="discretized_logistic"
    )

    result = zoo.diagnose(vae, x.astype("float32"), importance_samples=2)

    assert result.verdict == "not learned" and result.advice[0].startswith("The model has not")


UP = np.linspace(-100, -10, 40)
FLAT = np.r_[np.linspace(-100, -10, 20), np.full(20, -10.0)]


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ({"elbo": UP[:3]}, "3 epochs are too few"),
        ({"elbo": UP, "val_elbo": UP}, "The ELBO still rose by 16.15 nats"),
        ({"elbo": FLAT, "val_elbo": FLAT - 0.5}, "The ELBO no longer rises, and validation"),
        ({"elbo": FLAT, "val_elbo": FLAT - 5}, "The validation ELBO is 5.00 nats below"),
        (
            {"elbo": FLAT, "val_elbo": np.r_[FLAT[:20], np.linspace(-10, -40, 20)]},
            "The validation ELBO fell by 30.00 nats after epoch 20: overfitting",
        ),
    ],
)
def test_findings_on_curves_are_stated_where_they_hold(history, expected):
    assert curve_findings(history)[0].startswith(expected)
    assert "overfitting" in expected or "overfitting" not in " ".join(curve_findings(history))
