"""`.keras` files and SavedModels of every variant."""

import json
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.outputs import codes, keras_outputs, named, signature_inputs
from tests.conformance.variants import VARIANTS, each_model, each_variant
from tests.helpers import assert_same, run_python, shapes, values, without_mask
from zoo.core.nested import map_arrays, take_rows

SIGNATURES = ("encode", "decode", "reconstruct", "generate", "score")
IMPORT_ORDERS = ("zoo first", "keras first")


@each_model
def test_keras_file_gives_equal_outputs(trained, loaded, outputs, name):
    run, again = trained(name), loaded(name)

    assert_same(values(again.variables), values(run.vae.variables))
    assert_same(keras_outputs(again, without_mask(run.x)), outputs(name))
    np.testing.assert_array_equal(again.elbo(run.x), run.vae.elbo(run.x))


@each_model
def test_keras_file_gives_equal_optimizer_state(trained, loaded, name):
    expected, optimizer = trained(name).vae.optimizer, loaded(name).optimizer

    assert type(optimizer) is type(expected)
    assert optimizer.get_config() == expected.get_config()
    assert_same(values(optimizer.variables), values(expected.variables))


@each_variant  # what a factor saves is in the two tests above
def test_training_continued_after_loading_equals_uninterrupted_training(trained, name):
    run = trained(name)
    again = keras.models.load_model(run.first_epoch)

    again.fit(run.x, batch_size=8, initial_epoch=1, epochs=2, verbose=0)

    assert_same(values(again.variables), values(run.vae.variables))


@each_model
def test_keras_file_holds_no_pickle_and_no_lambda(trained, name):
    with zipfile.ZipFile(trained(name).first_epoch) as archive:
        files = set(archive.namelist())
        config = archive.read("config.json").decode()

    assert files == {"metadata.json", "config.json", "model.weights.h5"}
    assert "__lambda__" not in config
    assert "pickle" not in config


ENCODE_IN_FRESH_PROCESS = """
    import json, sys
    files, order = json.loads(sys.argv[1]), sys.argv[2]
    if order == "zoo first":
        import zoo
        import keras
    else:
        import keras
        import zoo
    import numpy as np
    means = {}
    for name, (path, x) in files.items():
        vae = keras.models.load_model(path, safe_mode=True)
        vae.run_eagerly = True  # one batch each: nothing to gain from a graph
        means[name] = np.asarray(vae.encode(zoo.core.nested.map_arrays(np.array, x)).loc).tolist()
    print("RESULT" + json.dumps(means))
"""


@pytest.fixture(scope="module")
def fresh_means(trained):
    """{import order: {name: means of z}} from two fresh processes with safe mode on."""

    def lists(x):
        return map_arrays(np.ndarray.tolist, take_rows(x, slice(3)))

    files = {name: (trained(name).first_epoch, lists(trained(name).x)) for name in VARIANTS}
    return {
        order: json.loads(
            run_python(ENCODE_IN_FRESH_PROCESS, json.dumps(files), order).split("RESULT")[1]
        )
        for order in IMPORT_ORDERS
    }


@each_variant
def test_keras_file_loads_in_a_fresh_process_in_either_import_order(trained, fresh_means, name):
    run = trained(name)
    vae = keras.models.load_model(run.first_epoch)
    vae.run_eagerly = True

    expected = vae.encode(take_rows(run.x, slice(3))).loc

    for order in IMPORT_ORDERS:
        np.testing.assert_allclose(fresh_means[order][name], expected, atol=1e-6)


SERVE_WITH_TENSORFLOW_ALONE = '''
    import sys

    class Without:
        """A finder to which some packages are not installed."""

        def __init__(self, finder):
            self.finder = finder

        def find_spec(self, name, path=None, target=None):
            blocked = ("zoo", "keras", "tf_keras", "tensorflow_probability")
            if name.split(".")[0] in blocked:
                return None
            return self.finder.find_spec(name, path, target)

    sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
    import numpy as np
    import tensorflow as tf

    results = {}
    inputs = np.load(sys.argv[1])
    for name in sys.argv[3:]:
        name, folder = name.split("=", 1)
        signatures = tf.saved_model.load(folder).signatures
        calls = dict(generate=dict(n=tf.constant(3), seed=tf.constant([1, 2])))
        for path in inputs:
            if path.startswith(name + "/"):
                _, key, argument = path.split("/")
                calls.setdefault(key, {})[argument] = tf.constant(inputs[path])
        for key, arguments in calls.items():
            for output, value in signatures[key](**arguments).items():
                results[f"{name}/{key}/{output}"] = value.numpy()
        one = signatures["encode"](**{a: v[:1] for a, v in calls["encode"].items()})
        results[name + "/one"] = one["loc"].numpy()
        results[name + "/signatures"] = np.array(sorted(signatures))
    assert "keras" not in sys.modules and "tensorflow_probability" not in sys.modules
    np.savez(sys.argv[2], **results)
'''


@pytest.fixture(scope="module")
def served(trained, exported, tmp_path_factory):
    """{name/signature/output: array} from a process that can import TensorFlow alone."""
    folder = tmp_path_factory.mktemp("served")
    inputs = {
        f"{name}/{key}/{argument}": value
        for name in VARIANTS
        for key, arguments in _inputs(trained(name)).items()
        for argument, value in arguments.items()
    }
    np.savez(folder / "inputs.npz", **inputs)
    folders = [f"{name}={exported(name)}" for name in VARIANTS]
    paths = folder / "inputs.npz", folder / "results.npz"
    run_python(SERVE_WITH_TENSORFLOW_ALONE, *paths, *folders)
    return dict(np.load(folder / "results.npz"))


def _inputs(run):
    return signature_inputs(without_mask(run.x), codes(run.vae))


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
        served[f"{name}/one"], served[f"{name}/encode/loc"][:1], rtol=1e-5, atol=1e-5
    )
    for output, shape in named(shapes(name, 3), "mean").items():
        assert served[f"{name}/generate/{output}"].shape == shape


@each_variant
def test_saved_generate_is_reproduced_by_its_seed(signatures, served, name):
    generate = signatures(name)["generate"]

    again = generate(n=tf.constant(3), seed=tf.constant([1, 2]))
    other = generate(n=tf.constant(3), seed=tf.constant([1, 3]))

    assert {*again} == {*named(shapes(name), "mean")}
    for output, value in again.items():
        np.testing.assert_allclose(value, served[f"{name}/generate/{output}"], atol=1e-6)
        assert np.abs(other[output] - value).max() > 0


def operations(function):
    """Types of all operations in a concrete function and in the functions that it calls."""
    graph = function.graph.as_graph_def()
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    return {node.op for node in nodes}


@each_variant
def test_deterministic_signatures_hold_no_random_op(signatures, name):
    functions = signatures(name)

    for key in {*functions} - {"generate"}:
        assert not [op for op in operations(functions[key]) if "Random" in op], key
    assert [op for op in operations(functions["generate"]) if "Random" in op]


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
