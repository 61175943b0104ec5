"""What must come before Keras and TensorFlow are imported."""

import os
import platform
import sys


def require_tensorflow(backend=None):
    """Raise `ImportError` when Keras is set to run on anything but TensorFlow.

    Args:
        backend: Keras' backend where Keras is imported already; without it the environment
            variable KERAS_BACKEND is read, so that the error comes before a slow import.
    """
    chosen = backend or os.environ.get("KERAS_BACKEND", "tensorflow")
    if chosen != "tensorflow":
        raise ImportError(
            f"zoo runs on the TensorFlow backend of Keras, and Keras is set to {chosen!r}. Set the "
            "environment variable KERAS_BACKEND=tensorflow (or 'backend' in keras.json) before "
            "Python starts."
        )


def prefer_onednn():
    """Let TensorFlow use oneDNN's kernels on any x86 processor, unless the user chose already.

    TensorFlow turns them on by itself only for processors with AVX-512 VNNI or later. On others
    its own convolutions are slower by half (docs/performance-notes.md). The variable is read once,
    when TensorFlow is imported.
    """
    if platform.machine() in ("x86_64", "AMD64") and "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
