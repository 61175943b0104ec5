"""Comparison of a converted signature with TensorFlow's, on generated examples."""

import numpy as np
import tensorflow as tf

# Relative to the largest value of a column. Most agree to 1e-6; sines of a decoder of series, which
# the runtimes round differently, count hundredfold in series of a few steps.
TOLERANCE = 1e-4
EXAMPLES = 2
CODES = ("encode", "score")  # signatures of codes and nats, whose unit is 1
SMALL = 1e-6  # columns below this fraction of the largest are rounding


def calls(model, served, name):
    """Inputs of a signature and TensorFlow's outputs, as pairs of name -> array.

    Where x may have missing values, there is a second pair with some.

    Raises:
        TypeError: the signature takes or returns texts.
    """
    function = served[name]
    specs = function.structured_input_signature[1]
    dtypes = [spec.dtype for spec in specs.values()] + list(function.output_dtypes.values())
    if tf.string in dtypes:
        raise TypeError("texts have no conversion: train on token ids")
    inputs = {
        key: value.astype(specs[key].dtype.as_numpy_dtype)
        for key, value in _examples(served, name).items()
        if key in specs
    }
    chosen = [inputs]
    # Several modalities have no attribute of this name: each has a preprocessor of its own.
    if {*inputs} == {"x"} and getattr(model.preprocessor, "missing_allowed", False):
        chosen.append({"x": _with_gaps(inputs["x"])})
    return [(arrays, _outputs(function, arrays)) for arrays in chosen]


def check(runtime, name, content, pairs):
    """Raise ValueError unless the outputs of a runtime are TensorFlow's but for rounding."""
    for inputs, expected in pairs:
        got = runtime.run(name, content, inputs)
        for key, value in expected.items():
            _compare(key, got[key], value, in_data_units=name.split("_")[0] not in CODES)


def _outputs(function, inputs):
    outputs = function(**{key: tf.constant(value) for key, value in inputs.items()})
    return {key: value.numpy() for key, value in outputs.items()}


def _examples(served, name):
    """Input -> array: codes for `decode`, generated examples for the others."""
    if name == "decode":
        (z,) = served["decode"].structured_input_signature[1].values()
        code = np.linspace(-1.0, 1.0, EXAMPLES * z.shape[1], dtype="float32")
        return {"z": code.reshape(EXAMPLES, -1)}
    seed = tf.constant([0, 0], tf.int32)
    drawn = served["generate"](n=tf.constant(EXAMPLES, tf.int32), seed=seed)
    arrays = {key: value.numpy() for key, value in drawn.items()}
    return {"x": arrays["mean"]} if {*arrays} == {"mean"} else arrays


def _with_gaps(x):
    """x, in which the first and the last value of each example are missing if it is of floats."""
    if x.dtype.kind != "f":
        return x
    flat = x.reshape(len(x), -1).copy()
    flat[:, [0, -1]] = np.nan
    return flat.reshape(x.shape)


def _compare(name, got, expected, in_data_units):
    """Raise ValueError unless an output is TensorFlow's, but for rounding."""
    if got.shape != expected.shape:
        raise ValueError(f"{name} has the shape {got.shape} instead of {expected.shape}")
    values, wanted = (np.asarray(a, "float64").reshape(-1, a.shape[-1]) for a in (got, expected))
    largest = np.abs(wanted).max(0, initial=0.0)
    unit = SMALL * largest.max(initial=0.0) if in_data_units else 1.0
    scale = np.maximum(largest, max(unit, np.finfo("float32").tiny))
    error = float((np.abs(values - wanted).max(0, initial=0.0) / scale).max(initial=0.0))
    if not error <= TOLERANCE:
        raise ValueError(f"{name} differs from TensorFlow's by {error:.1e}")
