"""`.keras` files and SavedModels of every variant."""

import json
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.variants import NAMES, each_variant
from tests.helpers import assert_same, run_python, values

SIGNATURES = ("encode", "decode", "reconstruct", "generate", "score")
DETERMINISTIC = ("encode", "decode", "reconstruct", "score")


def keras_outputs(vae, x, z):
    """What each deterministic signature should give."""
    q = vae.encode(x)
    score = {key: np.asarray(value) for key, value in vae.score(x).items()}
    return {
        "encode": {"loc": np.asarray(q.loc), "scale": np.asarray(q.scale)},
        "decode": {"mean": np.asarray(vae.decode(z).mean())},
        "reconstruct": {"mean": vae.reconstruct(x)},
        "score": score,
    }


def codes(vae, n=5):
    return np.random.default_rng(0).standard_normal((n, vae.latents.latent_dim)).astype("float32")


@each_variant
def test_keras_file_gives_equal_outputs(trained, tmp_path, name):
    run = trained(name)
    run.vae.save(tmp_path / "vae.keras")

    loaded = keras.models.load_model(tmp_path / "vae.keras")

    z = codes(run.vae)
    expected, got = (keras_outputs(vae, run.x, z) for vae in (run.vae, loaded))
    assert_same(keras.tree.flatten(got), keras.tree.flatten(expected))
    assert_same(values(loaded.variables), values(run.vae.variables))


@each_variant
def test_keras_file_gives_equal_optimizer_state(trained, tmp_path, name):
    run = trained(name)
    run.vae.save(tmp_path / "vae.keras")

    loaded = keras.models.load_model(tmp_path / "vae.keras")

    assert type(loaded.optimizer) is type(run.vae.optimizer)
    assert loaded.optimizer.get_config() == run.vae.optimizer.get_config()
    assert_same(values(loaded.optimizer.variables), values(run.vae.optimizer.variables))


@each_variant
def test_training_continued_after_loading_equals_uninterrupted_training(trained, name):
    run = trained(name)
    loaded = keras.models.load_model(run.first_epoch)

    loaded.fit(run.x, batch_size=8, initial_epoch=1, epochs=2, verbose=0)

    assert_same(values(loaded.variables), values(run.vae.variables))


@each_variant
def test_keras_file_holds_no_pickle_and_no_lambda(trained, name):
    with zipfile.ZipFile(trained(name).first_epoch) as archive:
        files = set(archive.namelist())
        config = archive.read("config.json").decode()

    assert files == {"metadata.json", "config.json", "model.weights.h5"}
    assert "__lambda__" not in config
    assert "pickle" not in config


@pytest.fixture(scope="module")
def fresh_loads(trained):
    """{import order: {name: encoded}} from two fresh processes with safe mode on."""
    code = """
        import json, sys
        files, order = json.loads(sys.argv[1]), sys.argv[2]
        if order == "zoo first":
            import zoo
            import keras
        else:
            import keras
            import zoo
        import numpy as np
        got = {}
        for name, (path, x) in files.items():
            vae = keras.models.load_model(path, safe_mode=True)
            got[name] = np.asarray(vae.encode(np.array(x)).loc).tolist()
        print("RESULT" + json.dumps(got))
    """
    files = {name: (trained(name).first_epoch, trained(name).x[:3].tolist()) for name in NAMES}
    return {
        order: json.loads(run_python(code, json.dumps(files), order).split("RESULT")[1])
        for order in ("zoo first", "keras first")
    }


@each_variant
def test_keras_file_loads_in_a_fresh_process_in_either_import_order(trained, fresh_loads, name):
    run = trained(name)

    expected = keras.models.load_model(run.first_epoch).encode(run.x[:3]).loc

    for order in ("zoo first", "keras first"):
        np.testing.assert_allclose(fresh_loads[order][name], expected, atol=1e-6)


@pytest.fixture(scope="module")
def served(trained, exported, tmp_path_factory):
    """{name: {signature/output: array}} from a process that can import TensorFlow alone."""
    code = '''
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
        given = np.load(sys.argv[1])
        for name in sys.argv[3:]:
            name, folder = name.split("=", 1)
            signatures = tf.saved_model.load(folder).signatures
            x, z = given[name + "/x"], given[name + "/z"]
            calls = [
                (key, dict(x=tf.constant(x))) for key in ("encode", "reconstruct", "score")
            ]
            calls.append(("decode", dict(z=tf.constant(z))))
            calls.append(("generate", dict(n=tf.constant(3), seed=tf.constant([1, 2]))))
            for key, arguments in calls:
                for output, value in signatures[key](**arguments).items():
                    results[f"{name}/{key}/{output}"] = value.numpy()
            one = signatures["encode"](x=tf.constant(x[:1]))
            results[name + "/one"] = one["loc"].numpy()
            results[name + "/signatures"] = np.array(sorted(signatures))
        assert "keras" not in sys.modules and "tensorflow_probability" not in sys.modules
        np.savez(sys.argv[2], **results)
    '''
    folder = tmp_path_factory.mktemp("served")
    given = {f"{n}/x": trained(n).x for n in NAMES} | {
        f"{n}/z": codes(trained(n).vae) for n in NAMES
    }
    np.savez(folder / "given.npz", **given)
    folders = [f"{n}={exported[n]}" for n in NAMES]
    run_python(code, folder / "given.npz", folder / "results.npz", *folders)
    return dict(np.load(folder / "results.npz"))


@each_variant
def test_saved_model_has_five_signatures(served, name):
    assert {*served[f"{name}/signatures"]} >= {*SIGNATURES}


@each_variant
def test_saved_model_equals_keras_with_tensorflow_alone(trained, served, name):
    run = trained(name)

    for key, outputs in keras_outputs(run.vae, run.x, codes(run.vae)).items():
        for output, expected in outputs.items():
            got = served[f"{name}/{key}/{output}"]
            np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


@each_variant
def test_saved_model_takes_any_batch_size(trained, served, name):
    np.testing.assert_allclose(
        served[f"{name}/one"], served[f"{name}/encode/loc"][:1], rtol=1e-5, atol=1e-5
    )
    assert served[f"{name}/generate/mean"].shape == (3, *trained(name).x.shape[1:])


@each_variant
def test_saved_generate_is_reproduced_by_its_seed(trained, exported, served, name):
    generate = tf.saved_model.load(str(exported[name])).signatures["generate"]

    again = generate(n=tf.constant(3), seed=tf.constant([1, 2]))["mean"]
    other = generate(n=tf.constant(3), seed=tf.constant([1, 3]))["mean"]

    np.testing.assert_allclose(again, served[f"{name}/generate/mean"], atol=1e-6)
    assert np.abs(other - again).max() > 0


def operations(function):
    """Types of all operations in a concrete function and in the functions that it calls."""
    graph = function.graph.as_graph_def()
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    return {node.op for node in nodes}


@each_variant
def test_deterministic_signatures_hold_no_random_op(exported, name):
    signatures = tf.saved_model.load(str(exported[name])).signatures

    for key in DETERMINISTIC:
        assert not [op for op in operations(signatures[key]) if "Random" in op], key
    assert [op for op in operations(signatures["generate"]) if "Random" in op]


@each_variant
@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated.*")
def test_tflite_equals_keras(trained, exported, name):
    run = trained(name)
    z = codes(run.vae, 5)
    expected = keras_outputs(run.vae, run.x[:5], z)

    for key in DETERMINISTIC:
        got = tflite(exported[name], key, z if key == "decode" else run.x[:5])
        for output, value in expected[key].items():
            np.testing.assert_allclose(got[output], value, rtol=1e-3, atol=1e-4)


def tflite(folder, signature, value):
    """Outputs of one signature, converted and run by the TFLite interpreter."""
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=[signature])
    interpreter = tf.lite.Interpreter(model_content=converter.convert())
    runner = interpreter.get_signature_runner(signature)
    (argument,) = runner.get_input_details()
    return runner(**{argument: value})
