"""Checks and settings that must precede the import of Keras and TensorFlow."""

import os
import pathlib
import platform
import sys
import warnings

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
# Flags of processors on which TensorFlow enables oneDNN by itself.
ONEDNN_FLAGS = {"avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16"}
CPUINFO = pathlib.Path("/proc/cpuinfo")  # Linux

_came_first = "tensorflow" in sys.modules  # before the zoo could choose
_warned = False


def require_tensorflow(backend=None):
    """Raise `ImportError` if Keras is set to a backend other than TensorFlow.

    Args:
        backend: Keras' backend if Keras is imported already; otherwise the environment variable
            KERAS_BACKEND is read, so that the error comes before a slow import.
    """
    backend = backend or os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise ImportError(
            f"the backend of Keras must be 'tensorflow', got {backend!r}. Set the environment "
            "variable KERAS_BACKEND=tensorflow (or 'backend' in keras.json) before Python starts."
        )


def prefer_onednn():
    """Enable TensorFlow's oneDNN kernels on any x86 processor, unless the user chose already.

    TensorFlow enables them by default only on processors with AVX-512 VNNI, AVX-VNNI or later. On
    others its own convolutions are slower by half (docs/performance-notes.md). The variable is read
    once, when TensorFlow is imported.
    """
    if _is_x86() and "tensorflow" not in sys.modules:
        os.environ.setdefault(ONEDNN, "1")


def warn_without_onednn():
    """Warn once, where TensorFlow was imported too early for `prefer_onednn` and lacks oneDNN."""
    global _warned
    if _warned or not _came_first or ONEDNN in os.environ or not _is_x86():
        return
    _warned = True
    if not ONEDNN_FLAGS & _processor_flags():
        warnings.warn(
            "TensorFlow computes without oneDNN on this processor, convolutions at about 0.6 of "
            "the speed: write `import zoo` before `import keras` and `import tensorflow`, or set "
            f"the environment variable {ONEDNN}=1 (0 keeps it off without this warning)",
            UserWarning,
            stacklevel=4,
        )


def _is_x86():
    return platform.machine() in ("x86_64", "AMD64")


def _processor_flags():
    """Features of the processor; those of oneDNN where the system does not tell."""
    if not CPUINFO.exists():
        return ONEDNN_FLAGS
    lines = CPUINFO.read_text("utf-8", errors="replace").splitlines()
    return set(next((line for line in lines if line.startswith("flags")), "").split())
