"""Settings of every test: a CPU, because equal bits are promised on CPUs, quiet logs, a seed."""

import ctypes
import gc
import importlib
import importlib.metadata
import inspect
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as `import zoo` sets it, if it comes first
# Threads of NumPy and scikit-learn wait for each other in loops, for longer than small products
# take; set before NumPy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# The same holds for TensorFlow: tests run on a worker for each core.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

# Tiny programs run for milliseconds and compile for seconds.
FLAGS = ["--xla_backend_optimization_level=0"]
if importlib.metadata.version("tensorflow").startswith("2.21."):  # XLA aborts on unknown flags
    FLAGS += ["--xla_cpu_use_fusion_emitters=false", "--xla_cpu_parallel_codegen_split_count=1"]
os.environ.setdefault("XLA_FLAGS", " ".join(FLAGS))

# What takes longest. xdist begins with the files of the most tests, so that one of few long tests
# would run at the end, while the other workers have nothing left to do.
LONG = ("training/test_distribute", "project/test_docs", "project/test_new_variant")
LONG += ("recipes/test_processes", "compression/test_round_trip", "latents/test_ladder")
LONG += ("fuzz/test_fuzz", "flows/test_flow_models", "recipes/test_images_run")
LONG = ("conformance", *(f"tests/{name}.py" for name in LONG))

LIBC = ctypes.CDLL(None) if os.name == "posix" else None
ROOT = str(pathlib.Path(__file__).resolve().parents[1])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

import pytest  # noqa: E402


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Treat the conformance tests as one file for `--dist loadfile`: they share trained models."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return "conformance" if "/conformance/" in file else file

        def _assign_work_unit(self, node):
            for scope in reversed(LONG):
                if scope in self.workqueue:
                    self.workqueue.move_to_end(scope, last=False)
            super()._assign_work_unit(node)

    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session):
    """Settings that make tests faster and change no result."""
    import keras
    import tensorflow as tf

    # A full stack costs less than filtering it, at each call of each layer and op.
    keras.config.disable_traceback_filtering()
    tf.debugging.disable_traceback_filtering()
    # Keras sets TensorFlow's seed beside its own, which discards all kernels and the graphs of
    # compiled functions; to make them anew takes a fifth of the time. Nothing draws by that seed.
    SET_SEED["of TensorFlow"] = tf.random.set_seed
    tf.random.set_seed(1)
    tf.random.set_seed = lambda seed: None
    gc.freeze()  # full collections need not go through all that was imported
    gc.set_threshold(10_000, 20, 20)  # tracing makes many objects, few of them in cycles
    SEARCHED["at"] = resident_bytes()


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
def plain_graphs(request):
    """No graph rewriting, which takes longer than it saves in a few steps.

    The conformance tests keep it, because users run rewritten graphs.
    """
    import tensorflow as tf

    off = "conformance" not in request.module.__name__
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": off})


@pytest.fixture(autouse=True, scope="module")
def freed_graphs():
    """Free the graphs of a module's models at its end, or the suite fills gigabytes.

    TensorFlow registers every custom gradient of a graph for ever, and a gradient holds its graph.
    Models are cycles, which Python collects late after `gc.freeze`, and glibc keeps what is freed.
    """
    yield
    from tensorflow.python.framework import ops

    registered = getattr(getattr(ops, "gradient_registry", None), "_registry", {})
    of_models = [n for n, entry in registered.items() if _is_of_a_model(n, entry["type"])]
    for name in of_models:
        del registered[name]
    if not STATISTICS.exists() or resident_bytes() > SEARCHED["at"] + GROWTH:
        SET_SEED["of TensorFlow"](1)  # discards kernels
        gc.collect()
        if hasattr(LIBC, "malloc_trim"):
            LIBC.malloc_trim(0)
        SEARCHED["at"] = resident_bytes()


# The search for unused models takes up to two seconds: it is worth that after this many bytes.
GROWTH, SEARCHED, SET_SEED = 700e6, {}, {}
STATISTICS = pathlib.Path("/proc/self/statm")


def resident_bytes():
    """Memory of this process; 0 where the system has no /proc."""
    if not STATISTICS.exists():
        return 0
    return int(STATISTICS.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _is_of_a_model(name, gradient):
    """Whether a registered gradient was traced for a model.

    TFP's `lbeta` is a `tf.function` of its own, which lives as long as the process and reuses its
    graph in the next module.
    """
    if not name.startswith("CustomGradient-"):
        return False
    traced = inspect.getclosurevars(gradient).nonlocals.get("tape_grad_fn")
    if traced is None:  # restored from a SavedModel
        return True
    result = inspect.getclosurevars(traced).nonlocals["result"]
    tensors = result if isinstance(result, list | tuple) else [result]
    return all(tensor.graph.name != "lbeta" for tensor in tensors)


@pytest.fixture
def recipe(monkeypatch):
    """Import a recipe's module by name, as the script imports it."""
    monkeypatch.syspath_prepend(os.path.join(ROOT, "recipes"))
    return importlib.import_module
