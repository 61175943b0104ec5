"""metrics.json: options, versions and numbers of a run."""

import contextlib
import importlib.metadata
import json
import pathlib
import platform

from support.run.cli import InputError, first_line

import zoo
from zoo.core import files

MAX_SECONDS = 1e12  # of training; more is damage
# Options that may differ between a run and its --resume.
CAN_CHANGE = ("epochs", "resume", "samples", "evaluate", "report", "out", "data_dir")
CAN_CHANGE += ("learning_rate", "decay")
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


def check_options(mark, record, folder):
    """Raise unless the run to resume, of this mark, has the recipe and options of `record`."""
    if mark["recipe"] != record["recipe"]:
        raise InputError(
            "--resume",
            f"expected a run of {record['recipe']}.py in {folder}, got one of "
            f"{mark['recipe']}.py; choose its folder with --out",
        )
    for name, value in json.loads(json.dumps(record["options"])).items():
        expected = mark["options"].get(name)
        if name not in CAN_CHANGE and expected != value:
            flag = "--" + name.replace("_", "-")
            raise InputError(flag, f"expected {expected!r}, as in the run to resume, got {value!r}")


def read_progress(path):
    """(seconds, epochs) of training so far; zeros, with a printed line, if unknown."""
    try:
        previous = json.loads(path.read_bytes())
        seconds, epochs = previous["seconds"].get("training", 0.0), previous.get("epochs", 0)
        numbers = isinstance(seconds, int | float) and isinstance(epochs, int)
        if numbers and 0 <= seconds <= MAX_SECONDS and epochs >= 0:  # not NaN
            return seconds, epochs
        problem = "no numbers of seconds and epochs"
    except FileNotFoundError:
        problem = "no such file"
    except (OSError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        problem = first_line(error)
    print(f"{path} cannot be read ({problem}): the seconds of training until now are not counted.")
    return 0.0, 0


def write(record, path):
    """Write the file completely or not at all."""
    text = json.dumps(record, indent=2, default=_to_json, allow_nan=False)
    files.write(path, (text + "\n").encode())


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
