"""`keras.models.load_model` must know the zoo's classes after `import zoo`, which stays cheap.

Keras looks classes up among those that were registered, and registering means importing TensorFlow.
So it happens when Keras itself is imported: at once where that has happened, else right after.
"""

import importlib
import importlib.abc
import sys

MODULES = ("zoo.model", "zoo.latents", "zoo.encoders", "zoo.decoders")


def register_when_keras_is_imported():
    """Import the modules that hold saveable classes, now or when Keras is imported."""
    if "keras" in sys.modules:
        _register()
    else:
        sys.meta_path.insert(0, _AfterKeras())


def _register():
    for module in MODULES:
        importlib.import_module(module)


class _AfterKeras(importlib.abc.MetaPathFinder):
    """Finds `keras` as usual; registers the zoo's classes when its import is done.

    It stays until then: others, TensorFlow among them, look for Keras without importing it.
    """

    def find_spec(self, fullname, path=None, target=None):
        if fullname != "keras":
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        found = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self)
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, loader, finder):
        self._loader = loader
        self._finder = finder

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        self._loader.exec_module(module)
        module.__spec__.loader = module.__loader__ = self._loader
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        _register()
