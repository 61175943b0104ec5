"""Bad input of a `multimodal_vae` is refused by name."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.inference.modalities import ROWS, small, vectors
from zoo.encoders import DenseEncoder


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: {"aa": x["a"]}, "x must hold the modalities .* got 'aa'; did you mean 'a'"),
        (lambda x: {}, "x must hold at least one modality, got none"),
        (lambda x: x["a"], "x must be a dict of modalities"),
        (lambda x: {**x, "b": x["b"][:3]}, "equally many examples of each modality, got .*'b': 3"),
        (
            lambda x: {"a": x["a"][:, :2]},
            r"x\['a'\] must have examples of shape \(5,\), .* got \(2,\)",
        ),
        (lambda x: {**x, "a": x["a"] * np.nan}, r"x\['a'\] must be finite"),
        (
            lambda x: {"a": x["a"], "present": {"a": np.arange(ROWS) > 3}},
            "a modality of each example, got none of example 0",
        ),
        (lambda x: {**x, "present": {"d": np.ones(ROWS)}}, r"\['d'\] must name a modality"),
        (lambda x: {**x, "present": {"a": np.ones(3)}}, r"must be bool of shape \(24,\)"),
        (lambda x: {**x, "present": {"a": np.full(ROWS, 2)}}, r"must be bool of shape \(24,\)"),
        (lambda x: {**x, "present": [[1], [1, 2]]}, r"x\['present'\] must have rows of one shape"),
        (lambda x: {**x, "present": {"a": [[1], [1, 2]]}}, r"\['a'\] must have rows of one shape"),
        (
            lambda x: {**x, "a": tf.data.Dataset.from_tensors(x["a"])},
            r"x\['a'\] must be an array with a row for each example, got _TensorDataset",
        ),
        (
            lambda x: {**x, "present": {"a": np.zeros(ROWS, [("a", "i4"), ("b", "f4")])}},
            r"must be bool of shape \(24,\)",
        ),
        (
            lambda x: {"a": x["a"], "present": {"b": np.ones(ROWS)}},
            "must be False where x does not hold 'b', got True",
        ),
    ],
)
def test_bad_input_is_refused_by_name(change, message):
    vae, x = small(), vectors()
    vae.encode(x)

    with pytest.raises((ValueError, TypeError), match=message):
        vae.encode(change(x))


def test_a_modality_that_all_lack_is_refused_before_training():
    x = vectors()
    vae = small()
    vae.encode(x)
    nobody = np.zeros(ROWS, bool)

    for given in ({"a": x["a"]}, {**x, "present": {"b": nobody}}):
        dataset = tf.data.Dataset.from_tensor_slices(given).batch(8)
        for data in (given, dataset, dataset.repeat()):
            with pytest.raises(ValueError, match="modality 'b' is missing from every example"):
                vae.fit(data, steps_per_epoch=1)
    with pytest.raises(ValueError, match="modality 'b' is missing from every example"):
        zoo.get("multimodal_vae").fit({**x, "present": {"b": nobody}})


def test_concatenation_refuses_holes():
    vae, x = small(fusion="concatenation"), vectors()
    vae.fit(x, verbose=0)

    with pytest.raises(
        ValueError,
        match="x must have all modalities of each example for Concatenation, got example 0",
    ):
        vae.encode({"a": x["a"]})


def test_encoders_of_another_size_are_refused():
    vae = zoo.get("multimodal_vae", latent_dim=2, encoders={"a": DenseEncoder(3)})

    with pytest.raises(ValueError, match=r"encoders\['a'\] must have latent_dim=2"):
        vae.encode({"a": vectors()["a"]})


@pytest.mark.parametrize("name", ["present", "two words", "class_name"])
def test_names_that_mean_something_else_are_refused(name):
    with pytest.raises(ValueError, match=r"a modality's name must be|at least one modality"):
        zoo.get("multimodal_vae").encode({name: vectors()["a"]})


def test_encoders_of_modalities_that_the_data_lack_are_refused():
    vae = zoo.get("multimodal_vae", encoders={"d": DenseEncoder(16)})

    with pytest.raises(ValueError, match=r"encoders must name modalities of the data, .* got 'd'"):
        vae.encode(vectors())


def test_an_array_of_a_rank_that_no_encoder_takes_is_refused():
    with pytest.raises(ValueError, match=r"x\['a'\] must be images .*rank 5"):
        zoo.get("multimodal_vae").encode({"a": np.zeros((2, 3, 4, 5, 6))})
