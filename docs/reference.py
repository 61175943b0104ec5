"""Write the pages of docs/reference/ from `__all__`: one page for each package with public names.

docs/conf.py calls `write` before Sphinx reads its sources, so a new public name appears by itself.
"""

import functools
import importlib
import inspect
import pathlib
import pkgutil

import zoo

FOLDER = pathlib.Path(__file__).parent / "reference"
# Modules outside of any `__all__` whose objects users meet: as results, or in their own components.
MODULES = (
    "zoo.core.outputs",
    "zoo.core.samplers",
    "zoo.core.distributions",
    "zoo.evaluation.retrieval.metrics",
    "zoo.likelihoods.text.distribution",
)


def packages():
    """Name -> public names, of `zoo`, of each package in it with `__all__`, and of `MODULES`."""
    infos = pkgutil.walk_packages(zoo.__path__, "zoo.")
    modules = {info.name: importlib.import_module(info.name) for info in infos if info.ispkg}
    listed = {name: m.__all__ for name, m in modules.items() if hasattr(m, "__all__")}
    others = {name: _defined(importlib.import_module(name)) for name in MODULES}
    return {"zoo": zoo.__all__, **listed, **others}


def _defined(module):
    """Public functions and classes that a module itself defines."""
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    ]


def pages():
    """Package -> its page, in reStructuredText."""
    public = packages()
    objects = {
        package: {name: getattr(importlib.import_module(package), name) for name in names}
        for package, names in public.items()
    }
    homes = _homes(objects)
    return {package: _page(package, members, homes) for package, members in objects.items()}


def _homes(objects):
    """Id of a class or function -> the longest package name that makes it public."""
    homes = {}
    for package in sorted(objects, key=lambda name: name.count(".")):
        homes |= {id(v): package for v in objects[package].values() if _is_code(v)}
    return homes


def _is_code(value):
    return inspect.isclass(value) or inspect.isroutine(value)


def _page(package, members, homes):
    own, elsewhere, constants = {}, {}, {}
    for name, value in sorted(members.items(), key=lambda item: item[0].lower()):
        if inspect.ismodule(value):
            continue
        if not _is_code(value):
            constants[name] = value
        elif homes[id(value)] == package:
            own[name] = value
        else:
            elsewhere[name] = homes[id(value)]
    lines = [package, "=" * len(package), "", f".. automodule:: {package}", "   :no-members:", ""]
    lines += [f".. currentmodule:: {package}", ""]
    lines += _table(own)
    if elsewhere:
        lines += [f"Also as ``{package}.NAME``, described with their packages:", ""]
        homes_within = {name: home.removeprefix(f"{package}.") for name, home in elsewhere.items()}
        lines += _table(f"~{home}.{name}" for name, home in homes_within.items())
    for name, value in own.items():
        lines += [*_heading(name), *_details(name, value)]
    for name, value in constants.items():
        lines += [*_heading(name), *_constant(name, value)]
    return "\n".join(lines)


def _table(names):
    names = list(names)
    return [".. autosummary::", "", *(f"   {name}" for name in names), ""] if names else []


def _heading(name):
    return [name, "-" * len(name), ""]


def _details(name, value):
    if not inspect.isclass(value):
        return [f".. autofunction:: {name}", ""]
    members = ", ".join(_members(value))
    return [f".. autoclass:: {name}", *([f"   :members: {members}"] if members else []), ""]


def _members(cls):
    """Public methods and properties that a class of the zoo, or a base of it there, describes."""
    ours = [base for base in cls.__mro__ if base.__module__.startswith("zoo.")]
    theirs = [base for base in cls.__mro__ if base not in ours]
    described = {
        name: None
        for base in ours
        for name, value in vars(base).items()
        if not name.startswith("_") and getattr(value, "__doc__", None)
        if name not in ("get_config", "from_config")  # as in Keras
        if inspect.isroutine(value) or isinstance(value, property | functools.cached_property)
        # TFP copies the docstrings of `Distribution` to its subclasses.
        if value.__doc__ not in [getattr(other, name, None).__doc__ for other in theirs]
    }
    return list(described)


def _constant(name, value):
    """A constant with its value; a table of names with its keys."""
    if isinstance(value, dict):
        keys = ", ".join(f'``"{key}"``' for key in value)
        return [f".. data:: {name}", "", f"   Names: {keys}.", ""]
    return [f".. data:: {name}", f"   :value: {value!r}", ""]


def write():
    """Write what differs, and remove the pages of packages that are gone."""
    texts = {FOLDER / f"{package}.rst": text for package, text in pages().items()}
    for path in {*FOLDER.glob("*.rst")} - {*texts}:
        path.unlink()
    for path, text in texts.items():
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
