"""Folders of a model: configuration, weights, and a card as JSON and as Markdown."""

import datetime
import hashlib
import importlib.metadata
import io
import json
import os
import pathlib

import h5py
import keras
import numpy as np

from zoo.core import checkpoints, files, inputs, nested
from zoo.core.suggestions import nearest
from zoo.core.validation import check_path
from zoo.pretrained import cards
from zoo.pretrained.numbers import check_number

DTYPES = ("float32", "float16")
LARGE = 256  # values of an array; smaller ones stay in float32, because they take little space
PACKAGES = ("keras", "tensorflow")


def write(vae, folder: str | os.PathLike, card=None, dtype: str = "float32") -> pathlib.Path:
    """Write a model into a folder; see `VAE.save_to_preset`. Returns the folder."""
    if dtype not in DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r}")
    fields = _fields(card)
    folder = _free(folder)
    name = checkpoints.not_finite(vae)
    if name is not None:
        raise ValueError(f"the model must be finite, got NaN or infinity in {name}")
    config = configuration(vae)
    data = compact(checkpoints.as_bytes(vae), dtype)
    origin = vae.origin
    described = cards.WeightsCard(
        **{
            "variant": vae.name if origin is None else origin.variant,
            "options": None if origin is None else origin.plain_options(),
            "defaults": None if origin is None else origin.plain_defaults(),
            "seed": vae.seed,
            "made": datetime.date.today().isoformat(),
            **fields,
            "input_shape": nested.map_arrays(list, vae.decoder.free_event_shape),
            "parameters": vae.count_params(),
            "dtype": dtype,
            "versions": _versions(),
            "sha256": hashlib.sha256(data).hexdigest(),
            "config_sha256": cards.config_digest(config),
            "bytes": len(data),
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    files.write(folder / cards.CONFIG, (json.dumps(config, indent=1) + "\n").encode())
    files.write(folder / cards.WEIGHTS, data)
    _write_card(folder, described)
    return folder


def describe(folder: str | os.PathLike, **fields) -> cards.WeightsCard:
    """Change descriptive fields of the card in a folder, and return the card.

    Args:
        folder: a folder that `VAE.save_to_preset` wrote.
        **fields: as in `save_to_preset`.

    Raises:
        ValueError: the folder has no card.
        TypeError: an unknown field.
    """
    check_path(folder=folder)
    folder = pathlib.Path(folder).expanduser()
    card = cards.read(folder)
    if card is None:
        raise ValueError(f"folder must be one that save_to_preset wrote, got {str(folder)!r}")
    card = cards.WeightsCard(**{**vars(card), **_fields(fields)})
    _write_card(folder, card)
    return card


def first_output(vae) -> list | dict:
    """Up to 16 values of `vae.generate(1, seed=0)`, evenly spaced; of each modality, in a dict."""
    inputs.require_built(vae)
    return nested.map_arrays(_some_values, vae.generate(1, seed=0))


def _some_values(array):
    values = np.ravel(np.asarray(array))
    values = values[np.unique(np.linspace(0, len(values) - 1, 16).astype(int))]
    return [str(v) if values.dtype.kind in "OSU" else round(float(v), 6) for v in values]


def _write_card(folder, card):
    files.write(folder / cards.README, card.markdown().encode())
    files.write(folder / cards.CARD, cards.as_json(card).encode())


def _fields(card):
    """Descriptive fields of a card, checked."""
    fields = {} if card is None else card
    if not isinstance(fields, dict):
        raise TypeError(f"card must be a dict, got {type(fields).__name__}")
    for name, value in fields.items():
        if name not in cards.DESCRIPTIVE:
            raise TypeError(
                f"card has no field {name!r}{nearest(name, cards.DESCRIPTIVE)} "
                f"Fields: {', '.join(cards.DESCRIPTIVE)}"
            )
        if name in cards.TEXTS and not isinstance(value, str):
            raise TypeError(f"{name} of card must be a text, got {value!r:.200}")
    _check_numbers(fields.get("numbers", {}))
    try:
        json.dumps(fields)
    except (TypeError, ValueError) as error:
        raise TypeError(f"card must hold texts and numbers of Python: {error}") from None
    return fields


def _check_numbers(numbers):
    if not isinstance(numbers, dict):
        raise TypeError(f"numbers of card must be a dict, name -> number, got {numbers!r:.200}")
    for name, number in numbers.items():
        check_number(number, f"numbers[{name!r}] of card")


def _free(folder):
    """The folder as a path, if a model may be written there; raise otherwise."""
    check_path(folder=folder)
    folder = pathlib.Path(folder).expanduser()
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"folder must be a folder, got the file {folder}")
    if folder.is_dir() and any(folder.iterdir()):
        try:
            own = cards.read(folder) is not None
        except ValueError:
            own = False
        if not own:
            raise FileExistsError(
                f"folder must be new, empty or one that save_to_preset wrote, got {folder}, which "
                "holds other files: choose another folder"
            )
    return folder


def configuration(vae) -> dict:
    """The configuration of a model as `VAE.save` writes it, without that of `compile`.

    Raises:
        ValueError: it has a lambda.
    """
    text = json.dumps(keras.saving.serialize_keras_object(vae))
    if "__lambda__" in text:
        raise ValueError(
            "the model must be without a lambda, which no file can hold safely: use a function "
            "that is registered with keras.saving.register_keras_serializable"
        )
    config = json.loads(text)
    config.pop("compile_config", None)
    return config


def compact(data: bytes, dtype: str = "float32") -> bytes:
    """The content of a `.weights.h5` file, compressed and without the state of the optimizer.

    Equal weights give equal bytes.

    Args:
        data: the content of a file.
        dtype: type of large arrays of float32 that fit into it.
    """
    target = io.BytesIO()
    with h5py.File(io.BytesIO(data), "r") as old, _new_file(target) as new:
        _copy(old, new, dtype, skip=("optimizer",))
    return target.getvalue()


def _new_file(target):
    """An HDF5 file in a file object, without the times at which its groups are written."""
    creation = _without_times(h5py.h5p.FILE_CREATE)
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fileobj_driver(h5py.h5fd.fileobj_driver, target)
    access.set_libver_bounds(h5py.h5f.LIBVER_V110, h5py.h5f.LIBVER_V110)  # small groups
    return h5py.File(h5py.h5f.create(b"memory", h5py.h5f.ACC_TRUNC, creation, access))


def _without_times(kind):
    """Properties of a new file or group."""
    properties = h5py.h5p.create(kind)
    properties.set_obj_track_times(False)
    return properties


def _copy(old, new, dtype, skip=()):
    """Copy groups and arrays of an HDF5 file."""
    for name, value in old.attrs.items():
        new.attrs[name] = value
    for name in sorted(old):
        if name in skip:
            continue
        if isinstance(old[name], h5py.Group):
            properties = _without_times(h5py.h5p.GROUP_CREATE)
            group = h5py.h5g.create(new.id, name.encode(), gcpl=properties)
            _copy(old[name], h5py.Group(group), dtype)
        else:
            array = np.asarray(old[name])
            array = _narrow(array, dtype) if array.dtype == np.float32 else array
            packing = {"compression": "gzip", "compression_opts": 9, "shuffle": True}
            new.create_dataset(name, data=array, **(packing if array.size >= LARGE else {}))


def _narrow(array, dtype):
    """The array in `dtype`, if it is large and its values fit."""
    if array.size < LARGE or np.abs(array).max() > np.finfo(dtype).max:
        return array
    return array.astype(dtype)


def _versions():
    import zoo  # noqa: PLC0415  (zoo imports this package)

    installed = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"zoo": zoo.__version__, **installed}
