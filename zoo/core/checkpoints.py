"""Weights files with a record beside each, which holds a checksum and describes the state.

The record of `NAME.weights.h5` is `NAME.json`. It is written first, so that a weights file without
one was written by another program, or by version 0.1.0.
"""

import hashlib
import io
import json
import os
import pathlib

import keras
import numpy as np

import zoo
from zoo.core import files

FORMAT, VERSION = "zoo checkpoint", 1
SUFFIX = ".weights.h5"


class CheckpointError(ValueError):
    """A checkpoint cannot be used; the message names the file."""


class _MemoryFile(io.BytesIO):
    """A file in memory, for `save_weights` and `load_weights`.

    HDF5 keeps a file open for ever that could not be written because the disk was full.
    """

    def __str__(self):
        return f"memory{SUFFIX}"  # Keras checks the end of the name


def record_path(path: pathlib.Path) -> pathlib.Path:
    """Path of the record of a weights file."""
    return path.with_name(path.name.removesuffix(SUFFIX) + ".json")


def variables(model: keras.Model) -> list:
    """Variables of a model and of its optimizer, if it has one."""
    optimizer = getattr(model, "optimizer", None)
    return [*model.variables, *(() if optimizer is None else optimizer.variables)]


def values(model: keras.Model) -> list[np.ndarray]:
    """Copies of the values of `variables`."""
    return [np.array(v.numpy()) for v in variables(model)]


def assign(model: keras.Model, values: list[np.ndarray]) -> None:
    """Give the `variables` of a model these values."""
    for variable, value in zip(variables(model), values, strict=True):
        variable.assign(value)


def not_finite(model: keras.Model, values: list[np.ndarray] | None = None) -> str | None:
    """Path of the first variable that holds NaN or infinity, or None.

    The learning rate is not checked: it is a setting, and a user or a callback may replace it.

    Args:
        values: those of the variables, if they have been copied already.
    """
    if values is None:
        values = (np.asarray(v.numpy()) for v in variables(model))
    learning_rate = getattr(getattr(model, "optimizer", None), "learning_rate", None)
    for variable, value in zip(variables(model), values, strict=True):
        if (
            variable is not learning_rate
            and value.dtype.kind not in "biuOSU"
            and not np.isfinite(value).all()
        ):
            return variable.path
    return None


def as_bytes(model: keras.Model) -> bytes:
    """Content of the `.weights.h5` file of a model."""
    file = _MemoryFile()
    model.save_weights(file)
    return file.getvalue()


def write(model: keras.Model, path: pathlib.Path, *, to_disk=True, **description) -> None:
    """Write weights and optimizer state with a record that also holds the `description`.

    A damaged file of this name is renamed, with ".damaged" at its end.

    Args:
        to_disk: False in workers that do not write; all workers must compute the weights, though.

    Raises:
        FloatingPointError: a variable holds NaN or infinity; nothing is written.
        FileExistsError: path is a file of another program.
        OSError: the file cannot be written; an earlier one may be left without a valid record.
    """
    name = not_finite(model)
    if name is not None:
        raise FloatingPointError(f"{path.name} was not written: {name} holds NaN or infinity")
    data = as_bytes(model)
    if not to_disk:
        return
    _make_way(path)
    content = {"format": FORMAT, "version": VERSION, "sha256": _digest(data), **description}
    files.write(record_path(path), json.dumps(content, indent=1).encode())
    files.write(path, data)


def require_free(path: pathlib.Path) -> None:
    """Raise `FileExistsError` if `write` would have to overwrite a file of another program."""
    try:
        foreign = record(path) is None and path.exists()
    except CheckpointError:
        foreign = not path.exists()
    if foreign:
        raise FileExistsError(
            f"{path} or its .json was not written by this version of zoo: choose another folder"
        )


def _make_way(path):
    """Rename a damaged checkpoint of this name; raise if its files are of another program."""
    require_free(path)
    try:
        record(path)
    except CheckpointError:
        for old in (path, record_path(path)):
            os.replace(old, old.with_name(f"{old.name}.damaged"))


def update_record(path: pathlib.Path, **description) -> None:
    """Add to the record of a weights file, or change it."""
    content = record(path)
    files.write(record_path(path), json.dumps({**content, **description}, indent=1).encode())


def versions() -> dict[str, str]:
    """Versions on which the configuration of a model depends."""
    return {"zoo": zoo.__version__, "keras": keras.__version__}


def record(path: pathlib.Path) -> dict | None:
    """Record of a weights file, or None if there is none.

    Raises:
        CheckpointError: there is a file, which is not a complete record.
    """
    path = record_path(path)
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged: {first_line(error)}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not the record of a checkpoint of zoo")
    if content.get("version") != VERSION:
        raise CheckpointError(
            f"{path} has the format version {content.get('version')!r}, expected {VERSION}: use "
            "the version of zoo that wrote it"
        )
    return content


def read(path: pathlib.Path, own: bool = True) -> bytes:
    """Content of a weights file whose checksum is right, or that has no record.

    Args:
        path: the file.
        own: False if the file may be of another program, whose `.json` is not a record.

    Raises:
        CheckpointError: the file is missing or damaged.
    """
    try:
        content = record(path)
    except CheckpointError:
        if own:
            raise
        content = None
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from None
    if content is not None and content.get("sha256") != _digest(data):
        raise CheckpointError(f"{path} is damaged: its SHA-256 checksum differs from its record's")
    return data


def load(model: keras.Model, path: pathlib.Path, own: bool = True, **options) -> None:
    """Load a weights file into a built model, and the state of its optimizer.

    Args:
        model: the model.
        path: a `.weights.h5` file, or another file or folder that Keras can load.
        own: as in `read`.
        **options: of `keras.Model.load_weights`.

    Raises:
        CheckpointError: the file is missing, damaged, of another model, or holds NaN or infinity.
            The model is left as it was.
    """
    source = str(path)
    if not path.is_dir():
        data = read(path, own)
        source = _MemoryFile(data) if path.name.endswith(SUFFIX) else source
    before, problem = values(model), None
    try:
        keras.Model.load_weights(model, source, **options)
    except Exception as error:  # h5py and Keras raise many types of errors
        problem = f"cannot be loaded into this model: {first_line(error).rstrip(':.')}"
    else:
        name = not_finite(model)
        if name is not None:
            problem = f"holds NaN or infinity in {name}"
    if problem is not None:
        assign(model, before)
        raise CheckpointError(f"{path} {problem}")


def remove(path: pathlib.Path) -> None:
    """Delete a weights file and its record."""
    path.unlink(missing_ok=True)  # first, or it would be left without a record
    record_path(path).unlink(missing_ok=True)


def first_line(error: BaseException) -> str:
    """First line of an error's message."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _digest(data):
    return hashlib.sha256(data).hexdigest()
