"""Bad batches of datasets: errors that name the batch."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.core.inputs import IMAGES, METHODS, TABLE, batches, fit, ready, spoiled
from tests.helpers import optimizer, small
from zoo.evaluation.diagnosis.trivial import trivial_log_probs


def test_bad_first_batch_of_a_dataset(dense):
    with pytest.raises(ValueError, match=r"x \(its first batch\) must be finite"):
        fit(dense, tf.data.Dataset.from_tensors(spoiled(np.nan)))


def test_empty_dataset(dense):
    empty = tf.data.Dataset.from_tensors(TABLE).take(0)

    with pytest.raises(ValueError, match="x must hold at least one batch, got an empty dataset"):
        fit(dense, empty)
    for function in (zoo.VAE.encode, zoo.diagnose, trivial_log_probs):
        message = "x must hold at least one example, got an empty dataset"
        with pytest.raises(ValueError, match=message):
            function(dense, empty)


@pytest.mark.parametrize("eager", [True, False])
def test_nan_in_a_later_batch_of_a_dataset_stops_training(eager):
    vae = ready("dense_vae")
    vae.compile(optimizer(), run_eagerly=eager, jit_compile=False, steps_per_execution=1)

    with pytest.raises(
        ValueError, match=r"^x \(batch 2\) must be finite, got nan at index \(3, 2\)"
    ):
        vae.fit(batches(TABLE, spoiled(np.nan)), verbose=0)


def test_later_batches_are_checked_where_steps_are_taken_together(dense):
    vae = small("dense_vae")
    vae.compile(optimizer(), jit_compile=False, steps_per_execution=3)

    with pytest.raises(ValueError, match=r"^x \(batch 3\) must lie in .*x / 255"):
        vae.fit(batches(TABLE, TABLE, TABLE * 255), verbose=0)


def test_later_batches_of_labelled_and_of_validation_data_are_checked(dense):
    labelled = batches(TABLE, TABLE * 255).map(lambda x: (x, x[:, 0]))

    with pytest.raises(ValueError, match=r"^x \(batch 2\) must lie in"):
        ready("dense_vae").fit(labelled, verbose=0)
    with pytest.raises(ValueError, match=r"^validation_data \(batch 2\) must lie in"):
        ready("dense_vae").fit(TABLE, validation_data=labelled, verbose=0)


def test_errors_that_are_not_the_datasets_check_stay_as_they_are(dense):
    def fails(x):
        tf.debugging.assert_less(x, 0.9, "of my own")
        return x

    x = np.stack([TABLE * 0, TABLE * 0 + 1])

    with pytest.raises(tf.errors.InvalidArgumentError, match="of my own"):
        ready("dense_vae").fit(tf.data.Dataset.from_tensor_slices(x).map(fails), verbose=0)


INFERENCE = [name for name in METHODS if name not in ("fit", "evaluate", "predict", "interpolate")]


@pytest.mark.parametrize("method", INFERENCE)
def test_each_batch_of_a_dataset_is_checked_at_inference(dense, method):
    for bad, message in ((spoiled(np.nan), "must be finite"), (TABLE * 255, "x / 255")):
        with pytest.raises(ValueError, match=rf"^x \(batch 2\) .*{message}"):
            METHODS[method](dense, batches(TABLE, bad))


@pytest.mark.parametrize("method", ["fit", "encode"])
def test_a_dataset_that_is_not_batched(dense, conv, method):
    for vae, x in ((dense, TABLE), (conv, IMAGES)):
        with pytest.raises(ValueError, match=r"dataset must yield batches: dataset.batch\(n\)"):
            METHODS[method](vae, tf.data.Dataset.from_tensor_slices(x))


def test_unbatched_images_are_not_taken_for_grey_ones_alone():
    vae = small("conv_vae", built=False)

    with pytest.raises(ValueError, match=r"x\[..., None\].*dataset.batch\(n\)"):
        vae.fit(tf.data.Dataset.from_tensor_slices(IMAGES), verbose=0)


@pytest.mark.parametrize(
    "beside", [{"y": TABLE}, {"sample_weight": np.ones(8)}, {"batch_size": 4}], ids=str
)
def test_arguments_that_a_dataset_replaces_are_refused(dense, beside):
    (name,) = beside

    with pytest.raises(ValueError, match=f"^{name} must be None if x is a dataset"):
        dense.fit(tf.data.Dataset.from_tensors(TABLE), verbose=0, **beside)


ENDLESS = r"x must have an end, got a dataset that repeats without end, as repeat\(\) makes it: "
ENDLESS += r"leave repeat\(\) out, or take the first n batches, x.take\(n\)"


@pytest.mark.parametrize(
    ("call", "message"),
    {
        "fit": (lambda v, x: fit(v, x), r"x must have an end.*repeat\(\).*pass steps_per_epoch="),
        "validation": (
            lambda v, x: fit(v, TABLE, validation_data=x),
            "validation_data must have an end.*pass validation_steps=",
        ),
        "evaluate": (lambda v, x: v.evaluate(x, verbose=0), "x must have an end.*pass steps="),
        "predict": (lambda v, x: v.predict(x, verbose=0), "x must have an end.*pass steps="),
        "encode": (lambda v, x: v.encode(x), ENDLESS),
        "score": (lambda v, x: v.score(x), ENDLESS),
        "log_likelihood": (lambda v, x: v.log_likelihood(x), ENDLESS),
        "reconstruct": (lambda v, x: v.reconstruct(x), ENDLESS),
        "compress": (lambda v, x: v.compress(x), ENDLESS),
        "diagnose": (zoo.diagnose, ENDLESS),
        "predictive": (zoo.predictive, ENDLESS),
        "logger": (lambda v, x: zoo.DiagnosisLogger(x, "logs"), ENDLESS),
    }.values(),
)
def test_a_dataset_without_end_is_refused_where_nothing_limits_it(dense, call, message):
    with pytest.raises(ValueError, match=message):
        call(dense, batches(TABLE).repeat())


def test_a_py_dataset_without_end_is_refused(dense):
    class Endless(keras.utils.PyDataset):
        num_batches = None

        def __getitem__(self, i):
            return TABLE

    message = "x must have an end, got a Endless without a number of batches: give it"
    with pytest.raises(ValueError, match=message):
        dense.encode(Endless())


def test_a_dataset_without_end_is_read_for_the_steps_that_are_given(dense):
    endless = batches(TABLE).repeat()

    assert dense.evaluate(endless, steps=1, verbose=0) == dense.evaluate(TABLE, verbose=0)


@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # Keras', of any unknown length
def test_a_dataset_of_unknown_shapes_trains_as_one_of_known_shapes():
    def generate():
        yield TABLE, TABLE[:, 0]
        yield TABLE[:5], TABLE[:5, 0]  # a smaller last batch

    unknown = tf.data.Dataset.from_generator(generate, output_types=(tf.float32, tf.float32))
    vae = small("dense_vae")
    vae.compile(optimizer(), jit_compile=False, steps_per_execution=1)
    history = vae.fit(unknown, validation_data=unknown, verbose=0).history

    assert unknown.element_spec[0].shape.rank is None
    assert np.isfinite(history["loss"] + history["val_loss"]).all()
