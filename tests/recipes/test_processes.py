"""A recipe in its own process, on several devices, stopped by Ctrl-C."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

import zoo  # noqa: F401  (registers the classes for Keras)
from tests.recipes.run_folders import FIGURES_OF_IMAGES, SMALL, check_run, metrics

for package in ("matplotlib", "sklearn", "PIL", "tensorboard"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")

ROOT = pathlib.Path(__file__).parents[2]
TINY = [*SMALL, "--variant", "dense_vae", "--option", "hidden=(8,)", "--latent-dim", "2"]


def start(*flags):
    """A process that runs images.py with a tiny model."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1"}
    environment["PYTHONFAULTHANDLER"] = "1"  # prints the stack of a crash
    command = [
        sys.executable,
        str(ROOT / "recipes" / "images.py"),
        *map(str, [*TINY, *flags]),
    ]
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


def test_run_on_two_devices_stopped_by_ctrl_c_leaves_a_model_that_loads_on_one(tmp_path):
    out = tmp_path / "run"
    process = start("--out", out, "--distribute", "--epochs", 100000)
    history, deadline = out / "history.csv", time.monotonic() + 300
    while not (history.exists() and len(history.read_text().splitlines()) > 2):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    output = finish(process, 130)
    assert "Stopped" in output
    record = metrics(out)
    assert record["interrupted"] and not record["finished"] and record["epochs"] >= 2
    assert record["model"]["replicas"] == 2
    record |= {"interrupted": False, "finished": True}
    (out / "metrics.json").write_text(json.dumps(record))
    check_run(out, FIGURES_OF_IMAGES)
