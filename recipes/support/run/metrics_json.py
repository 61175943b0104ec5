"""metrics.json: options, versions and numbers of a run."""

import contextlib
import importlib.metadata
import json
import os
import pathlib
import platform

from support.run.cli import InputError

import zoo

# Options that may differ between a run and its --resume.
CAN_CHANGE = ("epochs", "resume", "samples", "evaluate", "report", "out", "data_dir")
PACKAGES = ("keras", "tensorflow", "tensorflow-probability", "numpy", "scikit-learn")


def new(recipe, options):
    """Record of a run that has not begun: its recipe, options and package versions."""
    return {
        "recipe": recipe,
        "finished": False,
        "options": _options(options),
        "versions": {"python": platform.python_version(), **_versions()},
        "seconds": {},
    }


def read_to_resume(path, record):
    """Read the record of the run to resume; it must have the recipe and options of `record`."""
    if not path.exists():
        raise InputError("--resume", f"expected a run in {path.parent}, got no metrics.json there")
    previous = json.loads(path.read_text())
    if previous["recipe"] != record["recipe"]:
        raise InputError(
            "--resume",
            f"expected a run of {record['recipe']}.py in {path.parent}, got one of "
            f"{previous['recipe']}.py; choose its folder with --out",
        )
    for name, value in json.loads(json.dumps(record["options"])).items():
        expected = previous["options"].get(name)
        if name not in CAN_CHANGE and expected != value:
            flag = "--" + name.replace("_", "-")
            raise InputError(flag, f"expected {expected!r}, as in the run to resume, got {value!r}")
    return previous


def write(record, path):
    """Write the file completely or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    text = json.dumps(record, indent=2, default=_to_json, allow_nan=False)
    partial.write_text(text + "\n")
    os.replace(partial, path)


def _options(options):
    return {k: str(v) if isinstance(v, pathlib.Path) else v for k, v in vars(options).items()}


def _versions():
    versions = {}
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    return {**versions, "zoo": zoo.__version__}


def _to_json(value):
    """NumPy's numbers as Python's; anything else as text."""
    return value.item() if hasattr(value, "item") else str(value)
