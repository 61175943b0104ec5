"""What every test shares: a CPU (the promises of equal bits are for CPUs), quiet logs, a seed."""

import importlib
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
# Tiny programs run for milliseconds and compile for seconds.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

ROOT = str(pathlib.Path(__file__).resolve().parents[1])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

import pytest  # noqa: E402


def pytest_collection_modifyitems(items):
    """With `--dist loadgroup` a file stays on one worker, and so do all conformance tests, which
    share models whose training takes minutes.
    """
    for item in items:
        file = item.nodeid.split("::")[0]
        group = "conformance" if "/conformance/" in file else file
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(autouse=True)
def fresh_keras():
    """The same initial weights and no global state for each test that uses Keras."""
    if "keras" in sys.modules:
        import keras

        keras.utils.set_random_seed(1)
        yield
        keras.config.set_dtype_policy("float32")
    else:
        yield


@pytest.fixture
def recipe(monkeypatch):
    """recipe("images") is the module, imported as the script imports it."""
    monkeypatch.syspath_prepend(os.path.join(ROOT, "recipes"))
    return importlib.import_module
