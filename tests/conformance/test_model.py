"""Every variant is a subclassed Keras model around an encoder that returns a Normal."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import zoo
from tests.conformance.outputs import eagerly
from tests.conformance.variants import each_model, each_variant
from tests.helpers import assert_same, data, shapes, small, values
from zoo.core.nested import map_arrays, row_count, take_rows

tfd = tfp.distributions

# An ELBO is a sum of terms of up to a hundred nats, and may be near 0 with the rounding of these.
ROUNDING = {"rtol": 1e-5, "atol": 1e-5}


@each_model
def test_encode_gives_exactly_a_normal(run, name):
    q = run.vae.encode(run.x)

    assert type(q) is tfd.Normal
    assert tuple(q.batch_shape) == (row_count(run.x), run.vae.latents.latent_dim)
    assert np.isfinite(q.loc).all()
    assert (np.asarray(q.scale) > 0).all()


@each_variant
def test_encoder_and_decoder_are_subclassed_keras_models(trained, name):
    vae = trained(name).vae

    for model in (vae, vae.latents.encoder, vae.decoder):
        assert isinstance(model, keras.Model)
        assert not isinstance(model, (keras.Sequential, keras.src.models.Functional))


@each_model
def test_gradient_reaches_every_weight(eager, name):
    vae, x = eager(name), map_arrays(tf.constant, data(name))
    rng = np.random.default_rng(0)
    for variable in vae.trainable_variables:  # a branch that starts at zero passes nothing on
        variable.assign_add(0.1 * rng.standard_normal(variable.shape))

    with tf.GradientTape() as tape:
        loss = vae.compute_loss(x=x, y_pred=vae(x, training=True))
    gradients = tape.gradient(loss, [v.value for v in vae.trainable_variables])

    for variable, gradient in zip(vae.trainable_variables, gradients, strict=True):
        assert gradient is not None, variable.path
        assert np.isfinite(gradient).all(), variable.path
        assert np.abs(gradient).max() > 0, variable.path


@each_model
def test_input_shape_builds_at_once_and_the_first_batch_builds_too(eager, name):
    at_once, by_batch = eager(name), small(name, built=False)

    by_batch.encode(data(name))

    assert at_once.built
    assert [v.shape for v in at_once.variables] == [v.shape for v in by_batch.variables]


@each_variant
def test_zoo_compiles_with_adam_at_the_learning_rate_of_the_variant(name):
    vae = small(name, run_eagerly=False)

    assert vae.compiled
    assert isinstance(vae.optimizer, keras.optimizers.Adam)
    assert float(vae.optimizer.learning_rate) == pytest.approx(vae.auto_compile["learning_rate"])


@each_model
def test_config_gives_the_same_model_back(eager, name):
    vae = eager(name)

    again = type(vae).from_config(vae.get_config())
    again.build(shapes(name, None))

    assert again.get_config() == vae.get_config()
    assert [v.shape for v in again.variables] == [v.shape for v in vae.variables]


@each_model
def test_seed_decides_the_initial_weights_given_keras_seed(eager, name):
    assert_same(values(small(name).variables), values(eager(name).variables))


@each_model
def test_inference_is_deterministic(run, name):
    def everything():
        q = run.vae.encode(run.x)
        likelihood = run.vae.log_likelihood(run.x, samples=3)
        return [q.loc, q.scale, run.vae.reconstruct(run.x), run.vae.elbo(run.x), likelihood]

    assert_same(everything(), everything())


@each_model
def test_seed_reproduces_samples_and_another_differs(run, name):
    x = run.x  # one shape in all of these tests, or each would trace the same functions anew

    def draws(seed):
        return keras.tree.flatten(
            [
                run.vae.generate(3, seed=seed),
                run.vae.reconstruct(x, samples=2, seed=seed),
                run.vae.log_likelihood(x, samples=3, seed=seed),
            ]
        )

    first, again, other = draws(1), draws(1), draws(2)
    assert_same(first, again)
    assert all(np.abs(a - b).max() > 0 for a, b in zip(first, other, strict=True))


@each_model
def test_results_have_the_promised_shapes(eager, name):
    x, vae = data(name, 6), eager(name)
    size = vae.latents.latent_dim
    n, first, two = row_count(x), map_arrays(lambda a: a[0], x), take_rows(x, slice(2))

    def assert_shapes(got, *batch):
        assert map_arrays(np.shape, got) == shapes(name, *batch)

    assert vae.decode(np.zeros((4, size))).log_prob(take_rows(x, slice(4))).shape == (4,)
    assert_shapes(vae.reconstruct(x), n)
    assert_shapes(vae.reconstruct(x, samples=2), 2, n)
    assert_shapes(vae.generate(3), 3)
    assert vae.elbo(x).shape == (n,)
    assert vae.log_likelihood(x, samples=3).shape == (n,)
    assert_shapes(vae.interpolate(two, take_rows(x, slice(2, 4)), steps=5), 2, 5)
    assert_shapes(vae.traverse(first, dimensions=[1], steps=4), 1, 4)
    assert_shapes(vae.manifold(first, steps=2), 2, 2)


@each_model
def test_predict_gives_arrays(trained, name):
    run = trained(name)

    got = run.vae.predict(run.x, batch_size=row_count(run.x) // 2, verbose=0)

    assert all(isinstance(value, np.ndarray) for value in keras.tree.flatten(got))
    with eagerly(run.vae):
        loc, reconstruction = run.vae.encode(run.x).loc, run.vae.reconstruct(run.x)
    np.testing.assert_allclose(got["loc"], loc, atol=1e-5)
    assert_same(got["reconstruction"], reconstruction, rtol=1e-7, atol=1e-5)


@each_model
def test_elbo_of_an_example_does_not_depend_on_its_batch(run, name):
    together = run.vae.elbo(run.x)
    alone = run.vae.elbo(take_rows(run.x, slice(7, 8)))
    backwards = run.vae.elbo(take_rows(run.x, slice(None, None, -1)), batch_size=3)

    np.testing.assert_allclose(alone, together[7:8], **ROUNDING)
    np.testing.assert_allclose(backwards[::-1], together, **ROUNDING)


@each_model
def test_arrays_tensors_and_datasets_give_the_same(run, name):
    from_array = run.vae.elbo(run.x)
    from_tensor = run.vae.elbo(map_arrays(tf.constant, run.x))
    from_dataset = run.vae.elbo(tf.data.Dataset.from_tensor_slices(run.x).batch(7))

    np.testing.assert_array_equal(from_tensor, from_array)
    np.testing.assert_allclose(from_dataset, from_array, **ROUNDING)


@each_model
def test_mixed_bfloat16_trains_and_keeps_the_scale_in_float32(name):
    keras.config.set_dtype_policy("mixed_bfloat16")
    vae, x = small(name), data(name)

    history = vae.fit(x, batch_size=20, verbose=0).history
    q = vae.encode(x)

    assert vae.latents.encoder.compute_dtype == "bfloat16"
    assert np.isfinite(history["loss"]).all()
    assert q.scale.dtype == q.loc.dtype == tf.float32
    assert np.isfinite(vae.elbo(x)).all()


@each_variant
def test_card_has_the_name_and_a_summary_of_one_line(name):
    card = zoo.card(name)

    assert card.name == name
    assert card.summary
    assert "\n" not in card.summary
    assert name in str(card)
