"""Paths of exported files: checks before a conversion, and files that replace others at once."""

import importlib.util
import os
import pathlib
import tempfile

# First parts of the names of signatures; what follows is a subset of modalities or a type.
PARTS = ("encode", "decode", "reconstruct", "score")


def check(runtime, filepath, format):
    """Raise for a missing package, or a path that is not one of the format."""
    missing = [name for name in runtime.PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f"format={format!r} needs {' and '.join(missing)}: pip install 'zoo-vae[export]'"
        )
    path, text = pathlib.Path(filepath), os.fspath(filepath)
    if runtime.SUFFIX:
        if path.suffix != runtime.SUFFIX or path.is_dir():
            raise ValueError(
                f"filepath must be a file that ends in {runtime.SUFFIX!r}, got {text!r}"
            )
    elif path.suffix in (".onnx", ".xml") or path.is_file():
        raise ValueError(
            f"filepath must be a folder, in which each signature has a file, for "
            f"format={format!r}, got {text!r}"
        )


def put(runtime, filepath, contents):
    """Write the files of an export beside their place, then move them there.

    Files of signatures that an earlier export left in the folder are removed: they are of another
    model.
    """
    path = pathlib.Path(filepath)
    folder = path.parent if runtime.SUFFIX else path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as stage:
        runtime.write(pathlib.Path(stage), path.name, contents)
        new = sorted(p.name for p in pathlib.Path(stage).iterdir())
        for name in new:
            os.replace(pathlib.Path(stage) / name, folder / name)
    for old in folder.iterdir():
        if old.suffix in runtime.FILES and old.stem.split("_")[0] in PARTS and old.name not in new:
            old.unlink()
