"""Checks and settings that must precede the import of Keras and TensorFlow."""

import os
import platform
import sys


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

    TensorFlow enables them by default only on processors with AVX-512 VNNI or later. On others its
    own convolutions are slower by half (docs/performance-notes.md). The variable is read once, when
    TensorFlow is imported.
    """
    if platform.machine() in ("x86_64", "AMD64") and "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
