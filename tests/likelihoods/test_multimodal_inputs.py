"""Forms of several modalities: what is chosen from them, and what is refused by name."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo.likelihoods.multimodal_inputs import examples_of_each

ROWS = 8
RNG = np.random.default_rng(0)
A, B = RNG.random((ROWS, 6)).astype("float32"), RNG.random((ROWS, 5)).astype("float32")
NAN = np.where(np.arange(6) == 2, np.nan, A)


def new():
    vae = zoo.get("multimodal_vae", latent_dim=2, seed=1)
    vae.compile(run_eagerly=True)
    return vae


BAD = {
    "NaN": ({"a": NAN}, ValueError, r"x\['a'\] must be finite, got nan at index \(0, 2\)"),
    "None": ({"a": None, "b": B}, TypeError, r"x\['a'\] must be an array .* got NoneType"),
    "text": ({"a": "abc"}, TypeError, r"x\['a'\] must be an array .* got str"),
    "objects": ({"a": np.array([[object()]])}, TypeError, r"x\['a'\] must be numeric"),
    "one-hot": ({"a": np.eye(8, dtype=int)}, ValueError, r"x\['a'\] must be token ids .*'float32"),
    "rows": ({"a": A, "b": B[:3]}, ValueError, "equally many examples"),
    "mask": ({"a": A, "present": np.ones((8, 1), bool)}, TypeError, r"x\['present'\] must be a d"),
    "frame": ({"a": A, "present": {"a": A > 0.5}}, ValueError, "must be bool of shape"),
    "list": ({"a": A, "present": ["a"]}, TypeError, r"x\['present'\] must be a dict"),
    "array": (A, TypeError, "must be a dict of modalities"),
}


@pytest.mark.parametrize(("x", "error", "message"), BAD.values(), ids=BAD)
def test_bad_modalities_are_refused_and_choose_nothing(x, error, message):
    vae = new()
    for call in (lambda: vae.fit(x, verbose=0), lambda: vae.encode(x), lambda: vae.adapt(x)):
        with pytest.raises(error, match=message):
            call()
    assert vae.decoder.decoders is None


def test_integers_that_may_be_token_ids_are_named_in_the_log(caplog):
    vae = new()
    vae.adapt({"ids": np.array([[2, 3, 0], [4, 5, 6]])})
    assert "x['ids'] is integers [N, L] and is read as token ids" in caplog.text
    assert type(vae.decoder.decoders["ids"].likelihood) is zoo.likelihoods.Text


def test_modalities_are_chosen_from_any_batch_of_a_dataset():
    x = {"a": A, "b": B, "present": {"b": np.arange(ROWS) >= 4}}
    vae = new()
    vae.adapt(tf.data.Dataset.from_tensor_slices(x).batch(4))
    assert {*vae.decoder.decoders} == {"a", "b"}


def test_a_py_dataset_of_dicts_that_differ_in_their_names():
    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, i):
            return ({"a": A}, {"a": A, "b": B})[i]

    found = examples_of_each(zoo.core.streams.parts(Batches()))
    assert {*found} == {"a", "b"}


def test_a_modality_without_an_example_is_refused():
    x = {"a": A, "b": B, "present": {"b": np.zeros(ROWS, bool)}}
    with pytest.raises(ValueError, match="modality 'b' is missing from every example"):
        examples_of_each([x])
