"""Saved models in processes that have nothing in common with the one that saved them.

Run with a folder and {name: [path of a `.keras` file, folder of a SavedModel]} as JSON. The folder
holds `inputs.npz` (arrays of `name/signature/argument`), `examples.json` ({name: x}) and
`classes.json` (names under which Keras knows zoo's classes). The results are written there. All
are forks of a process that has imported TensorFlow alone, which takes seconds, and has not begun
to use it.
"""

import json
import os
import sys


class Without:
    """A finder to which some packages are not installed."""

    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("zoo", "keras", "tf_keras", "tensorflow_probability"):
            return None
        return self.finder.find_spec(name, path, target)


def fork(function, *arguments):
    """Run a function in a process of its own, which must succeed."""
    child = os.fork()
    if not child:
        function(*arguments)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, arguments


if __name__ == "__main__":
    sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402


def operations(function):
    """Types of all operations in a concrete function and in the functions that it calls."""
    graph = function.graph.as_graph_def()
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    return sorted({node.op for node in nodes})


def serve(folder, files):
    """Call each signature of each SavedModel, without zoo and Keras."""
    results, inputs = {}, dict(np.load(f"{folder}/inputs.npz"))
    for name, (_, saved_model) in files.items():
        signatures = tf.saved_model.load(saved_model).signatures
        calls = {}
        for path, array in inputs.items():
            if path.startswith(name + "/"):
                _, key, argument = path.split("/")
                calls.setdefault(key, {})[argument] = tf.constant(array)
        one = {argument: array[:1] for argument, array in calls["encode"].items()}
        outputs = {key: signatures[key](**arguments) for key, arguments in calls.items()}
        outputs["one"] = signatures["encode"](**one)
        for key, seed in (("generate", 2), ("generate again", 2), ("generate other", 3)):
            outputs[key] = signatures["generate"](n=tf.constant(3), seed=tf.constant([1, seed]))
        for key, arrays in outputs.items():
            results |= {f"{name}/{key}/{output}": a.numpy() for output, a in arrays.items()}
        results[f"{name}/signatures"] = np.array(sorted(signatures))
        for key in signatures:
            results[f"{name}/operations/{key}"] = np.array(operations(signatures[key]))
    assert not {"zoo", "keras", "tf_keras", "tensorflow_probability"} & {*sys.modules}
    np.savez(f"{folder}/served.npz", **results)


def encode(folder, files, order):
    """Load each `.keras` file in safe mode, after imports in this order, which register classes."""
    sys.meta_path[:] = [f.finder if isinstance(f, Without) else f for f in sys.meta_path]
    for package in order.split():
        __import__(package)
    import keras

    with open(f"{folder}/classes.json") as file:
        missing = [n for n in json.load(file) if keras.saving.get_registered_object(n) is None]
    assert not missing, missing
    from zoo.core.nested import map_arrays

    with open(f"{folder}/examples.json") as file:
        examples = json.load(file)
    means = {}
    for name, (path, _) in files.items():
        vae = keras.models.load_model(path, safe_mode=True)
        vae.run_eagerly = True  # one batch each: nothing to gain from a graph
        means[name] = np.asarray(vae.encode(map_arrays(np.array, examples[name])).loc)
    np.savez(f"{folder}/{order}.npz", **means)


def main(folder, files):
    fork(serve, folder, files)
    fork(encode, folder, files, "zoo keras")
    fork(encode, folder, files, "keras zoo")


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
