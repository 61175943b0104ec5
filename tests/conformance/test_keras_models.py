"""A VAE and its parts within other Keras models and in Keras' older file format."""

import keras
import numpy as np
import tensorflow as tf

import zoo
from tests.conformance.variants import each_model, each_variant
from tests.helpers import assert_same, data, event_shape, shapes, small, without_mask
from zoo.core.nested import map_arrays


@each_variant
def test_an_h5_file_loads_without_custom_objects(tmp_path, name):
    vae, x = small(name), data(name)
    vae.save(tmp_path / "vae.h5")

    loaded = keras.models.load_model(tmp_path / "vae.h5")
    loaded.compile(run_eagerly=True)

    assert_same(loaded.elbo(x), vae.elbo(x))


@each_variant
def test_the_posterior_is_a_layer_of_a_functional_model(tmp_path, name):
    vae, x = small(name), without_mask(data(name))
    dtype = "int32" if isinstance(event_shape(name), tuple) and x.dtype == np.int32 else "float32"
    shape = event_shape(name)
    inputs = (
        {n: keras.Input(s, name=n) for n, s in shape.items()}
        if isinstance(shape, dict)
        else (keras.Input(shape, dtype=dtype))
    )

    q = vae.posterior(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1)(q.mean()))
    model.compile("sgd", "mse", run_eagerly=True)
    if not isinstance(vae.latents, zoo.LadderLatent):  # of its lowest level x alone is used
        model.fit(x, np.zeros((20, 1)), verbose=0)  # Keras warns of weights without a gradient
    model.save(tmp_path / "model.keras")

    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert_same(loaded(x), model(x))
    assert len(model.trainable_variables) > 2
    np.testing.assert_allclose(
        keras.Model(inputs, q.loc)(x), vae.encode(x).loc, rtol=1e-4, atol=1e-5
    )


@each_variant
def test_the_decoder_predicts_means(eager, name):
    vae = eager(name)
    code = np.zeros((3, *vae.latents.code_shape), "float32")

    means = vae.decoder.predict(code, verbose=0)

    assert map_arrays(np.shape, means) == shapes(name, 3)


@each_model
def test_the_encoder_is_that_of_the_latents(trained, name):
    vae = trained(name).vae

    assert vae.encoder is vae.latents.encoder
    assert vae.encoder in vae.latents.layers
    assert tf.nest.flatten(vae.encoder.trainable_variables)
