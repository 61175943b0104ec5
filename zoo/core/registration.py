"""Registration of the zoo's classes with Keras, so that `load_model` finds them.

Keras looks a class up among the registered ones, and registering means importing TensorFlow, while
`import zoo` must stay cheap. So the classes are registered when Keras is imported: at once if it
is already, else right after.
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

    It stays in place until then, because TensorFlow looks for Keras without importing it. A module
    of the zoo waits for Keras: registering imports most of them, and would meet the one whose
    import brought Keras in while that is half initialized.
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
    module.__spec__ = spec  # Python prefers it to the returned one
    return spec


class _LoadedModule(importlib.abc.Loader):
    """Loader that returns a module that is loaded already, and restores its spec."""

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
