"""ONNX files, for ONNX Runtime: a folder with one file for each signature.

An output that has the name of an input, as a modality of `reconstruct` has, is called mean_NAME.
"""

import logging

import numpy as np
import tensorflow as tf

from zoo.inference.formats import onnx_ops

PACKAGES = ("tf2onnx", "onnxruntime")
SUFFIX = ""  # of the path: a folder
FILES = (".onnx",)  # of each signature
OPSET = 18  # of ONNX Runtime 1.14 and newer


def convert(folder, name, function):
    """The ONNX file of a signature, bytes."""
    import tf2onnx  # noqa: PLC0415  (optional)

    del folder, name
    # It logs each operation that it cannot convert, which ONNX Runtime then reports as an error.
    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)
    model, _ = tf2onnx.convert.from_function(
        _Named(function), input_signature=(), opset=OPSET, custom_op_handlers=onnx_ops.HANDLERS
    )
    return model.SerializeToString()


class _Named:
    """A signature that is traced again, for tensors from which tf2onnx takes the outputs' names."""

    def __init__(self, function):
        self.function = function

    def get_concrete_function(self):
        specs = self.function.structured_input_signature[1]
        return tf.function(self._call).get_concrete_function(**specs)

    def _call(self, **inputs):
        outputs = self.function(**inputs)
        return {f"mean_{k}" if k in inputs else k: value for k, value in outputs.items()}


def run(name, content, inputs):
    """Outputs of the file by their names, from ONNX Runtime on the CPU."""
    import onnxruntime  # noqa: PLC0415  (optional)

    del name
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors are raised too
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    renamed = {f"mean_{key}": key for key in inputs}
    names = [renamed.get(output.name, output.name) for output in session.get_outputs()]
    taken = {i.name: np.asarray(inputs[i.name]) for i in session.get_inputs()}
    return dict(zip(names, session.run(None, taken), strict=True))


def write(folder, name, contents):
    """Write each signature into a file NAME.onnx of a folder."""
    del name
    for signature, content in contents.items():
        (folder / f"{signature}.onnx").write_bytes(content)
