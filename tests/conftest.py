"""What every test shares: a CPU (the promises of equal bits are for CPUs), quiet logs, a seed."""

import gc
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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """All conformance tests are one file to `--dist loadfile`: they share models whose training
    takes minutes.
    """
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return "conformance" if "/conformance/" in file else file

    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session):
    """`jit_compile="auto"` is about speed: a few steps of a tiny model are over before XLA has
    compiled them. Tests of XLA say True, and the recipes' own processes choose as users' do.
    """
    import keras
    import tensorflow as tf

    from zoo.model import VAE

    VAE._xla_pays = lambda self: False
    # A whole stack costs less than what keeps it short, at each call of each layer and op.
    keras.config.disable_traceback_filtering()
    tf.debugging.disable_traceback_filtering()
    gc.freeze()  # full collections need not go through all that was imported


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


@pytest.fixture(autouse=True, scope="module")
def few_graphs(request):
    """Modules that say EAGER are about numbers, not about graphs: they trace as few as they can.
    That a graph gives what eager steps give is for the conformance tests, of each variant.
    """
    with pytest.MonkeyPatch.context() as patch:
        if getattr(request.module, "EAGER", False):
            from tests.eager import spare_graphs

            spare_graphs(patch)
        yield


@pytest.fixture(autouse=True, scope="module")
def plain_graphs(request):
    """Rewriting a graph takes longer than it saves in a few steps; conformance is about graphs."""
    import tensorflow as tf

    off = "conformance" not in request.module.__name__
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": off})


@pytest.fixture
def recipe(monkeypatch):
    """recipe("images") is the module, imported as the script imports it."""
    monkeypatch.syspath_prepend(os.path.join(ROOT, "recipes"))
    return importlib.import_module
