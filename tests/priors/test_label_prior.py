"""Class-conditional prior: densities in NumPy and initial values."""

import keras
import numpy as np
import pytest
import tensorflow_probability as tfp

import zoo
from tests.objectives import labels

tfd = tfp.distributions


def test_densities_and_kls_of_labels_equal_numpy():
    mixture, posterior = labels.mixture(), labels.codes()
    z = posterior[0]
    y = np.array([2, 0, 1, 1, 0, 2])
    log_prob_by_class = labels.log_prob_by_class(z)

    np.testing.assert_allclose(mixture.log_prob(z), labels.log_prob(z), rtol=1e-5)
    np.testing.assert_allclose(mixture.log_prob_by_class(z), log_prob_by_class, rtol=1e-5)
    np.testing.assert_allclose(
        mixture.conditional(y).log_prob(z), log_prob_by_class[np.arange(6), y], rtol=1e-5
    )
    bayes = labels.WEIGHTS * np.exp(log_prob_by_class)
    np.testing.assert_allclose(
        np.exp(mixture.log_class(z)), bayes / bayes.sum(-1, keepdims=True), rtol=1e-4
    )
    np.testing.assert_allclose(
        mixture.kl_by_class(tfd.Normal(*posterior)), labels.kl_by_class(*posterior), rtol=1e-5
    )


def test_class_probabilities_are_uniform_and_trainable_on_request():
    fixed, learned = zoo.LabelPrior(2, 4), zoo.LabelPrior(2, 4, learn_class_probabilities=True)
    for prior in (fixed, learned):
        prior.build()
        np.testing.assert_allclose(np.exp(prior.distribution().log_weights), 0.25, rtol=1e-6)

    assert [w.name for w in fixed.trainable_weights] == ["locs", "raw_scales"]
    assert [w.name for w in learned.trainable_weights] == ["locs", "raw_scales", "logits"]


def test_classes_start_at_the_expected_distance():
    keras.utils.set_random_seed(0)
    prior = zoo.LabelPrior(16, 10, init_std=2.0)
    prior.build()
    locs = np.asarray(prior.locs)

    between = np.linalg.norm(locs[:, None] - locs, axis=-1)[np.triu_indices(10, 1)]

    assert between.mean() == pytest.approx(2.0 * np.sqrt(32), rel=0.15)
    assert between.min() > 5.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latent_dim": 0}, "latent_dim"),
        ({"classes": 0}, "classes"),
        ({"classes": 1}, "classes must be at least 2"),
        ({"init_std": 0.0}, "init_std"),
        ({"floor": 2.0}, "floor"),
        ({"initial_scale": 1e3}, "initial_scale"),
    ],
)
def test_bad_arguments_of_a_label_prior_are_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        zoo.LabelPrior(**{"latent_dim": 2, "classes": 3, **options})
