"""Benchmarks of bits per dimension of images: compression, and colours."""

import json
import pathlib

import numpy as np
import pytest

from tests.helpers import small

pytest.importorskip("PIL", reason="the recipes need PIL: pip install '.[recipes]'")
RNG = np.random.default_rng(0)


@pytest.fixture
def script(recipe, monkeypatch):
    folder = pathlib.Path(recipe("benchmarks").__path__[0]) / "quality"
    monkeypatch.syspath_prepend(str(folder))
    return recipe


def test_weights_of_8_bits_are_within_half_a_step_of_the_weights(script):
    vae = small("dense_vae", hidden=(300,))
    before = [np.array(w) for w in vae.trainable_weights]

    data = script("eight_bits").to_bytes(vae)
    for weight in vae.trainable_weights:
        weight.assign(np.zeros(weight.shape))
    script("eight_bits").load(vae, data)

    for weight, expected in zip(vae.trainable_weights, before, strict=True):
        columns = np.abs(expected).reshape(-1, expected.shape[-1])
        step = columns.max(0) / 127 if expected.size >= 256 else 0.0
        assert (np.abs(np.array(weight) - expected) <= 0.5001 * step).all()
    assert script("eight_bits").to_bytes(vae) == data
    assert len(data) < 2 * vae.count_params()  # bytes


def test_a_models_file_is_measured_with_its_size(script, monkeypatch, tmp_path, capsys):
    vae = small("dense_vae", input_shape=(8, 8, 1), likelihood="discretized_logistic")
    vae.save(tmp_path / "model.keras")
    images = RNG.integers(0, 256, (5, 8, 8, 1)).astype("uint8")
    lossless = script("lossless")
    monkeypatch.setitem(lossless.TASKS, "MNIST", (256, lambda args: 1, lambda args: [images] * 2))
    flags = ["--tasks", "MNIST", "--model", str(tmp_path / "model.keras"), "--single", "1"]
    monkeypatch.setattr("sys.argv", ["lossless.py", *flags])

    lossless.main()

    *lines, last = [line for line in capsys.readouterr().out.splitlines() if line[0] == "{"]
    full, eight = json.loads(lines[-1]), json.loads(last)
    assert full["coder"] == "zoo" and full["model"] == str(tmp_path / "model.keras")
    assert eight["with_model"] == eight["together"] + 8 * eight["model_bytes"] / images.size
    assert abs(eight["expected"] / full["expected"] - 1) < 0.01


def test_bits_of_colours_are_measured(script, monkeypatch, tmp_path):
    images = RNG.integers(0, 256, (6, 8, 8, 3)).astype("uint8")
    np.savez(tmp_path / "x.npz", train=images, test=images)
    vae = small("ladder_vae", input_shape=(8, 8, 3), likelihood="discretized_logistic_mixture")
    vae.save(tmp_path / "model.keras")
    flags = ["--images", tmp_path / "x.npz", "--model", tmp_path / "model.keras"]
    flags += ["--samples", 2, "--evaluate", 4, "--out", tmp_path / "out"]
    monkeypatch.setattr("sys.argv", ["colour_images.py", *map(str, flags)])

    script("colour_images").main()

    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["evaluated"] == 4 and 6 < result["bits"] <= 1.01 * result["elbo_bits"] < 12
    assert (tmp_path / "out" / "samples.png").exists()
