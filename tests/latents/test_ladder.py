"""Ladders: draws, KLs and codes of levels, and the case of one stochastic layer."""

import inspect

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import zoo
from tests.helpers import assert_same, data, forward, small, values
from zoo.core.samplers import MeanSampler, RandomSampler
from zoo.encoders.ladder import stages_of_levels

tfd = tfp.distributions
LADDERS = ("ladder_vae", "dense_ladder_vae")
each_ladder = pytest.mark.parametrize("name", LADDERS)


@pytest.fixture(scope="module")
def ladders():
    """A small ladder of each name, not to be changed."""
    return {name: small(name) for name in LADDERS}


@pytest.fixture(scope="module")
def perturbed():
    """Ladders without a zero weight, not to be changed."""
    return {name: _perturbed(small(name)) for name in LADDERS}


def drawn(vae, name, samples=1, rows=20):
    """A few examples, and one pass of them."""
    x = tf.constant(data(name, rows))
    return x, forward(vae, x, RandomSampler(tf.constant([1, 2]), samples))


@each_ladder
def test_draws_are_ordered_from_the_top_down_as_in_z(ladders, name):
    vae = ladders[name]
    _, out = drawn(vae, name)

    assert [draw.z.shape[-1] for draw in out.draws] == list(vae.latents.level_dims)
    assert vae.latents.level_dims[0] == 2
    assert vae.latents.latent_dim == sum(vae.latents.level_dims)
    parts = vae.latents.split(tf.concat([draw.z for draw in out.draws], -1))
    assert_same([np.asarray(p) for p in parts], [np.asarray(d.z) for d in out.draws])


@each_ladder
def test_the_code_of_the_drawn_levels_decodes_to_the_same_likelihood(ladders, name):
    vae = ladders[name]
    _, out = drawn(vae, name, samples=3)

    z = tf.concat([draw.z for draw in out.draws], -1)

    np.testing.assert_allclose(vae.decode(z).mean(), out.likelihood.mean(), atol=1e-5)


@each_ladder
def test_log_q_of_each_level_is_conditional_on_those_above(ladders, name):
    _, out = drawn(ladders[name], name, samples=3)

    for draw in out.draws:
        z = tf.reshape(draw.z, [3, -1, draw.z.shape[-1]])
        loc, scale = draw.posterior.loc, draw.posterior.scale
        if loc.shape[0] != z.shape[1]:  # below the top: one posterior for each draw above
            loc, scale = (tf.reshape(p, z.shape) for p in (loc, scale))
        expected = tf.reduce_sum(tfd.Normal(loc, scale).log_prob(z), -1)
        np.testing.assert_allclose(draw.log_q, tf.reshape(expected, [-1]), rtol=1e-4, atol=1e-4)


@each_ladder
def test_kl_is_the_sum_over_levels_and_agrees_with_its_estimate(ladders, name):
    vae = ladders[name]
    x, out = drawn(vae, name, samples=4000, rows=4)

    levels = zoo.kl_by_level(vae, x, samples=400)
    estimates = [
        tf.reduce_mean(tf.reshape(d.log_q - _log_prior(d), [4000, -1]), 0) for d in out.draws
    ]

    assert levels.shape == (len(x), 3)
    np.testing.assert_allclose(levels.sum(1), vae.score(x, samples=400)["kl"], rtol=1e-4)
    # The top is the last column; its KL is exact, the estimate's error that of 4000 draws.
    for column, estimate in zip(levels.T[::-1], estimates, strict=True):
        np.testing.assert_allclose(column, estimate, atol=0.1 + 0.1 * np.abs(column).max())


def _log_prior(draw):
    prior = draw.prior
    prior = prior if isinstance(prior, tfd.Independent) else tfd.Independent(prior, 1)
    return prior.log_prob(draw.z)


@each_ladder
def test_the_posterior_equals_the_prior_if_its_head_is_zero(name):
    vae, x = small(name), data(name)
    for level in vae.latents.lower_levels:
        for variable in level.posterior_head[-1].trainable_variables:
            variable.assign(tf.zeros_like(variable))

    levels = zoo.kl_by_level(vae, x)

    np.testing.assert_allclose(levels[:, :-1], 0.0, atol=1e-5)
    assert (levels[:, -1] > 0).all()


@each_ladder
def test_each_posterior_depends_on_x_and_each_prior_on_the_levels_above(perturbed, name):
    vae, x = perturbed[name], tf.constant(data(name))

    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        draws = forward(vae, x, MeanSampler()).draws
        posteriors = [tf.reduce_sum(tf.square(draw.posterior.loc)) for draw in draws]
        priors = [tf.reduce_sum(tf.square(draw.prior.loc)) for draw in draws[1:]]

    assert all(np.abs(tape.gradient(q, x)).max() > 0 for q in posteriors)
    assert np.abs(tape.gradient(priors[0], draws[0].z)).max() > 0
    assert all(np.abs(tape.gradient(priors[1], draw.z)).max() > 0 for draw in draws[:2])
    assert tape.gradient(priors[1], draws[2].z) is None


@each_ladder
def test_reconstruct_levels_equals_reconstruct_or_the_priors_means(perturbed, name):
    vae, x = perturbed[name], data(name)

    expected = zoo.reconstruct_levels(vae, x, keep=3)
    top = zoo.reconstruct_levels(vae, x, keep=1)

    np.testing.assert_allclose(expected, vae.reconstruct(x), atol=1e-5)
    z = vae.latents.complete(vae.encode(x).loc[:, :2])
    np.testing.assert_allclose(top, vae.decode(z).mean(), atol=1e-5)
    assert np.abs(top - expected).max() > 1e-4


@each_ladder
def test_reconstruct_levels_varies_only_the_resampled_levels(perturbed, name):
    vae, x = perturbed[name], data(name)

    draws = zoo.reconstruct_levels(vae, x, keep=1, samples=3, seed=4, batch_size=7)
    again = zoo.reconstruct_levels(vae, x, keep=1, samples=3, seed=4, batch_size=7)
    fixed = zoo.reconstruct_levels(vae, x, keep=3, samples=2)

    assert draws.shape == (3, *x.shape)
    np.testing.assert_array_equal(draws, again)
    assert np.abs(draws[0] - draws[1]).max() > 1e-4
    np.testing.assert_allclose(fixed[0], fixed[1], atol=1e-6)


@each_ladder
def test_completed_codes_have_the_priors_moments(ladders, name):
    vae = ladders[name]
    top = tf.zeros([4000, 2])
    noise = vae.latents.noise(4000, tf.constant([1, 2]))

    z = vae.latents.complete(top, noise)
    middle = vae.latents.split(z)[1]
    state = vae.latents.lower_levels[0].upsample(vae.latents.top_state(top[:1]))
    prior = vae.latents.lower_levels[0].prior(state)

    error = np.asarray(prior.scale[0]) / np.sqrt(4000)
    assert (np.abs(np.mean(middle, 0) - prior.loc[0]) < 5 * error).all()
    assert (np.abs(np.std(middle, 0) - prior.scale[0]) < 5 * error).all()


@each_ladder
def test_generated_codes_do_not_depend_on_the_chunk_size(ladders, name, monkeypatch):
    vae = ladders[name]
    expected = vae.latents.generate(5, tf.constant([1, 2]))

    monkeypatch.setattr("zoo.latents.ladder.CHUNK_SIZE", 2)

    np.testing.assert_allclose(vae.latents.generate(5, tf.constant([1, 2])), expected, atol=1e-5)


@each_ladder
def test_a_ladder_without_lower_levels_has_one_stochastic_layer(name):
    vae = small(name, level_dims=())
    x, out = drawn(vae, name)

    (draw,) = out.draws
    assert vae.latents.level_dims == (2,)
    np.testing.assert_allclose(vae.encode(x).loc, vae.latents.encoder(x).loc, atol=1e-5)
    assert np.isfinite(vae.elbo(x)).all()
    assert draw.z.shape == (len(x), 2)


@each_ladder
@pytest.mark.parametrize("levels", [2, 4])
def test_ladders_of_any_number_of_levels_train_and_generate(name, levels):
    vae = small(name, level_dims=(2,) * (levels - 1))
    x = data(name)

    history = vae.fit(x, batch_size=20, verbose=0).history

    assert len(vae.latents.level_dims) == levels
    assert {f"kl_{level}" for level in range(1, levels + 1)} < {*history}
    assert vae.generate(2, seed=1).shape == (2, *x.shape[1:])


@each_ladder
def test_logged_kls_of_levels_sum_to_the_kl(ladders, name):
    vae = ladders[name]

    logs = vae.evaluate(data(name), verbose=0, return_dict=True)

    assert logs["kl"] == pytest.approx(sum(logs[f"kl_{level}"] for level in (1, 2, 3)), rel=1e-4)


def test_levels_are_assigned_to_stages_evenly():
    assert stages_of_levels(0, 2) == []
    assert stages_of_levels(2, 4) == [4, 3]
    assert stages_of_levels(5, 2) == [2, 2, 2, 1, 1]


@pytest.mark.parametrize("level_dims", [(), (2,), (2, 2), (2, 2, 2, 2, 2)])
@pytest.mark.parametrize("stem_strides", [1, 2])
def test_conv_ladders_reconstruct_at_the_size_of_the_images(level_dims, stem_strides):
    vae = small("ladder_vae", level_dims=level_dims, widths=(4, 8, 8), stem_strides=stem_strides)

    assert vae.reconstruct(data("ladder_vae", 3)).shape == (3, 9, 10, 2)


def test_free_bits_keep_levels_active_that_would_collapse():
    x = np.tile(np.eye(6, dtype="float32"), (40, 1))
    alive = {}
    for free_bits in (None, 1.0):
        vae = small("dense_ladder_vae", free_bits=free_bits, level_dims=(2,), beta=8.0)
        vae.compile(zoo.FusedAdam(1e-2), jit_compile=False)
        vae.fit(x, epochs=20, batch_size=24, verbose=0)
        alive[free_bits] = zoo.kl_by_level(vae, x).mean(0)

    assert alive[None].max() < 0.01
    assert alive[1.0].min() > 0.5


def test_a_mixture_prior_of_the_top_is_trainable():
    vae = small("dense_ladder_vae", prior="mixture")
    x = data("dense_ladder_vae")

    assert np.isfinite(vae.elbo(x)).all()
    assert any("mixture_prior" in v.path for v in vae.trainable_variables)
    assert values(vae.latents.prior.trainable_weights)


def test_bad_arguments_are_refused_by_name():
    encoder = zoo.encoders.DenseLadderEncoder(2, lower_levels=2, hidden=4)
    with pytest.raises(ValueError, match=r"lower_levels must be 2.* got 1"):
        zoo.LadderLatent(encoder, [zoo.latents.DenseLevel(3)])
    with pytest.raises(ValueError, match=r"prior must have latent_dim=2 .* got latent_dim=3"):
        zoo.LadderLatent(encoder, [zoo.latents.DenseLevel(3)] * 2, prior=zoo.StandardNormal(3))
    with pytest.raises(ValueError, match="z must hold complete levels of"):
        small("dense_ladder_vae").latents.complete(tf.zeros([1, 4]))
    with pytest.raises(ValueError, match=r"keep must be .* got 4"):
        zoo.reconstruct_levels(small("dense_ladder_vae"), data("dense_ladder_vae"), keep=4)
    with pytest.raises(ValueError, match="must be a LadderLatent"):
        zoo.kl_by_level(small("dense_vae"), data("dense_vae"))


def _perturbed(vae):
    """The model with nonzero weights where they were initialized to zero."""
    rng = np.random.default_rng(0)
    for variable in vae.trainable_variables:
        variable.assign_add(0.1 * rng.standard_normal(variable.shape))
    return vae


def test_a_ladder_of_images_halves_them_in_its_stem_unless_told_otherwise():
    defaults = inspect.signature(zoo.builder("ladder_vae")).parameters

    assert defaults["stem_strides"].default == 2 and defaults["blocks"].default == 1
