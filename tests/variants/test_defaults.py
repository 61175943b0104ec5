"""Default options of variants and the learning rate that they are compiled with."""

import inspect

import numpy as np
import pytest

import zoo
from tests.helpers import small
from zoo.decoders import DenseDecoder
from zoo.encoders import DenseEncoder


def learning_rate(vae):
    return float(vae.optimizer.learning_rate.numpy())


def own_vae(**auto_compile):
    return zoo.VAE(
        zoo.SingleLatent(DenseEncoder(2, hidden=(3,))),
        DenseDecoder((4,), hidden=(3,)),
        auto_compile=auto_compile,
    )


@pytest.mark.parametrize("shape", [(8, 8, 1), (11, 9, 2), (32, 32, 3), (64, 64, 3)])
def test_default_options_take_images_of_any_size(shape):
    vae = zoo.get("conv_vae", input_shape=shape, seed=0)

    x = np.random.default_rng(0).random((2, *shape), "float32")

    assert vae.reconstruct(x).shape == x.shape
    assert np.isfinite(vae.elbo(x)).all()


@pytest.mark.parametrize("name", zoo.available())
def test_a_card_names_the_default_activation(name):
    named = {"relu", "elu", "silu", "gelu"} & {*zoo.card(name).encoder.lower().split()}

    default = inspect.signature(zoo.builder(name)).parameters.get("activation")

    assert named <= {default.default if default else None}


def test_a_variant_is_compiled_with_its_own_learning_rate():
    vae = small("conv_vae")

    assert learning_rate(vae) == pytest.approx(2e-3)
    vae.compile("adam")
    assert learning_rate(vae) == pytest.approx(1e-3)


@pytest.mark.parametrize(("chosen", "expected"), [({}, 1e-3), ({"learning_rate": 3e-3}, 3e-3)])
def test_a_model_of_ones_own_has_the_learning_rate_of_auto_compile(chosen, expected):
    vae = own_vae(**chosen)
    vae.compile()

    assert learning_rate(vae) == pytest.approx(expected)


def test_a_config_of_an_earlier_version_keeps_its_learning_rate():
    config = own_vae(learning_rate=3e-3).get_config()
    del config["auto_compile"]["learning_rate"]

    vae = zoo.VAE.from_config(config)
    vae.compile()

    assert learning_rate(vae) == pytest.approx(1e-3)


def test_unknown_keys_of_auto_compile_are_refused():
    with pytest.raises(ValueError, match=r"auto_compile must have the keys .*learning_rate"):
        own_vae(learning_rates=3e-3)
