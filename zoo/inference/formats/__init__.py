"""Files for runtimes other than TensorFlow, made from a SavedModel and compared with it.

| format | path | holds | runtime |
|---|---|---|---|
| "onnx" | folder | NAME.onnx for each signature | ONNX Runtime |
| "openvino" | folder | NAME.xml and NAME.bin for each signature | OpenVINO |
| "litert" | file.tflite | all signatures | LiteRT, formerly TFLite |

A signature has the inputs and outputs of the SavedModel's (`zoo.inference.export`), by their names.
"""

import importlib.util
import os
import pathlib
import sys
import tempfile
import warnings

import numpy as np
import tensorflow as tf

from zoo.core.suggestions import nearest
from zoo.inference.export import saved_model
from zoo.inference.formats import litert, onnx, openvino

FORMATS = {"onnx": onnx, "openvino": openvino, "litert": litert}
# Of outputs, relative to the largest or 1. Most agree to 1e-6; sines of a decoder of series, which
# the runtimes round differently, count hundredfold in series of a few steps.
TOLERANCE = 1e-4
EXAMPLES = 2
REASON = 200  # characters of a converter's message


def write(model, filepath, format, signatures=None, subsets=None, verbose=False):
    """Convert the signatures of a model, compare them with TensorFlow's, and write them.

    Nothing is written if a signature of `signatures` cannot be, or none of all.

    Args:
        model: a `zoo.VAE` that is built.
        filepath: a folder, or a file for "litert".
        format: "onnx", "openvino" or "litert".
        signatures: names; None for all that the format can hold. `generate` is not among these,
            as it draws random numbers.
        subsets: see `zoo.VAE.export`.
        verbose: whether to print what was written.

    Raises:
        ImportError: a package of the format is not installed.
        ValueError: the path is not one of the format, a signature is unknown or cannot be written.
    """
    runtime = FORMATS[format]
    _check(runtime, filepath, format)
    with tempfile.TemporaryDirectory() as folder:
        saved_model(model, folder, subsets=subsets)
        loaded = tf.saved_model.load(folder)  # the signatures alone do not keep its variables
        served = loaded.signatures
        converted, refused = {}, {}
        examples = _examples(served)
        for name in _chosen(served, signatures):
            try:
                converted[name] = _verified(runtime, folder, name, served[name], examples)
            except Exception as error:  # converters and runtimes raise any
                refused[name] = f"{type(error).__name__}: {error}".replace("\n", " ")[:REASON]
        _report(refused, format, required=signatures is not None or not converted)
        _remove_others(runtime, filepath, served)
        runtime.write(folder, filepath, converted)
    if verbose:
        sys.stdout.write(f"{os.fspath(filepath)}: {', '.join(converted)}\n")


def _remove_others(runtime, filepath, names):
    """Remove files that an earlier export left in the folder: they are of another model."""
    for name in names:
        for suffix in runtime.FILES:
            (pathlib.Path(filepath) / f"{name}{suffix}").unlink(missing_ok=True)


def _check(runtime, filepath, format):
    """Raise for a missing package, or a path that is not one of the format."""
    missing = [name for name in runtime.PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f"format={format!r} needs {' and '.join(missing)}: pip install 'zoo-vae[export]'"
        )
    suffix = pathlib.Path(filepath).suffix
    if runtime.SUFFIX and suffix != runtime.SUFFIX:
        raise ValueError(f"filepath must end in {runtime.SUFFIX!r}, got {os.fspath(filepath)!r}")
    if not runtime.SUFFIX and suffix in (".onnx", ".xml"):
        raise ValueError(
            f"filepath must be a folder, in which each signature has a file, for "
            f"format={format!r}, got {os.fspath(filepath)!r}"
        )


def _chosen(served, signatures):
    """Names of the signatures to convert."""
    known = [name for name in served if name != "serving_default"]
    if signatures is None:
        return [name for name in known if name != "generate"]
    if isinstance(signatures, str) or not all(isinstance(name, str) for name in signatures):
        raise TypeError(f"signatures must be a list of names or None, got {signatures!r}")
    for name in signatures:
        if name not in known:
            raise ValueError(
                f"signatures must be among {known}, got {name!r}{nearest(name, known)}"
            )
    return list(signatures)


def _examples(served):
    """Input -> array, of generated examples and their codes."""
    seed = tf.constant([0, 0], tf.int32)
    drawn = served["generate"](n=tf.constant(EXAMPLES, tf.int32), seed=seed)
    (z,) = served["decode"].structured_input_signature[1].values()
    code = np.linspace(-1.0, 1.0, EXAMPLES * z.shape[1], dtype="float32")
    arrays = {name: value.numpy() for name, value in drawn.items()}
    return {**arrays, "x": arrays.get("mean"), "z": code.reshape(EXAMPLES, -1)}


def _verified(runtime, folder, name, function, examples):
    """The converted signature, after its outputs were compared with TensorFlow's."""
    specs = function.structured_input_signature[1]
    dtypes = [spec.dtype for spec in specs.values()] + list(function.output_dtypes.values())
    if tf.string in dtypes:
        raise TypeError("texts have no conversion: train on token ids")
    inputs = {key: examples[key].astype(spec.dtype.as_numpy_dtype) for key, spec in specs.items()}
    content = runtime.convert(folder, name, function)
    for arrays in (inputs, {key: _with_gaps(value) for key, value in inputs.items()}):
        expected = function(**{key: tf.constant(value) for key, value in arrays.items()})
        # With NaN in an image or a code TensorFlow's results are NaN too.
        if all(np.isfinite(value).all() for value in expected.values()):
            got = runtime.run(name, content, arrays)
            for key, value in expected.items():
                _compare(key, got[key], value.numpy())
    return content


def _with_gaps(x):
    """x, in which the first and the last value of each example are missing if it is of floats."""
    if x.dtype.kind != "f":
        return x
    flat = x.reshape(len(x), -1).copy()
    flat[:, [0, -1]] = np.nan
    return flat.reshape(x.shape)


def _compare(name, got, expected):
    """Raise ValueError unless an output is TensorFlow's, but for rounding."""
    if got.shape != expected.shape:
        raise ValueError(f"{name} has the shape {got.shape} instead of {expected.shape}")
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    error = float(np.abs(np.subtract(got, expected, dtype="float64")).max(initial=0.0)) / scale
    if not error <= TOLERANCE:
        raise ValueError(f"{name} differs from TensorFlow's by {error:.1e}")


def _report(refused, format, required):
    """Raise or warn about signatures that could not be converted."""
    text = "; ".join(f"{name} ({reason})" for name, reason in refused.items())
    if refused and required:
        raise ValueError(f"signatures that cannot be written for format={format!r}: {text}")
    if refused:
        warnings.warn(f"left out of format={format!r}: {text}", UserWarning, stacklevel=5)
