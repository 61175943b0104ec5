"""Arguments of `report` that are refused, and files that are kept."""

import os
import subprocess
import sys

import keras
import pytest
import tensorflow as tf

import zoo
from tests.helpers import ROOT, data, small

pytest.importorskip("matplotlib", reason="figures need matplotlib: pip install '.[recipes]'")

from zoo.inference.batching import first
from zoo.reporting import write


def test_wrong_arguments_are_refused_before_any_computation(tmp_path, monkeypatch):
    monkeypatch.setattr(write, "diagnose", lambda *a, **k: pytest.fail("computed"))
    vae, x, path = small("dense_vae"), data("dense_vae"), tmp_path / "page.html"
    notes = tmp_path / "notes.txt"
    notes.write_text("mine")
    for wrong, options, message in (
        (tmp_path, {}, "path must be a file, got the folder"),
        (tmp_path / "no" / "page.html", {}, "path must be in an existing folder, got .*no"),
        (notes, {}, "path must be a new file or an earlier report, got the other file .*notes"),
        (path, {"labels": [1, 2]}, r"labels must be a vector of 20 entries, got shape \(2,\)"),
        (path, {"labels": 3}, r"labels must be a vector of 20 entries, got shape \(\)"),
        (path, {"columns": ["a"]}, "columns must name each of the 6 columns of x, got 1 names"),
        (path, {"history": {"loss": [1.0]}}, "history must hold one of elbo, .*, got 'loss'"),
        (path, {"history": {1: [0.0]}}, "history must hold one of elbo, .*, got 1$"),
        (path, {"labels": [[1], [1, 2]]}, "labels must have rows of one shape"),
        (path, {"history": {"elbo": 5}}, "history must hold one of elbo, .*, got 'elbo'"),
        (path, {"max_examples": 0}, "max_examples must be a positive integer, got 0"),
        (path, {"seed": -1}, "seed must be an integer"),
    ):
        with pytest.raises(ValueError, match=message):
            zoo.report(vae, x, wrong, **options)
    for options, message in (
        ({"history": [1]}, "history must be the result of fit or a dict, got list"),
        ({"verbose": [0]}, r"verbose must be True or False, got \[0\]"),
        ({"title": [1]}, "title must be a text or None, got list"),
        ({"columns": 3}, "columns must be a list of names or a dict of them, got 3"),
    ):
        with pytest.raises(TypeError, match=message):
            zoo.report(vae, x, path, **options)
    for wrong, name in ((None, "NoneType"), (dict, "the class dict")):
        with pytest.raises(TypeError, match=f"data must be an array or a dataset, got {name}"):
            zoo.report(vae, wrong, path)
    for wrong in (None, 5, "", b"page.html"):
        with pytest.raises(TypeError, match="path must be a path, got"):
            zoo.report(vae, x, wrong)
    with pytest.raises(TypeError, match=r"vae must be a zoo\.VAE, got Sequential"):
        zoo.report(keras.Sequential(), x, path)
    with pytest.raises(ValueError, match=r"data must have examples of shape \(6,\), .* got \(5,\)"):
        zoo.report(vae, x[:, :5], path)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"] and notes.read_text() == "mine"


def test_column_names_for_several_modalities_are_refused(tmp_path):
    vae, x = small("multimodal_vae"), data("multimodal_vae")

    with pytest.raises(ValueError, match="columns must be None for data without a fixed number"):
        zoo.report(vae, x, tmp_path / "page.html", columns=["a"])
    name = next(iter(x))
    for wrong in (None, 5, iter([])):
        with pytest.raises(TypeError, match=rf"data\['{name}'\] must be an array"):
            zoo.report(vae, {**x, name: wrong}, tmp_path / "page.html")


def test_a_failed_report_keeps_the_earlier_one(tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    path.write_text(write.FIRST_LINES + "earlier", "utf-8")
    monkeypatch.setattr(write, "diagnose", lambda *a, **k: None)
    monkeypatch.setattr(write, "sections", lambda *a: [])
    monkeypatch.setattr(os, "replace", lambda *a: (_ for _ in ()).throw(OSError("full")))

    with pytest.raises(OSError, match="full"):
        zoo.report(small("dense_vae"), data("dense_vae"), path)

    assert path.read_text("utf-8").endswith("earlier")
    assert [*tmp_path.iterdir()] == [path]


def test_only_the_first_examples_of_an_infinite_dataset_are_read():
    numbers = tf.data.Dataset.range(10**9).map(lambda i: tf.cast([i], tf.float32)).batch(4)
    assert first(numbers, 6).ravel().tolist() == [0, 1, 2, 3, 4, 5]

    texts = tf.data.Dataset.from_tensors(tf.constant(["a b", "c"])).repeat()
    assert first(texts, 3).tolist() == [b"a b", b"c", b"a b"]

    lengths = tf.data.Dataset.from_tensor_slices([2, 5]).map(lambda n: tf.ones([3, n]))
    assert [len(row) for row in first(lengths, 4)] == [2, 2, 2, 5]

    named = tf.data.Dataset.from_tensors({"a": tf.ones([2, 3])}).repeat()
    assert first(named, 5)["a"].shape == (5, 3)
    with pytest.raises(ValueError, match="data must hold at least one batch"):
        first(numbers.take(0), 3)


def test_the_files_of_the_page_are_installed(tmp_path):
    command = ["setup.py", "-q", "build_py", "--build-lib", tmp_path]
    run = subprocess.run(
        [sys.executable, "-W", "ignore", *command], cwd=ROOT, capture_output=True, text=True
    )

    assert run.returncode == 0, run.stderr
    for name in ("page.html", "page.css", "map.js"):
        assert (tmp_path / "zoo" / "reporting" / name).stat().st_size > 200
