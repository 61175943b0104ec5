"""VampPrior: densities in NumPy, initial pseudo-inputs, and training."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

import zoo
from tests.helpers import assert_same, values
from tests.priors.models import clusters, model, plain, rows, trained
from zoo.decoders import DenseDecoder
from zoo.encoders import ConvEncoder
from zoo.priors.vamp import VampMixture


def parts(count=7, size=4, seed=0):
    rng = np.random.default_rng(seed)
    loc, scale = rng.standard_normal((count, size)), np.exp(rng.uniform(-5, 0, (count, size)))
    return loc.astype("float32"), scale.astype("float32")


def log_prob_by_hand(z, loc, scale):
    z, loc, scale = (np.asarray(a, "float64") for a in (z, loc, scale))
    each = stats.norm.logpdf(z[..., None, :], loc, scale).sum(-1)
    return special.logsumexp(each, -1) - np.log(len(loc))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_log_prob_of_many_narrow_normals_equals_numpy(jit_compile):
    loc, scale = parts(200)
    z = loc[:50] + scale[:50] * rows(50, 4)  # on the narrow ones, where float32 would be off
    function = tf.function(VampMixture(loc, scale).log_prob, jit_compile=jit_compile)

    got = function(tf.constant(z))

    np.testing.assert_allclose(got, log_prob_by_hand(z, loc, scale), rtol=1e-5, atol=1e-4)


def test_log_prob_takes_draws_of_any_leading_shape():
    mixture, z = VampMixture(*parts()), rows(24, 4)

    flat = mixture.log_prob(z)

    np.testing.assert_allclose(mixture.log_prob(z.reshape(2, 12, 4)), np.reshape(flat, (2, 12)))
    np.testing.assert_allclose(mixture.log_prob(z[0]), flat[0], rtol=1e-6)


def test_draws_have_the_moments_and_the_weights_of_the_mixture():
    loc, scale = parts()
    z = np.asarray(VampMixture(loc, scale).sample(40_000, seed=[1, 2]), "float64")

    mean = loc.mean(0)
    variance = (scale**2 + loc**2).mean(0) - mean**2
    np.testing.assert_allclose(z.mean(0), mean, atol=0.03)
    np.testing.assert_allclose(z.var(0), variance, rtol=0.05)
    narrow = np.argmin(scale.max(-1))
    near = (np.abs(z - loc[narrow]) < 4 * scale[narrow]).all(-1)
    assert near.mean() == pytest.approx(1 / 7, abs=0.02)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_draws_are_reproduced_by_a_seed(jit_compile):
    mixture = VampMixture(*parts())
    draw = tf.function(lambda seed: mixture.sample(5, seed=seed), jit_compile=jit_compile)

    first, again, other = (draw(tf.constant(seed)) for seed in ([1, 2], [1, 2], [1, 3]))

    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(first, mixture.sample(5, seed=[1, 2]), rtol=1e-6)
    assert np.abs(first - other).max() > 0.01


def test_a_vamp_prior_is_the_mean_of_the_posteriors_of_its_pseudo_inputs():
    vae = model(zoo.VampPrior(2, 6))
    vae.fit(rows(), verbose=0)
    q = vae.latents.encoder(tf.convert_to_tensor(vae.latents.prior.pseudo_inputs))
    z = rows(10, 2)

    got = vae.latents.prior.distribution(vae.latents.encoder).log_prob(z)

    np.testing.assert_allclose(got, log_prob_by_hand(z, q.loc, q.scale), rtol=1e-4)


def test_pseudo_inputs_start_as_training_examples_whatever_the_batches():
    x = rows(100)
    choices = []
    for batches in ([x], [x[:7], x[7:60], x[60:]], [tf.constant(x)]):
        prior = zoo.VampPrior(2, 20, seed=3)
        prior.build((None, 3))
        assert not prior.adapted
        prior.adapt(batches)
        assert prior.adapted
        choices.append(np.asarray(prior.pseudo_inputs))

    assert_same(choices[1:], [choices[0]] * 2)
    matches = (choices[0][:, None] == x).all(-1)
    assert matches.any(1).all()  # each is an example
    assert matches.sum() == 20 and matches.any(0).sum() == 20  # no example twice


def test_the_seed_chooses_the_examples():
    x, choices = rows(100), []
    for seed in (0, 1):
        prior = zoo.VampPrior(2, 20, seed=seed)
        prior.build((None, 3))
        prior.adapt([x])
        choices.append(np.asarray(prior.pseudo_inputs))

    assert np.abs(choices[0] - choices[1]).max() > 0


def test_few_examples_are_taken_equally_often():
    x, prior = rows(4), zoo.VampPrior(2, 10)
    prior.build((None, 3))

    prior.adapt([x])

    counts = (np.asarray(prior.pseudo_inputs)[:, None] == x).all(-1).sum(0)
    assert sorted(counts) == [2, 2, 3, 3]


def test_fit_chooses_pseudo_inputs_before_its_first_step_and_trains_them():
    vae, x = model(zoo.VampPrior(2, 5)), rows()
    initial = []
    note = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: initial.append(np.array(vae.latents.prior.pseudo_inputs))
    )

    vae.fit(x, verbose=0, callbacks=[note])

    assert (initial[0][:, None] == x).all(-1).any(-1).all()
    assert (np.abs(vae.latents.prior.pseudo_inputs - initial[0]).max(-1) > 1e-4).all()


def test_a_loaded_model_keeps_its_pseudo_inputs_when_trained_further(tmp_path):
    vae, x = model(zoo.VampPrior(2, 5)), rows()
    vae.fit(x, verbose=0)
    vae.save(tmp_path / "vae.keras")
    again = keras.models.load_model(tmp_path / "vae.keras")

    assert_same(values(again.variables), values(vae.variables))
    np.testing.assert_array_equal(again.generate(3, seed=1), vae.generate(3, seed=1))
    for each in (vae, again):
        each.fit(x, verbose=0)
    assert_same(values(again.variables), values(vae.variables))


def test_an_untrained_model_has_a_prior_that_fit_adapts(tmp_path):
    vae, x = model(zoo.VampPrior(2, 5)), rows()
    before = vae.elbo(x)
    vae.save(tmp_path / "vae.keras")
    again = keras.models.load_model(tmp_path / "vae.keras", compile=False)

    assert np.isfinite(before).all() and np.isfinite(vae.generate(4, seed=0)).all()
    assert not again.latents.adapted
    again.fit(x, verbose=0)
    assert again.latents.adapted


def test_pseudo_inputs_do_not_change_batch_statistics():
    x = np.random.default_rng(0).random((16, 8, 8, 1), "float32")
    statistics = []
    for prior in (None, zoo.VampPrior(2, 5)):
        keras.utils.set_random_seed(2)
        encoder = ConvEncoder(2, widths=(4, 8), blocks=1)
        vae = zoo.VAE(zoo.SingleLatent(encoder, prior=prior), DenseDecoder(hidden=(8,)), seed=2)
        vae.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
        vae.fit(x, batch_size=16, verbose=0)
        statistics.append(values(encoder.non_trainable_variables))

    assert len(statistics[0]) > 2
    assert_same(statistics[1], statistics[0], rtol=1e-6)


def test_a_saved_model_scores_and_generates_with_a_vamp_prior(tmp_path):
    vae, x = model(zoo.VampPrior(2, 5)), rows(20)
    vae.fit(x, verbose=0)
    vae.export(tmp_path / "served")

    served = tf.saved_model.load(str(tmp_path / "served")).signatures

    score = served["score"](x=tf.constant(x))
    np.testing.assert_allclose(score["kl"], vae.score(x)["kl"], rtol=1e-4, atol=1e-5)
    generated = served["generate"](n=tf.constant(3), seed=tf.constant([1, 0]))["mean"]
    np.testing.assert_allclose(generated, vae.generate(3, seed=1), rtol=1e-5, atol=1e-6)


def test_a_vamp_prior_is_better_than_the_standard_normal_for_clusters():
    normal, vamp = (vae.elbo(clusters()).mean() for vae in (plain(), trained(zoo.VampPrior(2, 20))))

    assert vamp > normal + 0.2


@pytest.mark.parametrize("shape", [{"a": (None, 3)}, (None, None, 2), None])
def test_a_vamp_prior_refuses_inputs_without_one_fixed_shape(shape):
    with pytest.raises(ValueError, match="input_shape must be that of one array"):
        zoo.VampPrior(2, 5).build(shape)


def test_a_vamp_prior_refuses_missing_values():
    prior, x = zoo.VampPrior(2, 5), rows(8)
    x[:, 1] = np.nan
    prior.build((None, 3))

    with pytest.raises(ValueError, match="x must not have missing values"):
        prior.adapt([x])
    assert not prior.adapted


@pytest.mark.parametrize(
    ("options", "message"),
    [({"latent_dim": 0}, "latent_dim"), ({"components": 0}, "components"), ({"seed": -1}, "seed")],
)
def test_bad_arguments_of_a_vamp_prior_are_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        zoo.VampPrior(**{"latent_dim": 2, **options})


def test_an_endless_dataset_is_refused_at_once():
    x = np.random.default_rng(0).random((20, 6), "float32")
    vae = zoo.get("dense_vae", hidden=(4,), latent_dim=2, prior=zoo.VampPrior(2, 3))

    with pytest.raises(ValueError, match="x must be finite"):
        vae.fit(tf.data.Dataset.from_tensor_slices(x).batch(5).repeat(), steps_per_epoch=2)
