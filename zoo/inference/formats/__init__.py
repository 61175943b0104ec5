"""Files for runtimes other than TensorFlow, made from a SavedModel and compared with it.

| format | path | holds | runtime |
|---|---|---|---|
| "onnx" | folder | NAME.onnx for each signature | ONNX Runtime |
| "openvino" | folder | NAME.xml and NAME.bin for each signature | OpenVINO |
| "litert" | file.tflite | all signatures | LiteRT, formerly TFLite |

A signature has the inputs and outputs of the SavedModel's (`zoo.inference.export`), by their names.
"""

import os
import sys
import tempfile
import warnings

import tensorflow as tf

from zoo.core import validation
from zoo.core.suggestions import nearest
from zoo.inference.export import saved_model
from zoo.inference.formats import comparison, litert, onnx, openvino, paths

FORMATS = {"onnx": onnx, "openvino": openvino, "litert": litert}
REASON = 240  # characters of a converter's message, which has its point at the end


def export(model, filepath, format, verbose, subsets, signatures):
    """See `zoo.VAE.export`."""
    validation.check_path(filepath=filepath)
    if not isinstance(verbose, bool):
        raise TypeError(f"verbose must be True or False, got {verbose!r}")
    known = ("tf_saved_model", *FORMATS)
    if not any(validation.is_text(format, name) for name in known):
        raise ValueError(f"format must be one of {known}, got {format!r}")
    if format != "tf_saved_model":
        write(model, filepath, format, signatures, subsets, verbose)
        return
    if signatures is not None:
        raise ValueError(
            f"signatures must be None for format={format!r}, which has all, got {signatures!r}"
        )
    saved_model(model, filepath, verbose, subsets)


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
    signatures = _names(signatures)
    paths.check(runtime, filepath, format)
    with tempfile.TemporaryDirectory() as folder:
        saved_model(model, folder, subsets=subsets)
        loaded = tf.saved_model.load(folder)  # the signatures alone do not keep its variables
        served = loaded.signatures
        converted, refused = {}, {}
        for name in _chosen(served, signatures):
            try:
                calls = comparison.calls(model, served, name)
                content = runtime.convert(folder, name, served[name])
                comparison.check(runtime, name, content, calls)
                converted[name] = content
            except Exception as error:  # converters and runtimes raise any
                refused[name] = _short(f"{type(error).__name__}: {error}")
        _report(refused, format, required=signatures is not None or not converted)
        if runtime.SUFFIX:  # one file, which is another than those that were compared
            converted = runtime.joined(folder, converted)
            for name, content in converted.items():
                comparison.check(runtime, name, content, comparison.calls(model, served, name))
        paths.put(runtime, filepath, converted)
    if verbose:
        sys.stdout.write(f"{os.fspath(filepath)}: {', '.join(converted)}\n")


def _names(signatures):
    """`signatures` as a list, or None."""
    if signatures is None:
        return None
    names = list(signatures) if hasattr(signatures, "__iter__") else [None]
    if isinstance(signatures, str) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"signatures must be a list of names or None, got {signatures!r}")
    if not names:
        raise ValueError("signatures must name at least one, got none")
    return names


def _chosen(served, signatures):
    """Names of the signatures to convert."""
    known = [name for name in served if name != "serving_default"]
    if signatures is None:
        return [name for name in known if name != "generate"]
    for name in signatures:
        if name not in known:
            raise ValueError(
                f"signatures must be among {known}, got {name!r}{nearest(name, known)}"
            )
    return signatures


def _short(reason):
    """Beginning and end of a message, in one line."""
    reason = " ".join(reason.split())
    half = REASON // 2
    return reason if len(reason) <= REASON else f"{reason[:half]} ... {reason[-half:]}"


def _report(refused, format, required):
    """Raise or warn about signatures that could not be converted."""
    text = "; ".join(f"{name} ({reason})" for name, reason in refused.items())
    if refused and required:
        raise ValueError(f"signatures that cannot be written for format={format!r}: {text}")
    if refused:
        warnings.warn(f"left out of format={format!r}: {text}", UserWarning, stacklevel=5)
