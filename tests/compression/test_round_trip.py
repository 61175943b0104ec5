"""Compression restores any input bit for bit; models that cannot compress raise."""

import sys

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.compression.examples import MODELS, binary_examples, random_examples
from tests.helpers import run_python, small
from zoo.compression import codec


def test_without_constriction_the_error_has_the_install_command(vae, monkeypatch):
    monkeypatch.setitem(sys.modules, "constriction", None)
    for call in (lambda: vae.compress(binary_examples(1)), lambda: vae.decompress(b"")):
        with pytest.raises(ImportError, match=r"constriction: pip install 'zoo-vae\[recipes\]'"):
            call()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("n", [0, 1, 150])
def test_noise_is_restored_bit_for_bit(models, name, n):
    vae = models[name]
    x = random_examples(vae, n)

    restored = vae.decompress(vae.compress(x))

    assert (restored.dtype, restored.shape) == (x.dtype, x.shape)
    assert restored.tobytes() == x.tobytes()


@pytest.mark.parametrize("name", MODELS)
def test_constant_examples_are_restored(models, name):
    vae = models[name]
    x = np.zeros((10, *vae.decoder.free_event_shape), "float32")
    x[5:] = 1

    np.testing.assert_array_equal(vae.decompress(vae.compress(x)), x)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float64"])
def test_the_dtype_is_restored(vae, dtype):
    x = binary_examples(4).astype(dtype)

    restored = vae.decompress(vae.compress(x))

    assert restored.dtype == dtype
    np.testing.assert_array_equal(restored, x)


def test_a_dataset_gives_the_stream_of_its_array_in_frames(vae, monkeypatch, capsys):
    monkeypatch.setattr(codec, "MAX_FRAME_ELEMENTS", 6 * 64)
    x = binary_examples(150)
    batches = tf.data.Dataset.from_tensor_slices(x).batch(40)

    stream = vae.compress(x, verbose=True)
    printed = capsys.readouterr().out
    parts = list(zoo.compression.decompress_parts(vae, stream, verbose=True))

    assert "150/150" in printed
    assert "150/150" in capsys.readouterr().out
    assert [len(part) for part in parts] == [64, 64, 22]
    assert vae.compress(batches) == stream
    assert vae.compress(batches.map(lambda b: (b, b))) == stream
    np.testing.assert_array_equal(np.concatenate(parts), x)
    with pytest.raises(ValueError, match=r"x \(examples from 128\) must hold"):
        vae.compress(np.where(np.arange(150)[:, None] == 140, 0.5, x))


def test_an_empty_dataset_is_restored(vae):
    stream = vae.compress(tf.data.Dataset.from_tensor_slices(binary_examples(3)).batch(2).take(0))

    assert vae.decompress(stream).shape == (0, 6)


def test_another_process_decompresses(vae, tmp_path):
    x = binary_examples(80)
    vae.save(tmp_path / "m.keras")
    (tmp_path / "stream").write_bytes(vae.compress(x))
    np.save(tmp_path / "x.npy", x)
    code = """
        import pathlib, sys
        import keras, numpy as np
        import zoo
        folder = pathlib.Path(sys.argv[1])
        vae = keras.models.load_model(folder / "m.keras")
        restored = vae.decompress((folder / "stream").read_bytes())
        print(restored.tobytes() == np.load(folder / "x.npy").tobytes())
    """

    assert run_python(code, tmp_path).split() == ["True"]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("dense_vae", {"flow": "iaf"}, "got the flow InverseAutoregressiveFlow"),
        ("dense_vae", {"likelihood": "normal"}, "discrete values.*, got Normal"),
        (
            "dense_vae",
            {"prior": zoo.FlowPrior(2)},
            "the prior of model must be made of Normals.*, got FlowPrior",
        ),
        ("dense_vae", {"built": False}, "no shapes yet"),
        ("lstm_vae", {}, "discrete values.*, got SeriesScaledVectorAutoregressive"),
        (
            "multimodal_vae",
            {},
            "latents of model must be SingleLatent or LadderLatent .*, got MultimodalLatent",
        ),
        ("transformer_vae", {}, "discrete values.*, got Text"),
    ],
)
def test_models_that_cannot_be_coded_raise(name, options, message):
    vae = small(name, **options)
    for call in (lambda: vae.compress(np.zeros((1, 6))), lambda: vae.decompress(b"zVAE")):
        with pytest.raises(ValueError, match=message):
            call()


def test_weights_that_are_not_finite_raise():
    vae = small("dense_vae")
    vae.decoder.last.bias.assign(np.full(6, np.nan))
    with pytest.raises(ValueError, match=r"p\(x\|z\) must be finite"):
        vae.compress(binary_examples(2))
