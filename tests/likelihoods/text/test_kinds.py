"""Every kind of container of strings and of token ids."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers import assert_same, data, optimizer, values
from tests.likelihoods.text.texts import KINDS, LENGTH, TEXTS, shaken, string_vae, text_vae
from zoo.likelihoods import Text


@pytest.fixture(scope="module")
def reader():
    """An untrained model that knows the words; not to be trained."""
    vae = string_vae(built=True)
    vae.adapt(TEXTS)
    return shaken(vae)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_kind_of_strings_encodes_the_same(reader, kind):
    x, expected = kind(TEXTS), reader.reconstruct(list(TEXTS))

    np.testing.assert_allclose(reader.encode(x).loc, reader.encode(list(TEXTS)).loc, atol=1e-5)
    np.testing.assert_allclose(reader.elbo(x), reader.elbo(list(TEXTS)), rtol=1e-5)
    np.testing.assert_array_equal(reader.reconstruct(x), expected)
    assert len({*expected}) > 1


def fitted(x, **options):
    """A model after a step on all of x in its order."""
    vae = string_vae(**options)
    if isinstance(x, tf.data.Dataset):
        x = tf.data.Dataset.from_tensors(tf.concat(list(x), 0))
    vae.fit(x, shuffle=False, verbose=0)
    return vae


@pytest.fixture(scope="module")
def fitted_to_a_list():
    return fitted(list(TEXTS))


@pytest.fixture(scope="module")
def fitted_to_numbers():
    return fitted(by_lists())


@pytest.mark.parametrize("kind", ["object array", "unicode array", "tensor", "dataset"])
def test_every_kind_of_strings_trains_the_same(fitted_to_a_list, kind):
    vae = fitted(KINDS[kind](TEXTS))

    expected = fitted_to_a_list
    assert vae.decoder.likelihood.vocabulary == expected.decoder.likelihood.vocabulary
    assert_same(values(vae.variables), values(expected.variables))


LISTS = [[2, 3, 4, 5], [6], [], [7, 8, 9]]
NUMBER_KINDS = {
    "lists": lambda: LISTS,
    "tuple of arrays": lambda: tuple(np.array(row, int) for row in LISTS),
    "ragged tensor": lambda: tf.ragged.constant(LISTS),
    "int64": lambda: by_lists().astype("int64"),
    "uint8": lambda: by_lists().astype("uint8"),
    "tensor": lambda: tf.constant(by_lists()),
    "dataset": lambda: tf.data.Dataset.from_tensor_slices(by_lists()).batch(2),
}


def by_lists():
    return np.stack([np.pad(row, (0, 4 - len(row))) for row in LISTS]).astype("int32")


@pytest.mark.parametrize("kind", NUMBER_KINDS.values(), ids=NUMBER_KINDS)
def test_every_kind_of_numbers_encodes_the_same(vae, kind):
    np.testing.assert_allclose(vae.encode(kind()).loc, vae.encode(by_lists()).loc, atol=1e-5)
    np.testing.assert_allclose(vae.elbo(kind()), vae.elbo(by_lists()), rtol=1e-5)


@pytest.mark.parametrize("kind", ["lists", "ragged tensor", "uint8", "dataset"])
def test_every_kind_of_numbers_trains_the_same(fitted_to_numbers, kind):
    vae = fitted(NUMBER_KINDS[kind]())

    assert_same(values(vae.variables), values(fitted_to_numbers.variables))


def test_numbers_need_no_vocabulary_and_numbers_come_out(fitted_to_numbers):
    vae = fitted_to_numbers

    ids = vae.reconstruct(by_lists())

    assert ids.shape == (4, LENGTH)  # however wide the numbers came
    assert ids.dtype == np.int32
    assert vae.decoder.likelihood.vocabulary is None


def test_a_vocabulary_that_was_given_is_kept():
    vae = fitted(TEXTS, likelihood=Text(max_length=LENGTH, width=8, vocabulary=("cat", "dog")))

    assert vae.decoder.likelihood.vocabulary == ("cat", "dog")
    assert vae.decoder.likelihood.table.shape == (4, 8)


def test_a_vocabulary_is_learned_once():
    vae = fitted(TEXTS)
    before = vae.decoder.likelihood.vocabulary

    vae.fit(["other words, altogether"], verbose=0)

    assert vae.decoder.likelihood.vocabulary == before
    with pytest.raises(ValueError, match="cannot learn a second vocabulary"):
        vae.adapt(["other words"])


def test_strings_validate_in_any_kind():
    vae, x = string_vae(), list(TEXTS)

    options = {"batch_size": 9, "shuffle": False, "verbose": 0}
    vae.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    vae.adapt(x)

    split = vae.fit(x, validation_split=0.4, **options).history
    explicit = vae.fit(x, validation_data=(x[3:],), **options).history
    stream = vae.fit(x, validation_data=KINDS["dataset"](TEXTS[3:]), **options).history

    assert split["val_elbo"] == explicit["val_elbo"]
    assert stream["val_elbo"] == pytest.approx(explicit["val_elbo"], rel=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_dataset_of_strings_trains_in_a_compiled_loop(jit_compile):
    # XLA knows no strings: had it to compile them, it would abort this process and the whole run.
    vae = string_vae()
    vae.compile(optimizer(), jit_compile=jit_compile)

    vae.fit(KINDS["dataset"](TEXTS[:4]), epochs=3, verbose=0)

    assert int(vae.optimizer.iterations.numpy()) == 6


def test_batches_of_numbers_may_differ_in_width():
    x = [row[: 2 + i % 4] for i, row in enumerate(data("transformer_vae", 12))]
    spec = tf.TensorSpec([None], tf.int32)
    dataset = tf.data.Dataset.from_generator(lambda: x, output_signature=spec)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(12))
    vae = text_vae()
    before = values(vae.trainable_variables)

    vae.fit(dataset.padded_batch(3), verbose=0)

    assert vae.optimizer.iterations == 4
    assert any((a != b).any() for a, b in zip(values(vae.trainable_variables), before, strict=True))
    assert vae.reconstruct(dataset.padded_batch(3)).shape == (12, LENGTH)


def test_generators_of_ids_train_after_adapt():
    vae, x = text_vae(), data("transformer_vae", 8)
    vae.compile(optimizer(), run_eagerly=True)

    with pytest.raises(ValueError, match="adapt"):
        vae.fit((batch for batch in [x]), shuffle=False, verbose=0)
    vae.adapt(x)
    batches = ((batch,) for batch in [x[:4], x[4:], x[:4]])
    vae.fit(batches, steps_per_epoch=2, shuffle=False, verbose=0)

    assert vae.optimizer.iterations == 2


def test_learning_a_vocabulary_changes_the_output_from_ids_to_strings():
    vae = string_vae(built=True)
    assert vae.generate(2, seed=1).shape == (2, LENGTH)

    vae.fit(list(TEXTS), verbose=0)

    assert all(isinstance(text, str) for text in vae.generate(30, seed=1))


def test_a_dataset_that_never_ends_teaches_no_words():
    endless = tf.data.Dataset.from_tensor_slices(list(TEXTS)).batch(2).repeat()

    with pytest.raises(ValueError, match="x must be finite"):
        string_vae().fit(endless, steps_per_epoch=2, verbose=0)
