"""Foundations: distributions, samplers, the ELBO, input checks, serialization.

Submodules are imported on demand: `import zoo` passes through here and must not load Keras.
"""

import importlib
import importlib.util


def __getattr__(name):
    if not name.startswith("_") and importlib.util.find_spec(f"zoo.core.{name}"):
        return importlib.import_module(f"zoo.core.{name}")
    raise AttributeError(f"module 'zoo.core' has no attribute {name!r}")
