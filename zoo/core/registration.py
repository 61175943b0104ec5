"""`keras.models.load_model` must know the zoo's classes after `import zoo`, which stays cheap.

Keras looks classes up among those that were registered, and registering means importing TensorFlow.
So it happens when Keras itself is imported: at once where that has happened, else right after.
"""

import importlib
import importlib.abc
import importlib.util
import sys

MODULES = (
    "zoo.model",
    "zoo.latents",
    "zoo.encoders",
    "zoo.decoders",
    "zoo.flows",
    "zoo.variants.multimodal",
)


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

    It stays until then: others, TensorFlow among them, look for Keras without importing it. The
    zoo's own modules it lets wait for Keras: else registering, which imports most of them, would
    come upon the one whose import brought Keras in, half done.
    """

    def find_spec(self, fullname, path=None, target=None):
        if fullname.startswith("zoo."):
            importlib.import_module("keras")
            if fullname in sys.modules:
                return _loaded(sys.modules[fullname])
            return self._found_by_others(fullname, path, target)
        if fullname != "keras":
            return None
        spec = self._found_by_others(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self)
        return spec

    def _found_by_others(self, fullname, path, target):
        others = [finder for finder in sys.meta_path if finder is not self]
        found = (finder.find_spec(fullname, path, target) for finder in others)
        return next((spec for spec in found if spec is not None), None)


def _loaded(module):
    """A spec that gives the module as it is, instead of executing it once more."""
    spec = importlib.util.spec_from_loader(module.__name__, _Loaded(module))
    module.__spec__ = spec  # Python takes a module's own where looking for it has imported it
    return spec


class _Loaded(importlib.abc.Loader):
    """Gives a module that is there already; then its own spec is its spec again."""

    def __init__(self, module):
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec):
        return self._module

    def exec_module(self, module):
        module.__spec__ = self._spec


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
