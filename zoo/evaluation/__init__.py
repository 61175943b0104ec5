"""Evaluation of trained models: diagnosis, aggregate posterior, disentanglement, representation."""

import importlib

_MODULES = ("aggregate_posterior", "diagnosis", "disentanglement", "representation", "retrieval")


def __getattr__(name):
    # Imported on demand, because some need scikit-learn, which zoo itself does not.
    if name in _MODULES:
        return importlib.import_module(f"zoo.evaluation.{name}")
    raise AttributeError(f"module 'zoo.evaluation' has no attribute {name!r}")
