"""Exports for ONNX Runtime, OpenVINO and LiteRT."""

import importlib.util

import numpy as np
import onnxruntime
import openvino
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

import zoo
from zoo.inference import formats
from zoo.inference.formats import onnx

ROWS = np.random.default_rng(0).random((12, 5)).astype("float32")


def trained(name="dense_vae", x=ROWS, **options):
    """A tiny model after one epoch."""
    vae = zoo.get(name, latent_dim=3, seed=1, **options)
    vae.compile(run_eagerly=True)
    vae.fit(x, epochs=1, verbose=0)
    return vae


@pytest.fixture(scope="module")
def dense():
    return trained(hidden=(8,))


def test_onnx_files_equal_the_model(dense, tmp_path):
    dense.export(tmp_path / "served", "onnx")

    assert {p.name for p in (tmp_path / "served").iterdir()} == {
        f"{name}.onnx" for name in ("encode", "decode", "reconstruct", "score")
    }
    got = _onnx(tmp_path / "served" / "score.onnx", x=ROWS)
    for name, expected in dense.score(ROWS).items():
        np.testing.assert_allclose(got[name], expected, rtol=1e-5, atol=1e-5)
    codes = _onnx(tmp_path / "served" / "encode.onnx", x=ROWS[:1])
    np.testing.assert_allclose(codes["loc"], dense.encode(ROWS[:1]).mean(), rtol=1e-5, atol=1e-5)


def test_an_openvino_file_equals_the_model(dense, tmp_path):
    dense.export(tmp_path / "served", "openvino", signatures=["encode"])

    # Without the hint OpenVINO computes in bfloat16 where the processor has it.
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    model = openvino.compile_model(tmp_path / "served" / "encode.xml", "CPU", exact)
    got = model({"x": ROWS})
    q = dense.encode(ROWS)
    np.testing.assert_allclose(got["loc"], q.mean(), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(got["scale"], q.stddev(), rtol=1e-5, atol=1e-5)


def test_a_litert_file_holds_all_signatures(dense, tmp_path):
    dense.export(tmp_path / "dense.tflite", "litert")

    runtime = Interpreter(model_path=str(tmp_path / "dense.tflite"))
    assert {*runtime.get_signature_list()} == {"encode", "decode", "reconstruct", "score"}
    got = runtime.get_signature_runner("encode")(x=ROWS)
    np.testing.assert_allclose(got["loc"], dense.encode(ROWS).mean(), rtol=1e-5, atol=1e-5)


def test_series_of_other_lengths_run_in_onnx(tmp_path):
    x = np.random.default_rng(1).normal(size=(12, 10, 2)).astype("float32")
    vae = trained("lstm_vae", x, units=(6,))

    vae.export(tmp_path, "onnx", signatures=["encode", "score"])

    shorter = np.concatenate([x[:2, :7], np.full((2, 2, 2), np.nan, "float32")], 1)
    got = _onnx(tmp_path / "encode.onnx", x=shorter)
    np.testing.assert_allclose(got["loc"], vae.encode(shorter).mean(), rtol=1e-4, atol=1e-5)
    got = _onnx(tmp_path / "score.onnx", x=shorter)
    np.testing.assert_allclose(got["elbo"], vae.score(shorter)["elbo"], rtol=1e-4, atol=1e-4)


def test_reconstructed_modalities_have_names_of_their_own_in_onnx(tmp_path):
    x = {"image": ROWS, "sound": ROWS[:, :3]}
    encoders = {name: zoo.encoders.DenseEncoder(3, hidden=(4,)) for name in x}
    vae = trained("multimodal_vae", x, encoders=encoders)

    vae.export(tmp_path, "onnx", signatures=["reconstruct_sound"])

    got = _onnx(tmp_path / "reconstruct_sound.onnx", sound=x["sound"])
    expected = vae.reconstruct({"sound": x["sound"]})
    assert {*got} == {"image", "mean_sound"}
    np.testing.assert_allclose(got["image"], expected["image"], rtol=1e-5, atol=1e-5)


def test_modalities_may_have_the_names_of_inputs(tmp_path):
    x = {"x": ROWS, "z": ROWS[:, :3], "mean": ROWS[:, :2]}
    encoders = {name: zoo.encoders.DenseEncoder(3, hidden=(4,)) for name in x}
    vae = trained("multimodal_vae", x, encoders=encoders)

    vae.export(tmp_path, "onnx", signatures=["encode", "decode"])

    got = _onnx(tmp_path / "encode.onnx", **x)
    np.testing.assert_allclose(got["loc"], vae.encode(x).mean(), rtol=1e-5, atol=1e-5)


def test_models_convert_with_the_kernels_that_users_have(dense, tmp_path):
    """TensorFlow's fused kernels make 0 of NaN, so only models of missing values are asked."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
    try:
        dense.export(tmp_path, "onnx", signatures=["encode", "decode"])
    finally:
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})

    assert (tmp_path / "decode.onnx").exists()


def test_series_without_channels_convert_to_litert(tmp_path):
    x = np.random.default_rng(1).normal(size=(12, 10)).astype("float32")
    vae = trained("lstm_vae", x, units=(4,), basis=4)

    vae.export(tmp_path / "new" / "series.tflite", "litert", signatures=["encode", "reconstruct"])

    runtime = Interpreter(model_path=str(tmp_path / "new" / "series.tflite"))
    x[0, :3] = np.nan
    got = runtime.get_signature_runner("encode")(x=x)
    np.testing.assert_allclose(got["loc"], vae.encode(x).mean(), rtol=1e-4, atol=1e-4)


def test_an_error_in_a_channel_of_small_values_is_seen(tmp_path, monkeypatch):
    x = np.random.default_rng(1).normal([1e5, 5.0], [1e4, 1.0], (12, 10, 2)).astype("float32")
    vae = trained("lstm_vae", x, units=(4,), basis=4)
    run = onnx.run

    def wrong(name, content, inputs):
        return {k: value * [1.0, 0.99] for k, value in run(name, content, inputs).items()}

    monkeypatch.setattr(onnx, "run", wrong)

    with pytest.raises(ValueError, match=r"mean differs from TensorFlow's by 1\.0e-02"):
        vae.export(tmp_path / "m", "onnx", signatures=["decode"])


def test_a_file_in_the_place_of_a_folder_is_refused(dense, tmp_path):
    (tmp_path / "m").write_text("the user's")

    with pytest.raises(ValueError, match="filepath must be a folder"):
        dense.export(tmp_path / "m", "onnx")

    assert (tmp_path / "m").read_text() == "the user's"


def test_a_later_export_leaves_no_file_of_the_earlier_one(dense, tmp_path):
    (tmp_path / "score_image.onnx").write_text("earlier")
    (tmp_path / "notes.onnx").write_text("the user's")

    dense.export(tmp_path, "onnx", signatures=["decode"])

    assert {p.name for p in tmp_path.iterdir()} == {"decode.onnx", "notes.onnx"}


def test_signatures_without_a_conversion_are_left_out_with_a_warning(tmp_path):
    vae = trained(hidden=(4,), prior=zoo.VampPrior(3))

    with pytest.warns(UserWarning, match="left out of format='litert': score"):
        vae.export(tmp_path / "vamp.tflite", "litert")

    runtime = Interpreter(model_path=str(tmp_path / "vamp.tflite"))
    assert {*runtime.get_signature_list()} == {"encode", "decode", "reconstruct"}


def test_texts_are_refused_before_anything_is_written(tmp_path):
    vae = trained("transformer_vae", np.array(["a b", "b c"] * 6), hidden=8, blocks=1)

    with pytest.raises(ValueError, match="texts have no conversion: train on token ids"):
        vae.export(tmp_path / "served", "onnx")

    assert not (tmp_path / "served").exists()


@pytest.mark.parametrize(
    ("path", "options", "message"),
    [
        ("m", {"format": "onxx"}, "format must be one of"),
        ("m.onnx", {"format": "onnx"}, "filepath must be a folder, in which each signature"),
        ("m", {"format": "litert"}, "filepath must be a file that ends in '.tflite'"),
        ("m", {"format": "onnx", "signatures": ["encod"]}, "did you mean 'encode'"),
        ("m", {"format": "onnx", "signatures": ["generate"]}, "signatures that cannot be written"),
        ("m", {"format": "onnx", "signatures": []}, "signatures must name at least one"),
        ("m", {"signatures": ["encode"]}, "signatures must be None for format='tf_saved_model'"),
    ],
)
def test_bad_arguments_are_refused(dense, tmp_path, path, options, message):
    with pytest.raises(ValueError, match=message):
        dense.export(tmp_path / path, **options)

    assert not (tmp_path / path).exists()


def test_one_name_is_no_list_of_signatures(dense, tmp_path):
    with pytest.raises(TypeError, match="signatures must be a list of names or None, got 'encode'"):
        dense.export(tmp_path / "m", "onnx", signatures="encode")


def test_a_missing_package_is_named(dense, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(ImportError, match="needs openvino: pip install"):
        dense.export(tmp_path / "m", "openvino")


def test_other_results_than_those_of_tensorflow_are_refused(dense, tmp_path, monkeypatch):
    run = onnx.run

    def wrong(name, content, inputs):
        return {k: value + 0.01 for k, value in run(name, content, inputs).items()}

    monkeypatch.setattr(onnx, "run", wrong)

    with pytest.raises(ValueError, match=r"(loc|scale) differs from TensorFlow's by"):
        dense.export(tmp_path / "m", "onnx", signatures=["encode"])


@pytest.mark.parametrize("name", ["log1p", "expm1", "erfc"])
def test_operations_of_ours_keep_the_digits_of_small_numbers(name):
    function = getattr(tf.math, name)
    x = [-200.0, -1.0, -0.9, -1e-3, -1e-7, 0.0, 1e-9, 1e-5, 0.3, 2.0, 40.0]
    x = np.array(x, "float32")
    x = {"log1p": x[1:], "expm1": x, "erfc": x[:-1]}[name]
    spec = tf.TensorSpec([None], tf.float32, name="x")
    served = tf.function(lambda x: {"y": function(x)}, input_signature=[spec])
    signature = served.get_concrete_function()
    signature.structured_input_signature[1]["x"] = spec

    got = onnx.run("y", onnx.convert(None, "y", signature), {"x": x})["y"]

    np.testing.assert_allclose(got, function(x), rtol=1e-5, atol=1e-12)


def test_every_format_has_the_same_interface():
    for runtime in formats.FORMATS.values():
        assert all(callable(getattr(runtime, name)) for name in ("convert", "run", "write"))
        assert all(isinstance(name, str) for name in (*runtime.PACKAGES, *runtime.FILES))


def _onnx(path, **inputs):
    """Outputs of a file by their names."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs), strict=True))
