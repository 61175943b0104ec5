"""`.keras` files and SavedModels of every variant."""

import json
import pathlib
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.outputs import (
    codes,
    eagerly,
    keras_outputs,
    named,
    signature_inputs,
)
from tests.conformance.variants import VARIANTS, each_model, each_variant
from tests.helpers import assert_same, registered_classes, run_python, shapes, values, without_mask
from zoo.core.nested import map_arrays, take_rows

SIGNATURES = ("encode", "decode", "reconstruct", "generate", "score")
IMPORT_ORDERS = ("zoo keras", "keras zoo")
PROCESSES = pathlib.Path(__file__).with_name("processes.py")


@each_model
def test_keras_file_gives_equal_outputs(trained, loaded, outputs, name):
    run, again = trained(name), loaded(name)

    assert_same(values(again.variables), values(run.vae.variables))
    assert_same(keras_outputs(again, without_mask(run.x)), outputs(name))
    with eagerly(again), eagerly(run.vae):
        np.testing.assert_array_equal(again.elbo(run.x), run.vae.elbo(run.x))


@each_model
def test_keras_file_gives_equal_optimizer_state(trained, loaded, name):
    expected, optimizer = trained(name).vae.optimizer, loaded(name).optimizer

    assert type(optimizer) is type(expected)
    assert optimizer.get_config() == expected.get_config()
    assert_same(values(optimizer.variables), values(expected.variables))


@each_variant  # what a factor saves is in the two tests above
def test_training_continued_after_loading_equals_uninterrupted_training(
    trained, eagerly_trained, name
):
    run = eagerly_trained(name)
    again = keras.models.load_model(run.first_epoch)

    again.fit(trained(name).x, batch_size=8, initial_epoch=1, epochs=2, verbose=0)

    assert again.run_eagerly
    assert_same(values(again.variables), values(run.vae.variables))


@each_model
def test_keras_file_holds_no_pickle_and_no_lambda(trained, name):
    with zipfile.ZipFile(trained(name).first_epoch) as archive:
        files = set(archive.namelist())
        config = archive.read("config.json").decode()

    assert files == {"metadata.json", "config.json", "model.weights.h5"}
    assert "__lambda__" not in config
    assert "pickle" not in config


@pytest.fixture(scope="module")
def processes(trained, exported, tmp_path_factory):
    """Folder with the results of tests/conformance/processes.py."""
    folder = tmp_path_factory.mktemp("processes")
    arrays = {
        f"{name}/{key}/{argument}": value
        for name in VARIANTS
        for key, arguments in _inputs(trained(name)).items()
        for argument, value in arguments.items()
    }
    np.savez(folder / "inputs.npz", **arrays)
    examples = {name: map_arrays(np.ndarray.tolist, _few(trained(name).x)) for name in VARIANTS}
    (folder / "examples.json").write_text(json.dumps(examples))
    classes = sorted(keras.saving.get_registered_name(c) for c in registered_classes())
    (folder / "classes.json").write_text(json.dumps(classes))
    files = {name: (trained(name).first_epoch, str(exported(name))) for name in VARIANTS}
    run_python(PROCESSES.read_text(), folder, json.dumps(files))
    return folder


def _inputs(run):
    return signature_inputs(without_mask(run.x), codes(run.vae))


def _few(x):
    return take_rows(x, slice(3))


@each_variant
def test_keras_file_loads_in_a_fresh_process_in_either_import_order(trained, processes, name):
    run = trained(name)
    vae = keras.models.load_model(run.first_epoch)

    with eagerly(vae):
        expected = vae.encode(_few(run.x)).loc

    for order in IMPORT_ORDERS:
        with np.load(processes / f"{order}.npz") as means:
            np.testing.assert_allclose(means[name], expected, atol=1e-6)


@pytest.fixture(scope="module")
def served(processes):
    """{name/signature/output: array} from a process that can import TensorFlow alone."""
    return dict(np.load(processes / "served.npz"))


@each_variant
def test_saved_model_has_five_signatures(served, name):
    assert {*served[f"{name}/signatures"]} >= {*SIGNATURES}


@each_variant
def test_saved_model_has_no_other_signatures_except_those_of_parts(trained, served, name):
    expected = {"generate", *_inputs(trained(name))}

    assert {*served[f"{name}/signatures"]} - {"serving_default"} == expected


@each_variant
def test_saved_model_equals_keras_with_tensorflow_alone(outputs, served, name):
    for key, arrays in outputs(name).items():
        for output, expected in arrays.items():
            got = served[f"{name}/{key}/{output}"]
            np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


@each_variant
def test_saved_model_takes_any_batch_size(trained, served, name):
    np.testing.assert_allclose(
        served[f"{name}/one/loc"], served[f"{name}/encode/loc"][:1], rtol=1e-5, atol=1e-5
    )
    for output, shape in named(shapes(name, 3), "mean").items():
        assert served[f"{name}/generate/{output}"].shape == shape


@each_variant
def test_saved_generate_is_reproduced_by_its_seed(served, name):
    for output in named(shapes(name), "mean"):
        value = served[f"{name}/generate/{output}"]
        np.testing.assert_array_equal(served[f"{name}/generate again/{output}"], value)
        assert np.abs(served[f"{name}/generate other/{output}"] - value).max() > 0


@each_variant
def test_random_ops_are_those_of_generate_and_have_no_state(served, name):
    for key in served[f"{name}/signatures"]:
        ops = [op for op in served[f"{name}/operations/{key}"] if "Random" in op]
        assert bool(ops) == (key == "generate"), key
        assert all(op.startswith("Stateless") for op in ops), ops


@each_variant
@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated.*")
def test_tflite_equals_keras(trained, exported, outputs, name):
    calls = _inputs(trained(name))
    subsets = [key for key in calls if key.startswith("score_")]
    keys = ["encode", "decode", "score", *subsets[:1]]

    signature = tflite(exported(name), keys)

    for key in keys:
        arrays = signature(key)(**calls[key])
        for output, expected in outputs(name)[key].items():
            np.testing.assert_allclose(arrays[output], expected, rtol=1e-3, atol=1e-4)


def tflite(folder, keys):
    """key -> a function that runs this signature by the TFLite interpreter."""
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=keys)
    return tf.lite.Interpreter(model_content=converter.convert()).get_signature_runner
