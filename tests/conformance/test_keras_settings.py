"""Keras' own tools and global settings work with every variant."""

import keras
import numpy as np
import pytest

from tests.conformance.variants import each_model, each_variant
from tests.helpers import data, small


@pytest.fixture
def settings():
    """Keras' global settings, restored afterwards."""
    image_format, floatx = keras.config.image_data_format(), keras.config.floatx()
    yield keras.config
    keras.config.set_image_data_format(image_format)
    keras.config.set_floatx(floatx)


@each_model
def test_each_variable_is_listed_once(trained, name):
    variables = trained(name).vae.variables

    assert len(variables) == len({v.path for v in variables}) == len({id(v) for v in variables})


@each_model
def test_state_tree_gives_the_weights_back(trained, name):
    vae = trained(name).vae

    tree = vae.get_state_tree(value_format="numpy_array")
    vae.set_state_tree(tree)

    leaves = keras.tree.flatten(tree["trainable_variables"])
    assert len(leaves) == len(vae.trainable_variables)


@each_variant
def test_channels_first_as_a_global_setting_changes_nothing(settings, eager, name):
    expected = eager(name).elbo(data(name))

    settings.set_image_data_format("channels_first")
    vae = small(name)

    np.testing.assert_array_equal(vae.elbo(data(name)), expected)
    assert vae.evaluate(data(name), batch_size=20, return_dict=True, verbose=0)["loss"]


@each_variant
def test_float64_as_a_global_setting_trains_and_answers_in_float32(settings, name):
    settings.set_floatx("float64")
    vae, x = small(name), data(name)

    history = vae.fit(x, batch_size=20, validation_data=(x,), verbose=0).history

    assert np.isfinite(history["loss"]).all() and np.isfinite(history["val_elbo"]).all()
    assert vae.elbo(x).dtype == "float32"
    assert vae.predict(x, verbose=0)["loc"].dtype == "float32"
