"""Mixture prior: densities in NumPy, training, `fit_prior`, saving."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

import zoo
from tests.helpers import assert_same, data, optimizer, small, values
from tests.priors.models import clusters, plain, trained
from zoo.decoders import DenseDecoder
from zoo.encoders import DenseEncoder
from zoo.priors.labels import LabelMixture
from zoo.priors.mixture import DiagonalMixture
from zoo.priors.vamp import VampMixture


def built(**options):
    """A mixture of three Normals in two dimensions with unequal weights and scales."""
    keras.utils.set_random_seed(3)
    prior = zoo.MixturePrior(2, 3, **options)
    prior.build(None)
    prior.logits.assign([0.0, 1.0, -1.0])
    prior.raw_scales.assign([[-1.0, 0.0], [0.5, 1.0], [2.0, -2.0]])
    return prior


def test_log_prob_of_a_mixture_equals_numpy():
    prior = built()
    z = np.random.default_rng(0).standard_normal((5, 2)).astype("float32")
    locs = np.asarray(prior.locs, "float64")
    scales = 1e-2 + np.log1p(np.exp(np.asarray(prior.raw_scales, "float64")))
    weights = special.softmax([0.0, 1.0, -1.0])

    parts = stats.norm.pdf(z[:, None], locs, scales).prod(-1)

    got = prior.distribution().log_prob(z)
    np.testing.assert_allclose(got, np.log(parts @ weights), rtol=1e-5)


MIXTURES = {
    "diagonal": lambda loc, scale: DiagonalMixture(np.array([0.0, 1.0], "float32"), loc, scale),
    "label": lambda loc, scale: LabelMixture(np.array([0.0, 1.0], "float32"), loc, scale),
    "vamp": VampMixture,
}


@pytest.mark.parametrize("make", MIXTURES.values(), ids=MIXTURES)
def test_mixtures_have_their_constructor_arguments_as_tfp_parameters(make):
    loc, scale = np.array([[0.0, 1.0], [2.0, -1.0]], "float32"), np.ones((2, 2), "float32")
    z = np.array([[0.5, 0.5]], "float32")
    mixture = make(loc, scale)

    shifted = mixture.copy(loc=loc + 3)

    assert shifted.parameters.keys() == mixture.parameters.keys() >= {"loc", "scale", "name"}
    assert (mixture.batch_shape, mixture.event_shape) == ((), (2,))
    np.testing.assert_allclose(shifted.log_prob(z + 3), mixture.log_prob(z), rtol=1e-5)


def test_a_mixture_starts_around_the_standard_normal():
    keras.utils.set_random_seed(0)
    prior = zoo.MixturePrior(4, 500, initial_scale=0.5)
    prior.build(None)

    z = np.asarray(prior.distribution().sample(20_000, seed=[1, 2]))

    assert abs(z.mean()) < 0.1
    assert z.std() == pytest.approx(np.sqrt(1 + 0.5**2), abs=0.05)


def test_every_weight_of_a_mixture_gets_a_gradient():
    prior = built()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(prior.distribution().log_prob(tf.constant([[0.3, -0.2], [1.0, 2.0]])))
    gradients = tape.gradient(loss, [w.value for w in prior.trainable_weights])

    assert len(gradients) == 3
    assert all(np.abs(g).max() > 0 for g in gradients)


@pytest.fixture(scope="module")
def trained_mixed():
    return trained(zoo.MixturePrior(2, 8))


@pytest.fixture
def mixed(trained_mixed):
    """A trained model with a mixture; the prior's weights are restored after each test."""
    before = trained_mixed.latents.prior.get_weights()
    yield trained_mixed
    trained_mixed.latents.prior.set_weights(before)


def test_a_mixture_generates_less_between_clusters(mixed):
    def between(vae):
        """Fraction of generated examples that are far from each cluster."""
        generated = np.abs(vae.generate(1000, seed=0))
        return (np.abs(generated - 4).max(-1) > 1.5).mean()

    assert between(mixed) < 0.5 * between(plain())
    assert mixed.elbo(clusters()).mean() > plain().elbo(clusters()).mean()


def test_fit_prior_finds_the_clusters_of_the_codes():
    prior = zoo.MixturePrior(2, 4)
    prior.build(None)

    prior.fit(clusters(), seed=0)

    locs = np.asarray(prior.locs)
    assert {tuple(np.sign(loc)) for loc in locs} == {(1, 1), (1, -1), (-1, 1), (-1, -1)}
    np.testing.assert_allclose(np.abs(locs), 4, atol=0.1)
    scales = 1e-2 + np.log1p(np.exp(prior.raw_scales))
    np.testing.assert_allclose(scales, 0.2, atol=0.03)
    np.testing.assert_allclose(special.softmax(prior.logits), 0.25, atol=0.06)


def test_fit_prior_raises_the_elbo_and_changes_generation_at_once(mixed):
    vae, x = mixed, clusters()
    vae.latents.prior.locs.assign(tf.zeros([8, 2]))  # as good as one
    before, generated = vae.elbo(x).mean(), vae.generate(5, seed=0)

    zoo.fit_prior(vae, x)

    assert vae.elbo(x).mean() > before + 0.5
    assert np.abs(vae.generate(5, seed=0) - generated).max() > 0.1


def test_fit_prior_is_reproduced_by_its_seed(mixed):
    vae, x = mixed, clusters()

    def fitted(seed):
        zoo.fit_prior(vae, x, seed=seed)
        return np.asarray(vae.latents.prior.locs)

    first, again, other = fitted(1), fitted(1), fitted(2)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0


def test_a_replaced_prior_is_fitted_while_encoder_and_decoder_stay(tmp_path):
    x = clusters()
    vae = plain()
    codes, generated = vae.encode(x).loc.numpy(), vae.generate(5, seed=0)
    before = vae.log_likelihood(x, samples=50, seed=0).mean()

    mixed = zoo.replace_prior(vae, zoo.MixturePrior(2, 4))
    zoo.fit_prior(mixed, x)

    assert mixed.log_likelihood(x, samples=50, seed=0).mean() > before
    assert_same(mixed.encode(x).loc, codes)
    assert_same(vae.generate(5, seed=0), generated)
    assert (mixed.generate(5, seed=0) != generated).any()
    mixed.save(tmp_path / "mixed.keras")
    loaded = keras.models.load_model(tmp_path / "mixed.keras")
    assert_same(loaded.generate(5, seed=0), mixed.generate(5, seed=0))


def test_a_prior_is_replaced_in_models_of_any_kind_with_one_stochastic_layer():
    for name in ("transformer_vae", "lstm_vae", "multimodal_vae"):
        vae, x = small(name), data(name, 6)
        replaced = zoo.replace_prior(vae, zoo.MixturePrior(vae.latents.latent_dim, 2))
        assert np.isfinite(replaced.elbo(x)).all(), name
        assert replaced.decoder.event_shape == small(name).decoder.event_shape
    with pytest.raises(ValueError, match="model must have one stochastic layer, got LadderLatent"):
        zoo.replace_prior(small("dense_ladder_vae"), zoo.MixturePrior(2, 2))
    with pytest.raises(ValueError, match="prior must have latent_dim="):
        zoo.replace_prior(small("dense_vae"), zoo.MixturePrior(77, 2))
    with pytest.raises(TypeError, match=r"prior must be a Prior of zoo\.priors, got str"):
        zoo.replace_prior(small("dense_vae"), "mixture")


def test_fit_prior_refuses_other_priors_and_too_few_codes():
    plain, mixed = (
        zoo.VAE(
            zoo.SingleLatent(DenseEncoder(2, hidden=(4,)), prior=prior),
            DenseDecoder(hidden=(4,), likelihood="shared_scale_normal"),
        )
        for prior in (None, zoo.MixturePrior(2, 8))
    )

    with pytest.raises(TypeError, match="must be a MixturePrior, got StandardNormal"):
        zoo.fit_prior(plain, clusters(16))
    with pytest.raises(ValueError, match="components=8, got 5: use more codes or fewer"):
        zoo.fit_prior(mixed, clusters(5))
    with pytest.raises(ValueError, match="codes must be at least two, and as many as components=1"):
        zoo.MixturePrior(2, 1).fit(np.zeros((1, 2)))


def test_a_saved_model_keeps_its_mixture(tmp_path):
    vae = zoo.VAE(
        zoo.SingleLatent(DenseEncoder(2, hidden=(4,)), prior=zoo.MixturePrior(2, 3)),
        DenseDecoder(hidden=(4,), likelihood="shared_scale_normal"),
    )
    vae.compile(optimizer(), run_eagerly=True)
    x = clusters(64)
    vae.fit(x, verbose=0)
    vae.save(tmp_path / "vae.keras")
    vae.export(tmp_path / "served")

    again = keras.models.load_model(tmp_path / "vae.keras")
    served = tf.saved_model.load(str(tmp_path / "served")).signatures

    np.testing.assert_array_equal(again.generate(3, seed=1), vae.generate(3, seed=1))
    for a, b in zip(values(again.variables), values(vae.variables), strict=True):
        np.testing.assert_array_equal(a, b)
    score = served["score"](x=tf.constant(x))
    np.testing.assert_allclose(score["kl"], vae.score(x)["kl"], rtol=1e-4, atol=1e-4)
    assert served["generate"](n=tf.constant(3), seed=tf.constant([1, 2]))["mean"].shape == (3, 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latent_dim": 0}, "latent_dim"),
        ({"components": 0}, "components"),
        ({"initial_scale": 0.0}, "initial_scale"),
        ({"floor": -1.0}, "floor"),
    ],
)
def test_bad_arguments_of_a_mixture_are_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        zoo.MixturePrior(**{"latent_dim": 2, **options})
