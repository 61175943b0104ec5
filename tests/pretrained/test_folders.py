"""Folders of a model: what `VAE.save_to_preset` writes is what `zoo.get` loads."""

import json
import pathlib
import sys
import types

import keras
import numpy as np
import pytest

import zoo
from tests.helpers import assert_same, values
from tests.pretrained.presets import CARD, OPTIONS, X, trained
from zoo.pretrained import cards


@pytest.fixture(scope="module")
def vae():
    return trained()


@pytest.fixture(scope="module")
def folder(vae, tmp_path_factory):
    folder = tmp_path_factory.mktemp("presets") / "tiny"
    vae.save_to_preset(folder, card=CARD)
    return folder


@pytest.fixture
def damaged(folder, tmp_path):
    """A copy of the folder, to change its files."""
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def codes(vae):
    vae.run_eagerly = True
    return vae.encode(X).loc.numpy()


def test_a_folder_sets_options_and_shape(folder, vae):
    again = zoo.get("dense_vae", weights=folder)

    assert again.compiled and again.built
    assert_same(values(again.variables), values(vae.variables))
    assert_same(codes(again), codes(vae), rtol=1e-5)
    assert not again.optimizer.built


def test_a_folder_is_one_that_keras_loads(folder, vae):
    again = keras.saving.load_model(folder)

    assert_same(values(again.variables), values(vae.variables))


def test_a_card_holds_what_was_passed_and_what_is_known(folder):
    card = zoo.card("dense_vae", weights=folder)

    assert (card.variant, card.tag, card.summary) == ("dense_vae", "tiny", "noise")
    assert card.options == {"hidden": [64], "latent_dim": 2, "activation": "elu"}
    assert card.defaults["beta"] == 1.0 and "latent_dim" not in card.defaults
    assert card.input_shape == [6] and card.seed == 3 and card.bytes > 0
    for text in ("log p(x)", "-4.25 ± 0.10 nats (8 rows)", card.sha256, "CC0"):
        assert text in str(card) and text in (folder / "README.md").read_text("utf-8")


def test_a_folder_of_a_loaded_model_has_its_options_too(folder, tmp_path):
    zoo.get("dense_vae", weights=folder).save_to_preset(tmp_path / "again")

    assert zoo.card("dense_vae", weights=tmp_path / "again").options["hidden"] == [64]
    assert zoo.card("dense_vae", weights=tmp_path / "again").defaults["beta"] == 1.0


def test_options_that_no_file_can_hold_are_not_known(tmp_path):
    vae = trained(activation="relu")
    vae.origin = zoo.core.serialization.Origin("dense_vae", {"activation": lambda x: x})
    vae.save_to_preset(tmp_path / "preset")

    assert zoo.card("dense_vae", weights=tmp_path / "preset").options is None
    with pytest.raises(ValueError, match="latent_dim must be left out with the weights"):
        zoo.get("dense_vae", weights=tmp_path / "preset", latent_dim=2)


def test_half_precision_rounds_large_arrays_alone(vae, tmp_path):
    vae.save_to_preset(tmp_path, dtype="float16")
    again = zoo.get("dense_vae", weights=tmp_path)

    for old, new in zip(values(vae.variables), values(again.variables), strict=True):
        large = old.size >= 256
        assert new.dtype == old.dtype
        assert_same(new, old.astype("float16").astype("float32") if large else old)


def test_numbers_beyond_half_precision_stay_as_they_are(tmp_path):
    vae = trained()
    kernel = max(vae.trainable_variables, key=lambda v: np.prod(v.shape))
    kernel.assign(np.full(kernel.shape, 1e6))
    vae.save_to_preset(tmp_path, dtype="float16")

    again = zoo.get("dense_vae", weights=tmp_path)

    assert max(v.max() for v in values(again.trainable_variables)) == 1e6


def test_a_folder_of_an_earlier_call_is_replaced(tmp_path):
    trained(latent_dim=3).save_to_preset(tmp_path)
    trained().save_to_preset(tmp_path)

    assert zoo.get("dense_vae", weights=tmp_path).latents.latent_dim == 2


@pytest.mark.parametrize("content", [None, "{", '{"format": "other"}'])
def test_a_folder_of_another_program_is_refused(vae, tmp_path, content):
    (tmp_path / "notes.txt").write_text("mine")
    if content is not None:
        (tmp_path / "card.json").write_text(content)
    before = sorted(path.name for path in tmp_path.iterdir())

    with pytest.raises(FileExistsError, match="must be new, empty or one that save_to_preset wro"):
        vae.save_to_preset(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_model_with_nan_is_refused(tmp_path):
    vae = trained()
    vae.trainable_variables[0].assign(np.full(vae.trainable_variables[0].shape, np.nan))

    with pytest.raises(ValueError, match="model must be finite, got NaN or infinity in"):
        vae.save_to_preset(tmp_path / "preset")
    assert not (tmp_path / "preset").exists()


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
def test_a_model_with_a_lambda_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must be without a lambda"):
        trained(activation=lambda x: x).save_to_preset(tmp_path / "preset")


def test_a_model_that_is_not_built_is_refused(tmp_path):
    with pytest.raises(ValueError, match="the model has no shapes yet"):
        zoo.get("dense_vae").save_to_preset(tmp_path / "preset")


@pytest.mark.parametrize("name", ["model.weights.h5", "config.json"])
def test_a_changed_file_is_refused_by_its_checksum(damaged, name):
    path = damaged / name
    text = path.read_bytes()
    path.write_bytes(text.replace(b'"elu"', b'"relu"') if name == "config.json" else text + b"0")

    with pytest.raises(ValueError, match=rf"{name} is damaged: its .*checksum differs from"):
        zoo.get("dense_vae", weights=damaged)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("card.json", "[", "card.json is damaged"),
        ("card.json", "{}", "card.json is not the card of a model of zoo"),
        ("card.json", '{"format": "zoo preset", "version": 9}', "has the format version 9"),
        ("card.json", '{"format": "zoo preset", "version": 1}', "card.json is damaged"),
        ("config.json", "[", "config.json is damaged"),
        ("config.json", "[]", "config.json must be the configuration of a model"),
    ],
)
def test_a_damaged_text_is_refused(damaged, name, content, message):
    (damaged / name).write_text(content)

    with pytest.raises(ValueError, match=message):
        zoo.get("dense_vae", weights=damaged)


def test_weights_of_another_model_are_refused(damaged):
    card = cards.read(damaged)
    trained(hidden=(32,)).save_to_preset(damaged / "other")
    for name in ("config.json", "card.json"):
        (damaged / name).write_bytes((damaged / "other" / name).read_bytes())
    content = json.loads((damaged / "card.json").read_text())
    (damaged / "card.json").write_text(json.dumps({**content, "sha256": card.sha256}))

    with pytest.raises(ValueError, match=r"model.weights.h5 cannot be loaded into this model"):
        zoo.get("dense_vae", weights=damaged)


def test_a_config_of_something_else_is_refused(damaged):
    (damaged / "card.json").unlink()
    config = keras.saving.serialize_keras_object(keras.layers.Dense(2))
    (damaged / "config.json").write_text(json.dumps(config))

    with pytest.raises(ValueError, match=r"weights must be of a zoo\.VAE, got a Dense in"):
        zoo.get("dense_vae", weights=damaged)


def test_a_class_that_is_unknown_is_a_clear_error(damaged):
    (damaged / "card.json").unlink()
    path = damaged / "config.json"
    path.write_text(path.read_text().replace("DenseEncoder", "Nothing"))

    with pytest.raises(ValueError, match="cannot be loaded: "):
        zoo.get("dense_vae", weights=damaged)


@pytest.fixture
def hub(folder, monkeypatch):
    """A Hugging Face Hub whose only model is in the folder."""
    uploaded = {}
    module = types.ModuleType("huggingface_hub")

    def upload_folder(repo_id, folder_path, **options):
        uploaded[repo_id] = {path.name for path in pathlib.Path(folder_path).iterdir()}

    module.snapshot_download = lambda **options: str(folder)
    module.HfApi = lambda **options: types.SimpleNamespace(
        create_repo=lambda repo_id, **options: types.SimpleNamespace(repo_id=repo_id),
        upload_folder=upload_folder,
    )
    module.ModelCard = lambda text: types.SimpleNamespace(save=lambda path: None)
    library = sys.modules["keras.src.saving.saving_lib"]
    monkeypatch.setattr(library, "huggingface_hub", module)
    return uploaded


def test_a_model_of_the_hub_is_loaded_by_keras(hub, vae):
    again = zoo.get("dense_vae", weights="hf://user/tiny")

    assert again.compiled
    assert_same(values(again.variables), values(vae.variables))
    with pytest.raises(ValueError, match="must be of conv_vae, got 'hf://user/tiny' of dense_vae"):
        zoo.get("conv_vae", weights="hf://user/tiny")
    with pytest.raises(ValueError, match="latent_dim must be left out with the weights 'hf://"):
        zoo.get("dense_vae", weights="hf://user/tiny", latent_dim=2)


def test_a_model_is_uploaded_by_keras(hub, vae):
    vae.save_to_preset("hf://user/tiny")

    assert {"config.json", "model.weights.h5"} <= hub["user/tiny"]


def test_the_hub_without_its_package_is_an_import_error():
    with pytest.raises(ImportError, match="huggingface_hub"):
        zoo.get("dense_vae", weights="hf://user/tiny")


def test_a_keras_file_sets_options_and_shape(vae, tmp_path):
    vae.save(tmp_path / "vae.keras")

    again = zoo.get("dense_vae", weights=tmp_path / "vae.keras")

    assert again.decoder.event_shape == (6,)
    assert_same(values(again.variables), values(vae.variables))
    with pytest.raises(ValueError, match=r"must be of conv_vae, got .* of dense_vae"):
        zoo.get("conv_vae", weights=tmp_path / "vae.keras")
    assert OPTIONS["latent_dim"] == again.latents.latent_dim
