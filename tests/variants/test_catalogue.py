"""The registry: reading it is cheap, and its errors suggest the nearest name."""

import math
import pathlib
import platform
import re

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import assert_same, run_python, values
from zoo.core.nested import map_arrays


@pytest.fixture
def own():
    def build(*, latent_dim=2):
        return zoo.get("dense_vae", latent_dim=latent_dim, hidden=(4,))

    zoo.register("own_dense", build, summary="my own", data="tables")
    yield "own_dense"
    zoo.unregister("own_dense")


def test_names_are_sorted_and_filtered_by_patterns():
    assert zoo.available() == tuple(sorted(zoo.available()))
    assert zoo.available("conv*") == ("conv_vae",)
    assert zoo.available("*nothing*") == ()


@pytest.mark.parametrize("call", [zoo.get, zoo.card, zoo.builder, zoo.unregister])
def test_unknown_name_suggests_the_nearest(call):
    with pytest.raises(
        ValueError, match="must be a variant, got 'convvae'; did you mean 'conv_vae'"
    ):
        call("convvae")


def test_unknown_name_without_a_near_match_lists_all_names():
    with pytest.raises(ValueError, match="Available: conv_vae, dense_ladder_vae, dense_vae"):
        zoo.get("zzz")


def test_unknown_option_suggests_the_nearest():
    with pytest.raises(TypeError, match="no option 'latent_dims'; did you mean 'latent_dim'"):
        zoo.get("dense_vae", latent_dims=3)


def test_card_is_readable():
    text = str(zoo.card("conv_vae"))

    for field in ("name", "summary", "data", "input", "encoder", "parameters", "reference"):
        assert field in text


@pytest.mark.parametrize("name", zoo.available())
def test_card_states_the_number_of_trainable_weights(name):
    stated, _, shape = zoo.card(name).parameters.partition(" at ")
    shapes = dict(re.findall(r"(\w+):([\dx]+)", shape)) or shape
    sizes = map_arrays(lambda s: tuple(map(int, s.split("x"))), shapes)
    vae = zoo.get(name, input_shape=sizes)

    count = sum(math.prod(v.shape) for v in vae.trainable_variables)

    assert stated == f"{count:,}"


def test_registered_variant_is_listed_and_built(own):
    assert own in zoo.available()
    assert zoo.get(own, latent_dim=3, input_shape=5).latents.latent_dim == 3
    assert zoo.card(own).summary == "my own"


def test_registering_by_module_and_function():
    zoo.register("again", "zoo.variants.dense:dense_vae")
    try:
        assert zoo.builder("again") is zoo.builder("dense_vae")
    finally:
        zoo.unregister("again")


def test_registering_twice_is_an_error(own):
    with pytest.raises(ValueError, match="name must be new, got 'own_dense', a variant: my own"):
        zoo.register(own, zoo.builder("dense_vae"))


@pytest.mark.parametrize(
    ("name", "builder", "error", "message"),
    [
        ("a-b", len, ValueError, "name must be a Python identifier, got 'a-b'"),
        ("a", 3, TypeError, "builder must be a function or 'module:function', got 3"),
        ("a", "nowhere", TypeError, "builder must be a function or 'module:function'"),
        ("a", "zoo.variants:dense:vae", TypeError, "builder must be a function or 'module:funct"),
        ("a", ":vae", TypeError, "builder must be a function or 'module:function', got ':vae'"),
    ],
)
def test_bad_names_and_builders_are_refused(name, builder, error, message):
    with pytest.raises(error, match=message):
        zoo.register(name, builder)


@pytest.mark.parametrize("place", ["zoo.nowhere:build", "zoo.variants.dense:nothing"])
def test_a_builder_that_cannot_be_imported_is_named(place):
    zoo.register("unimportable", place)
    try:
        with pytest.raises(ImportError, match="builder of unimportable must be a function that"):
            zoo.get("unimportable")
    finally:
        zoo.unregister("unimportable")


def test_unregistered_variant_is_gone(own):
    zoo.unregister(own)
    gone = own not in zoo.available()
    zoo.register(own, zoo.builder("dense_vae"))

    assert gone


@pytest.mark.parametrize(
    ("name", "shape", "form"),
    [
        ("dense_vae", {"a": 5}, "one shape"),
        ("conv_vae", {"a": (8, 8, 1), "b": 5}, "one shape"),
        ("lstm_vae", {"a": 5}, "one shape"),
        ("multimodal_vae", 5, "a dict, name -> shape"),
    ],
)
def test_input_shape_of_the_wrong_form_is_refused(name, shape, form):
    with pytest.raises(ValueError, match=f"input_shape must be {form}, got"):
        zoo.get(name, input_shape=shape)


ENDLESS = tf.data.Dataset.from_tensors(5).repeat()


@pytest.mark.parametrize("shape", [dict, iter([5]), np.array(5.0), "5", (), (5, -1), ENDLESS])
def test_an_input_shape_that_is_not_one_of_sizes_is_refused(shape):
    with pytest.raises(ValueError, match="input_shape must be positive sizes of one example"):
        zoo.get("dense_vae", input_shape=shape)


@pytest.mark.parametrize("path", ["\ud800", "a\0b.keras", "x" * 5000, pathlib.Path("x" * 300)])
def test_weights_in_a_path_that_no_file_can_have_are_refused(path):
    with pytest.raises(ValueError, match="weights must be a path that a file can have, not too"):
        zoo.get("dense_vae", hidden=(4,), input_shape=5, weights=path)


def test_input_shape_may_be_a_number():
    assert zoo.get("dense_vae", hidden=(4,), input_shape=5).decoder.event_shape == (5,)


@pytest.mark.parametrize("suffix", [".weights.h5", ".keras"])
def test_weights_are_loaded(tmp_path, suffix):
    options = {"hidden": (4,), "input_shape": 5}
    vae = zoo.get("dense_vae", **options)
    vae.compile(run_eagerly=True)
    vae.fit(np.zeros((3, 5)), verbose=0)
    path = tmp_path / f"model{suffix}"
    vae.save_weights(path) if suffix == ".weights.h5" else vae.save(path)

    again = zoo.get("dense_vae", weights=str(path), **options)

    assert again.compiled
    assert_same(values(again.trainable_variables), values(vae.trainable_variables))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"a.weights.h5 cannot be read: No such file"),
        (b"", r"a.weights.h5 cannot be loaded into this model: "),
        ({"hidden": (3,)}, r"a.weights.h5 cannot be loaded into this model: "),
        (np.nan, r"a.weights.h5 holds NaN or infinity in "),
    ],
)
def test_weights_that_do_not_fit_are_refused_with_the_files_name(tmp_path, content, message):
    path, options = tmp_path / "a.weights.h5", {"hidden": (4,), "input_shape": 5}
    (tmp_path / "a.json").write_text("{}")  # of the user
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        changed = content if isinstance(content, dict) else {}
        vae = zoo.get("dense_vae", **{**options, **changed})
        if not changed:
            kernel = vae.trainable_variables[0]
            kernel.assign(np.full(kernel.shape, content))
        vae.save_weights(path)

    with pytest.raises(ValueError, match=message):
        zoo.get("dense_vae", weights=path, **options)


def test_weights_that_are_not_a_path_are_refused():
    with pytest.raises(TypeError, match="weights must be a path, got 5"):
        zoo.get("dense_vae", weights=5, input_shape=5)


def test_listing_loads_neither_tensorflow_nor_keras():
    code = """
        import sys
        import zoo
        assert zoo.available() and zoo.card("conv_vae")
        for name in ("tensorflow", "keras", "tensorflow_probability", "numpy", "matplotlib"):
            assert name not in sys.modules, name
    """
    run_python(code)


def test_a_users_function_may_pass_options_on():
    def build(**options):
        return zoo.get("dense_vae", hidden=(4,), **options)

    zoo.register("passes_on", build)
    try:
        assert zoo.get("passes_on", latent_dim=3).latents.latent_dim == 3
    finally:
        zoo.unregister("passes_on")


def test_a_users_function_must_return_a_vae():
    zoo.register("forgets_return", lambda: None)
    try:
        with pytest.raises(TypeError, match=r"forgets_return must return a zoo\.VAE, got None"):
            zoo.get("forgets_return")
    finally:
        zoo.unregister("forgets_return")


def test_every_public_name_exists():
    for name in zoo.__all__:
        assert getattr(zoo, name) is not None, name
        assert name in dir(zoo)


def test_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'zoo' has no attribute 'nothing'"):
        _ = zoo.nothing


def test_another_backend_is_refused_by_the_variables_name():
    code = """
        import sys
        try:
            import zoo
        except ImportError as error:
            assert "KERAS_BACKEND=tensorflow" in str(error) and "'jax'" in str(error), error
        else:
            raise AssertionError("imported")
        assert "tensorflow" not in sys.modules
    """
    run_python(code, KERAS_BACKEND="jax")


@pytest.mark.parametrize(
    ("before", "chosen", "expected"),
    [("", None, "1"), ("", "0", "0"), ("import sys; sys.modules['tensorflow'] = os", None, None)],
    ids=["unset", "the user's choice", "too late"],
)
def test_onednn_is_turned_on_unless_the_user_chose(before, chosen, expected):
    if platform.machine() not in ("x86_64", "AMD64"):
        expected = chosen
    code = f"""
        import os
        {before}
        import zoo
        assert os.environ.get("TF_ENABLE_ONEDNN_OPTS") == {expected!r}
    """
    run_python(code, TF_ENABLE_ONEDNN_OPTS=chosen)
