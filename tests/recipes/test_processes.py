"""Recipes in their own processes: a run that is resumed, several devices, Ctrl-C."""

import csv
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

import zoo  # noqa: F401  (registers the classes for Keras)
from tests.recipes.run_folders import SMALL, check_run, metrics

for package in ("matplotlib", "sklearn", "PIL", "tensorboard"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")

ROOT = pathlib.Path(__file__).parents[2]
TINY = [*SMALL, "--option", "widths=(4,8)", "--option", "blocks=1", "--latent-dim", "2"]
FIGURES = {"curves", "interpolation", "latent", "manifold", "reconstructions", "samples"}
FIGURES |= {"traversal", "uncertainty"}


def start(*flags, report=False):
    """A process that runs images.py with a tiny model."""
    flags = [flag for flag in [*TINY, *flags] if not (report and flag == "--no-report")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1"}
    environment["PYTHONFAULTHANDLER"] = "1"  # prints the stack of a crash
    command = [sys.executable, str(ROOT / "recipes" / "images.py"), *map(str, flags)]
    return subprocess.Popen(
        command,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # Background jobs of a shell ignore Ctrl-C, and so do their child processes.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finish(process, status=0):
    """Output of a process that must end with this status."""
    output, _ = process.communicate(timeout=600)
    assert process.returncode == status, output[-5000:]
    return output


def epochs(folder):
    with (folder / "history.csv").open() as file:
        return [int(row["epoch"]) for row in csv.DictReader(file)]


def test_run_can_be_resumed_and_reported(tmp_path):
    out = tmp_path / "run"
    output = finish(start("--out", out, "--warmup-epochs", 1))
    assert "held-out log p(x)" in output and str(out / "figures") in output
    record = check_run(out, FIGURES)
    assert (out / "figures" / "traversal.gif").read_bytes().startswith(b"GIF89a")
    assert record["notes"] == ["held-out images were binarised once, with seed 0"]
    assert epochs(out) == [0, 1]
    flags = ["--out", out, "--warmup-epochs", 1, "--resume", "--epochs", 3]
    output = finish(start(*flags, report=True))
    assert f"{out}/report.html  start here" in output
    assert "conv_vae" in (out / "report.html").read_text()
    assert epochs(out) == [0, 1, 2] and metrics(out)["epochs"] == 3


def test_model_of_two_devices_loads_on_one(tmp_path):
    out = tmp_path / "run"
    finish(start("--out", out, "--distribute"))
    assert check_run(out, FIGURES)["model"]["replicas"] == 2


def test_ctrl_c_saves_a_model_that_loads(tmp_path):
    out = tmp_path / "run"
    process = start("--out", out, "--epochs", 100000)
    history, deadline = out / "history.csv", time.monotonic() + 300
    while not (history.exists() and len(history.read_text().splitlines()) > 2):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    output = finish(process, 130)
    assert "Stopped" in output
    record = metrics(out)
    assert record["interrupted"] and not record["finished"] and record["epochs"] >= 2
    record |= {"interrupted": False, "finished": True}
    (out / "metrics.json").write_text(json.dumps(record))
    check_run(out, FIGURES)
