"""Registration of the zoo's classes with Keras, so that `load_model` finds them.

Keras finds a class when it loads a model only if the class is registered. Registering imports
TensorFlow, which is slow, so `import zoo` alone does not register the classes. They are registered
at once if Keras is already imported, and otherwise right after it is imported.
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
    """Import the modules with saveable classes, now or when Keras is imported."""
    if "keras" in sys.modules:
        _register()
    else:
        sys.meta_path.insert(0, _AfterKeras())


def _register():
    for module in MODULES:
        importlib.import_module(module)


class _AfterKeras(importlib.abc.MetaPathFinder):
    """Finder of `keras` that registers the zoo's classes when the import of Keras is done.

    It stays in place until then, because TensorFlow looks for Keras without importing it. The
    import of a module of the zoo first imports Keras. Otherwise a module that imports Keras would
    itself be half initialized when the registration imports it.
    """

    def find_spec(self, fullname, path=None, target=None):
        if fullname.startswith("zoo."):
            importlib.import_module("keras")
            if fullname in sys.modules:
                return _spec_of_loaded(sys.modules[fullname])
            return self._find_by_others(fullname, path, target)
        if fullname != "keras":
            return None
        spec = self._find_by_others(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _KerasLoader(spec.loader, self)
        return spec

    def _find_by_others(self, fullname, path, target):
        others = [finder for finder in sys.meta_path if finder is not self]
        specs = (finder.find_spec(fullname, path, target) for finder in others)
        return next((spec for spec in specs if spec is not None), None)


def _spec_of_loaded(module):
    """A spec that returns the module as it is, instead of executing it again."""
    spec = importlib.util.spec_from_loader(module.__name__, _LoadedModule(module))
    module.__spec__ = spec  # Python uses this spec instead of the returned one
    return spec


class _LoadedModule(importlib.abc.Loader):
    """Loader that returns a module that is already loaded, and restores its spec."""

    def __init__(self, module):
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec):
        return self._module

    def exec_module(self, module):
        module.__spec__ = self._spec


class _KerasLoader(importlib.abc.Loader):
    """Loader of Keras that registers the zoo's classes afterwards."""

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
