"""The one check that must come before Keras is imported."""

import os


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
