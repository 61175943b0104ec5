"""The list of weights, and the texts of cards."""

import pytest

import zoo


def test_patterns_match_variants_and_tags():
    assert [c.tag for c in zoo.weights("dense_vae/wine")] == ["wine"]
    assert "wine" in [c.tag for c in zoo.weights("dense*")]
    assert zoo.weights("*/wine") == zoo.weights("dense_vae/wine")
    assert not zoo.weights("nothing*")


def test_a_list_prints_as_a_table():
    lines = str(zoo.weights("dense_vae/wine")).splitlines()

    assert lines[0].split() == ["variant", "weights", "trained", "on", "measured", "size"]
    assert lines[1].startswith("dense_vae") and "nats" in lines[1]
    assert repr(zoo.weights("nothing")) == "no pretrained weights"


def test_a_pattern_that_is_not_a_text_is_refused():
    with pytest.raises(TypeError, match="pattern must be a text such as 'conv"):
        zoo.weights(5)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"sumary": "x"}, "card has no field 'sumary'; did you mean 'summary'"),
        ({"data": 5}, "data of card must be a text, got 5"),
        ({"numbers": {"a": 1.0}}, r"numbers\[.a.\] of card must be a dict"),
        ({"numbers": {"a": {"value": 1, "extra": 2}}}, r"numbers\[.a.\] of card must be a dict"),
        ({"first_output": object()}, "card must hold texts and numbers of Python"),
    ],
)
def test_bad_fields_of_a_card_are_refused(tmp_path, fields, message):
    folder = zoo.pretrained.folder_of("dense_vae", "wine")

    with pytest.raises(TypeError, match=message):
        zoo.pretrained.describe(folder, **fields)
    with pytest.raises(ValueError, match="folder must be one that save_to_preset wrote"):
        zoo.pretrained.describe(tmp_path)


@pytest.mark.parametrize("number", [None, 3.0, {}, {"value": "3"}, {"value": 3, "error": "1"}])
def test_what_is_no_measured_number_is_refused(number):
    with pytest.raises(TypeError, match="number must be a dict with the number 'value'"):
        zoo.pretrained.number_text(number)


@pytest.mark.parametrize("name", [int, "", "../secret", "a/b", "a\0b"])
def test_names_of_weights_are_names_of_folders(name):
    with pytest.raises(ValueError, match="tag must be a name"):
        zoo.pretrained.folder_of("dense_vae", name)


def test_the_first_output_is_of_a_built_model():
    with pytest.raises(TypeError, match="VAE"):
        zoo.pretrained.first_output(-1)


def test_weights_alone_need_the_shape_of_an_example(tmp_path):
    path = tmp_path / "w.weights.h5"
    zoo.get("dense_vae", input_shape=3, latent_dim=2, hidden=(4,)).save_weights(path)

    with pytest.raises(ValueError, match="input_shape must be the shape of one example"):
        zoo.get("dense_vae", weights=path, latent_dim=2, hidden=(4,))
