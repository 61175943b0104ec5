"""Training goes on from pretrained weights, with the encoder frozen or not."""

import numpy as np
import pytest

import zoo
from tests.helpers import assert_same, optimizer, small, values

IMAGES = np.random.default_rng(0).random((6, 9, 10, 2), "float32")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("presets") / "images"
    small("conv_vae", normalization="batch").save_to_preset(folder)
    return folder


def tuned(vae):
    before = values(vae.encoder.variables), values(vae.decoder.variables)
    vae.compile(optimizer(), run_eagerly=True)
    vae.fit(IMAGES, verbose=0)
    return before


def test_a_frozen_encoder_keeps_weights_and_statistics(folder):
    vae = zoo.get("conv_vae", weights=folder)
    vae.encoder.trainable = False
    encoder, decoder = tuned(vae)

    assert_same(values(vae.encoder.variables), encoder)
    assert any((a != b).any() for a, b in zip(values(vae.decoder.variables), decoder, strict=True))


def test_an_encoder_is_trained_unless_it_is_frozen(folder):
    vae = zoo.get("conv_vae", weights=folder)
    encoder, _ = tuned(vae)

    assert any((a != b).any() for a, b in zip(values(vae.encoder.variables), encoder, strict=True))


def test_freezing_after_the_compilation_of_get_is_enough(folder):
    vae = zoo.get("conv_vae", weights=folder)
    vae.run_eagerly, vae.encoder.trainable = True, False
    before = values(vae.encoder.variables)
    vae.fit(IMAGES, verbose=0)

    assert_same(values(vae.encoder.variables), before)


def test_a_frozen_encoder_is_frozen_in_the_saved_model(folder, tmp_path):
    vae = zoo.get("conv_vae", weights=folder)
    vae.encoder.trainable = False
    vae.save_to_preset(tmp_path / "frozen")

    again = zoo.get("conv_vae", weights=tmp_path / "frozen")

    assert not again.encoder.trainable_variables and again.decoder.trainable_variables


def test_sender_and_receiver_share_a_model_by_its_tag():
    pytest.importorskip("constriction", reason="compression needs constriction")
    x = (np.random.default_rng(0).random((3, 28, 28, 1)) < 0.2).astype("uint8")

    stream = zoo.get("dense_vae", weights="mnist").compress(x)

    assert (zoo.get("dense_vae", weights="mnist").decompress(stream) == x).all()
