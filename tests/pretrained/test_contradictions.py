"""Options, shapes and names beside weights that set them."""

import keras
import pytest

import zoo
from tests.pretrained.presets import trained


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("presets") / "tiny"
    trained().save_to_preset(folder)
    return folder


@pytest.mark.parametrize(
    "options",
    [
        {"latent_dim": 2, "hidden": [64]},
        {"activation": keras.activations.elu},
        {"beta": 1.0},
        {"input_shape": 6},
        {"input_shape": (6,)},
    ],
)
def test_options_that_agree_are_accepted(folder, options):
    assert zoo.get("dense_vae", weights=folder, **options).latents.latent_dim == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latent_dim": 5}, "latent_dim must be 2 with the weights '.*tiny', got 5: leave it out"),
        ({"hidden": (8, 8)}, r"hidden must be \(64,\) with the weights"),
        ({"likelihood": "normal"}, "likelihood must be 'bernoulli' with the weights"),
        ({"prior": "vamp"}, "prior must be None with the weights"),
        ({"beta": 4}, r"beta must be 1.0 with the weights '.*', got 4"),
        ({"input_shape": 7}, r"input_shape must be \(6,\) with the weights '.*', got 7"),
        ({"input_shape": {"a": 6}}, r"input_shape must be \(6,\) with the weights"),
    ],
)
def test_an_option_that_contradicts_is_named(folder, options, message):
    with pytest.raises(ValueError, match=message):
        zoo.get("dense_vae", weights=folder, **options)


def test_a_default_of_the_training_stands_after_it_changed(tmp_path):
    def build(size):
        def builder(*, hidden=(size,), seed=None):
            return zoo.builder("dense_vae")(hidden=hidden, latent_dim=2, seed=seed)

        return builder

    zoo.register("changing", build(8))
    try:
        vae = zoo.get("changing", input_shape=6)
        vae.save_to_preset(tmp_path)
        zoo.unregister("changing")
        zoo.register("changing", build(16))

        assert zoo.get("changing", weights=tmp_path, hidden=(8,)).count_params()
        with pytest.raises(ValueError, match=r"hidden must be \(8,\) with .*, got \(16,\)"):
            zoo.get("changing", weights=tmp_path, hidden=(16,))
    finally:
        zoo.unregister("changing")


def test_an_unknown_option_is_refused_first(folder):
    with pytest.raises(TypeError, match="no option 'latent_dims'; did you mean 'latent_dim'"):
        zoo.get("dense_vae", weights=folder, latent_dims=2)


def test_a_seed_replaces_that_of_the_training(folder):
    first, again = (zoo.get("dense_vae", weights=folder, seed=5) for _ in range(2))
    stored = zoo.get("dense_vae", weights=folder)

    assert first.seed == 5
    assert (first._seed_state.numpy() == again._seed_state.numpy()).all()
    assert (first._seed_state.numpy() != stored._seed_state.numpy()).any()


def test_weights_of_another_variant_name_it(folder):
    with pytest.raises(
        ValueError, match=r"must be of conv_vae, got '.*tiny' of dense_vae: call zoo\.get\('dense_"
    ):
        zoo.get("conv_vae", weights=folder)


def test_an_unknown_tag_names_the_nearest():
    with pytest.raises(ValueError, match=r"got 'mnst'; did you mean 'mnist'\? Tags of dense_vae:"):
        zoo.get("dense_vae", weights="mnst")
    with pytest.raises(ValueError, match=r"lstm_vae has no tags\.|Tags of lstm_vae"):
        zoo.card("lstm_vae", weights="nothing")


def test_a_tag_of_another_variant_names_that_variant():
    with pytest.raises(ValueError, match="dense_vae has weights of this name"):
        zoo.get("conv_vae", weights="wine")


def test_a_folder_wins_only_by_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trained().save_to_preset("wine")

    assert zoo.card("dense_vae", weights="wine").input_shape == [13]
    assert zoo.card("dense_vae", weights="./wine").input_shape == [6]


@pytest.mark.parametrize("weights", ["nothing/here", "nothing.keras", "nothing.weights.h5"])
def test_a_file_that_does_not_exist_is_named(weights):
    with pytest.raises(ValueError, match="weights must be an existing file or folder, got 'noth"):
        zoo.get("dense_vae", weights=weights)


def test_a_file_of_weights_alone_has_no_card(tmp_path):
    trained().save_weights(tmp_path / "a.weights.h5")

    with pytest.raises(ValueError, match="must be a tag of dense_vae or a folder that save_to_pr"):
        zoo.card("dense_vae", weights=tmp_path / "a.weights.h5")
