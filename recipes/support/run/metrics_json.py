"""metrics.json: what it says of every run, and how it is written."""

import contextlib
import importlib.metadata
import json
import os
import pathlib
import platform

from support.run.cli import InputError

import zoo

# Options that may change between a run and its --resume.
FREE = ("epochs", "resume", "samples", "evaluate", "report", "out", "data_dir")
PACKAGES = ("keras", "tensorflow", "tensorflow-probability", "numpy", "scikit-learn")


def new(recipe, options):
    """What is known of a run before it begins."""
    return {
        "recipe": recipe,
        "finished": False,
        "options": _options(options),
        "versions": {"python": platform.python_version(), **_versions()},
        "seconds": {},
    }


def read_to_resume(path, record):
    """What a run to resume says of itself; it must be of the same recipe and options."""
    if not path.exists():
        raise InputError("--resume", f"there is no run in {path.parent}")
    before = json.loads(path.read_text())
    if before["recipe"] != record["recipe"]:
        raise InputError("--resume", f"{path.parent} is a run of {before['recipe']}.py")
    for name, value in json.loads(json.dumps(record["options"])).items():
        was = before["options"].get(name)
        if name not in FREE and was != value:
            flag = "--" + name.replace("_", "-")
            raise InputError(flag, f"is {value!r}, but the run to resume has {was!r}")
    return before


def write(record, path):
    """Write the file as a whole or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    text = json.dumps(record, indent=2, default=_plain, allow_nan=False)
    partial.write_text(text + "\n")
    os.replace(partial, path)


def _options(options):
    return {k: str(v) if isinstance(v, pathlib.Path) else v for k, v in vars(options).items()}


def _versions():
    found = {}
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return {**found, "zoo": zoo.__version__}


def _plain(value):
    """NumPy's numbers as Python's, for JSON."""
    return value.item() if hasattr(value, "item") else str(value)
