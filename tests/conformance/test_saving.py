"""`.keras` files and SavedModels of every variant."""

import json
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.variants import VARIANTS, each_model, each_variant
from tests.helpers import assert_same, run_python, shapes, values, whole
from zoo.core.nested import change, cut

SIGNATURES = ("encode", "decode", "reconstruct", "generate", "score")


def named(value, name):
    """As signatures take and give it: arrays by their own names, or the one array by this name."""
    return value if isinstance(value, dict) else {name: value}


def parts(x):
    """What else the names of signatures end in -> the x of these; each array of a dict alone."""
    return {f"_{name}": {name: value} for name, value in x.items()} if isinstance(x, dict) else {}


def given(x, z):
    """Deterministic signature -> its inputs."""
    xs = {"": x, **parts(x)}
    calls = {
        f"{call}{suffix}": named(part, "x")
        for call in ("encode", "reconstruct", "score")
        for suffix, part in xs.items()
    }
    return {"decode": {"z": z}, **calls}


def keras_outputs(vae, x, z):
    """What each deterministic signature should give."""
    found = {"decode": named(change(np.asarray, vae.decode(z).mean()), "mean")}
    for suffix, part in {"": x, **parts(whole(x))}.items():
        q = vae.encode(part)
        found[f"encode{suffix}"] = {"loc": np.asarray(q.loc), "scale": np.asarray(q.scale)}
        found[f"reconstruct{suffix}"] = named(vae.reconstruct(part), "mean")
        found[f"score{suffix}"] = change(np.asarray, vae.score(part))
    return found


def codes(vae, n=5):
    return np.random.default_rng(0).standard_normal((n, vae.latents.latent_dim)).astype("float32")


@each_model
def test_keras_file_gives_equal_outputs(trained, tmp_path, name):
    run = trained(name)
    run.vae.save(tmp_path / "vae.keras")

    loaded = keras.models.load_model(tmp_path / "vae.keras")

    z = codes(run.vae)
    expected, got = (keras_outputs(vae, run.x, z) for vae in (run.vae, loaded))
    assert_same(got, expected)
    assert_same(values(loaded.variables), values(run.vae.variables))


@each_model
def test_keras_file_gives_equal_optimizer_state(trained, tmp_path, name):
    run = trained(name)
    run.vae.save(tmp_path / "vae.keras")

    loaded = keras.models.load_model(tmp_path / "vae.keras")

    assert type(loaded.optimizer) is type(run.vae.optimizer)
    assert loaded.optimizer.get_config() == run.vae.optimizer.get_config()
    assert_same(values(loaded.optimizer.variables), values(run.vae.optimizer.variables))


@each_variant  # what a factor keeps is in the two tests above
def test_training_continued_after_loading_equals_uninterrupted_training(trained, name):
    run = trained(name)
    loaded = keras.models.load_model(run.first_epoch)

    loaded.fit(run.x, batch_size=8, initial_epoch=1, epochs=2, verbose=0)

    assert_same(values(loaded.variables), values(run.vae.variables))


@each_model
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
            got[name] = np.asarray(vae.encode(zoo.core.nested.change(np.array, x)).loc).tolist()
        print("RESULT" + json.dumps(got))
    """

    def lists(x):
        return change(np.ndarray.tolist, cut(x, slice(3)))

    files = {name: (trained(name).first_epoch, lists(trained(name).x)) for name in VARIANTS}
    return {
        order: json.loads(run_python(code, json.dumps(files), order).split("RESULT")[1])
        for order in ("zoo first", "keras first")
    }


@each_variant
def test_keras_file_loads_in_a_fresh_process_in_either_import_order(trained, fresh_loads, name):
    run = trained(name)

    expected = keras.models.load_model(run.first_epoch).encode(cut(run.x, slice(3))).loc

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
            calls = dict(generate=dict(n=tf.constant(3), seed=tf.constant([1, 2])))
            for path in given:
                if path.startswith(name + "/"):
                    _, key, argument = path.split("/")
                    calls.setdefault(key, {})[argument] = tf.constant(given[path])
            for key, arguments in calls.items():
                for output, value in signatures[key](**arguments).items():
                    results[f"{name}/{key}/{output}"] = value.numpy()
            one = signatures["encode"](**{a: v[:1] for a, v in calls["encode"].items()})
            results[name + "/one"] = one["loc"].numpy()
            results[name + "/signatures"] = np.array(sorted(signatures))
        assert "keras" not in sys.modules and "tensorflow_probability" not in sys.modules
        np.savez(sys.argv[2], **results)
    '''
    folder = tmp_path_factory.mktemp("served")
    inputs = {
        f"{name}/{key}/{argument}": value
        for name in VARIANTS
        for key, arguments in given(whole(trained(name).x), codes(trained(name).vae)).items()
        for argument, value in arguments.items()
    }
    np.savez(folder / "given.npz", **inputs)
    folders = [f"{n}={exported[n]}" for n in VARIANTS]
    run_python(code, folder / "given.npz", folder / "results.npz", *folders)
    return dict(np.load(folder / "results.npz"))


@each_variant
def test_saved_model_has_five_signatures(served, name):
    assert {*served[f"{name}/signatures"]} >= {*SIGNATURES}


@each_variant
def test_saved_model_has_no_signature_but_these_and_those_of_parts(trained, served, name):
    run = trained(name)

    expected = {"generate", *given(whole(run.x), codes(run.vae))}

    assert {*served[f"{name}/signatures"]} - {"serving_default"} == expected


@each_variant
def test_saved_model_equals_keras_with_tensorflow_alone(trained, served, name):
    run = trained(name)

    for key, outputs in keras_outputs(run.vae, whole(run.x), codes(run.vae)).items():
        for output, expected in outputs.items():
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
def test_saved_generate_is_reproduced_by_its_seed(trained, exported, served, name):
    generate = tf.saved_model.load(str(exported[name])).signatures["generate"]

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
def test_deterministic_signatures_hold_no_random_op(exported, name):
    signatures = tf.saved_model.load(str(exported[name])).signatures

    for key in {*signatures} - {"generate"}:
        assert not [op for op in operations(signatures[key]) if "Random" in op], key
    assert [op for op in operations(signatures["generate"]) if "Random" in op]


@each_variant
@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated.*")
def test_tflite_equals_keras(trained, exported, name):
    run = trained(name)
    x, z = cut(whole(run.x), slice(5)), codes(run.vae, 5)
    expected, calls = keras_outputs(run.vae, x, z), given(x, z)
    subsets = [key for key in calls if key.startswith("score_")]
    keys = ["encode", "decode", "score", *subsets[:1]]

    signature = tflite(exported[name], keys)

    for key in keys:
        got = signature(key)(**calls[key])
        for output, value in expected[key].items():
            np.testing.assert_allclose(got[output], value, rtol=1e-3, atol=1e-4)


def tflite(folder, keys):
    """key -> a function that runs this signature by the TFLite interpreter."""
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=keys)
    return tf.lite.Interpreter(model_content=converter.convert()).get_signature_runner
