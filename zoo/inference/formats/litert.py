"""LiteRT's file, `.tflite`, which holds several signatures."""

import tensorflow as tf

PACKAGES = ("ai_edge_litert",)
SUFFIX = ".tflite"
FILES = ()  # of each signature: none


def convert(folder, name, function):
    """The content of a file with one signature of the SavedModel `folder`."""
    del function
    return _converted(folder, [name])


def run(name, content, inputs):
    """Outputs of a signature by their names, from LiteRT's interpreter."""
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415  (optional)

    return Interpreter(model_content=content).get_signature_runner(name)(**inputs)


def joined(folder, contents):
    """The content of one file with all signatures, in which they share their weights, for each."""
    return dict.fromkeys(contents, _converted(folder, sorted(contents)))


def write(folder, name, contents):
    """Write the file that holds all signatures into a folder."""
    (folder / name).write_bytes(next(iter(contents.values())))


def _converted(folder, names):
    return tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=names).convert()
