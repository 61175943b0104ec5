"""Image arrays of `images.py`: .npy and .npz files, and the range of their values."""

import dataclasses
from typing import Any

import numpy as np
from support.data import image_sizes
from support.run.cli import InputError, first_line

SPLITS = {"train": False, "test": True, "val": True, "valid": True, "validation": True}
BITS = (8, 10, 12, 14, 16)


@dataclasses.dataclass
class ImageSet:
    """Images as they were read.

    Attributes:
        images: `[N, H, W, C]`, uint8, or floats in [0, 1].
        labels: class names `[N]`, or None.
        held_out: True for each image that the data hold out themselves `[N]`, or None.
        notes: what was understood, for the user.
    """

    images: Any
    labels: Any = None
    held_out: Any = None
    notes: tuple = ()


def read(path, size, key=None):
    """Images of an .npy or .npz file: `ImageSet`; `key` is the name of an array in an .npz."""
    if path.suffix.lower() not in (".npy", ".npz"):
        raise InputError(
            "--data", f"expected a folder of images, an .npy or an .npz file, got {path}"
        )
    try:
        arrays = _arrays(path)
    except Exception as error:  # damaged headers raise many kinds
        message = first_line(error) or type(error).__name__
        message = "it is damaged or of another format" if "pickle" in message else message
        raise InputError(
            "--data", f"expected an array of numbers, got {path}: {message}"
        ) from error
    if not isinstance(arrays, np.ndarray):
        return _several(arrays, size, key)
    if key is not None:
        raise InputError("--key", "does not apply to an .npy file, which has one array; omit it")
    return _one(arrays, size)


def _arrays(path):
    """The array of an .npy file, or name -> array of an .npz, whatever the file's suffix is."""
    with path.open("rb") as file:
        if file.read(2) == b"PK":
            file.seek(0)
            content = np.load(file, allow_pickle=False)
            members = {name: content[name] for name in content.files}
            # A member that is not an array is returned as bytes.
            return {name: x for name, x in members.items() if isinstance(x, np.ndarray)}
    # A memory map does not allocate what a forged header claims.
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _one(x, size, name=""):
    images, notes = normalise(x)
    if size is not None:
        images = image_sizes.resize(images, size, "--data")
    return ImageSet(images, notes=tuple(f"{name}{note}" for note in notes))


def _several(arrays, size, key):
    """Images of an .npz file: one array, or those of train and test; labels by their length."""
    names = [name for name, x in arrays.items() if x.ndim in (3, 4) and x.dtype.kind in "buif"]
    if key is not None:
        names = [name for name in names if name == key]
    splits = {name: split for name in names if (split := _split(name)) is not None}
    if len(names) > 1 and len(splits) == len(names) and {*splits.values()} == {True, False}:
        parts = [_with_labels(name, arrays, size) for name in names]
        return _joined(parts, [splits[name] for name in names], names)
    if len(names) != 1:
        shapes = ", ".join(f"{name} {x.shape}" for name, x in list(arrays.items())[:12]) or "none"
        raise InputError(
            "--key" if key is not None or names else "--data",
            f"expected the name of one array [N, height, width(, channels)], got {shapes}; choose "
            "it with --key",
        )
    data = _with_labels(names[0], arrays, size)
    others = [f"{name} {x.shape}" for name, x in arrays.items() if name != names[0]]
    if others and data.labels is None:
        data.notes = (*data.notes, f"arrays that are not used: {', '.join(others[:12])}")
    return data


def _split(name):
    """True for the name of held-out data, False for that of training data, else None."""
    parts = name.lower().replace("-", "_").split("_")
    return next((SPLITS[part] for part in parts if part in SPLITS), None)


def _with_labels(name, arrays, size):
    """Images of one array with the labels among the others: as long, and of the same split."""
    data, rows = _one(arrays[name], size, f"{name}: "), len(arrays[name])
    for other, y in arrays.items():
        if _are_labels(y, rows) and _split(other) == _split(name):
            labels = np.asarray(y).reshape(-1)
            labels = labels.astype("int64") if labels.dtype.kind == "f" else labels
            data.labels = labels.astype(str)
            data.notes = (*data.notes, f"{name}: classes from {other}")
            break
    return data


def _are_labels(y, rows):
    """True for a column of integers, also written as floats, or texts, one for each image."""
    if y.dtype.kind == "f" and not (y == np.round(y)).all():
        return False
    return y.ndim in (1, 2) and len(y) == y.size == rows and y.dtype.kind in "buifUS"


def _joined(parts, held_out, names):
    shapes = {part.images.shape[1:] for part in parts}
    if len(shapes) > 1:
        raise InputError("--size", f"expected images of one size, got {sorted(shapes)}; set --size")
    has_labels = all(part.labels is not None for part in parts)
    labels = np.concatenate([part.labels for part in parts]) if has_labels else None
    trained = [name for name, held in zip(names, held_out, strict=True) if not held]
    note = (
        f"{', '.join(trained)} is trained on, {', '.join(sorted({*names} - {*trained}))} held out"
    )
    return ImageSet(
        np.concatenate([part.images for part in parts]),
        labels,
        np.repeat(held_out, [len(part.images) for part in parts]),
        (*(n for part in parts for n in part.notes), note),
    )


def normalise(x):
    """An array as `[N, H, W, C]` uint8 or float32 in [0, 1], and notes on what was changed."""
    if x.dtype.kind not in "buif":
        raise InputError("--data", f"expected numbers, got an array of {x.dtype}")
    x, notes = _with_channels(x)
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        raise InputError("--data", "expected finite numbers, got NaN or infinity; correct the file")
    x, range_notes = _in_range(x)
    if x.shape[-1] == 4:
        alpha = x[..., 3:] / (255 if x.dtype == np.uint8 else 1)
        white = 255 if x.dtype == np.uint8 else 1
        x = (x[..., :3] * alpha + white * (1 - alpha)).astype(x.dtype)
        notes.append("four channels are red, green, blue and opacity; shown on white")
    return x, [*notes, *range_notes]


def _with_channels(x):
    """`[N, H, W, C]`; three axes have one channel, and channels before the pixels are moved."""
    if x.ndim == 3 and x.shape[2] in (3, 4) and min(x.shape[:2]) > 4:
        raise InputError(
            "--data",
            f"expected an array [N, height, width(, channels)], got shape {x.shape}, which is one "
            "image; stack several images along a first axis",
        )
    if x.ndim == 4 and x.shape[2] in (1, 3, 4) and x.shape[3] > 4 and min(x.shape[:2]) > 4:
        raise InputError(
            "--data",
            f"expected an array [N, height, width(, channels)], got shape {x.shape}, which has the "
            "images last; move that axis first, as np.moveaxis(x, 3, 0) does",
        )
    if x.ndim == 3:
        x = x[..., None]
    if x.ndim != 4 or 0 in x.shape:
        hint = "; reshape flat images to [N, height, width]" if x.ndim == 2 else ""
        raise InputError(
            "--data",
            f"expected an array [N, height, width(, channels)], got shape {x.shape}{hint}",
        )
    if x.shape[1] in (1, 3, 4) and x.shape[3] > 4:
        return np.moveaxis(x, 1, 3), [f"shape {x.shape} has channels first; they are moved last"]
    return x, []


def _in_range(x):
    """uint8 or float32 in [0, 1], by the smallest and largest value, and notes."""
    low, high = float(x.min()), float(x.max())
    if x.dtype == bool or (x.dtype.kind in "ui" and low >= 0 and high <= 1):
        return x, []
    if x.dtype.kind in "ui" and low >= 0 and high < 2 ** BITS[-1]:
        bits = next(bits for bits in BITS if high < 2**bits)
        if bits == 8:
            return x.astype("uint8"), []
        note = f"integers up to {high:g} are divided by {2**bits - 1}, the largest of {bits} bits"
        return (x / (2**bits - 1)).astype("float32"), [note]
    if low >= 0 and high <= 1:
        return x.astype("float32"), []
    if low >= -1 and high <= 1:
        return ((x + 1) / 2).astype("float32"), ["values from -1 to 1 are mapped to 0 to 1"]
    if low >= 0 and high <= 255:
        return (x / 255).astype("float32"), ["floats from 0 to 255 are divided by 255"]
    raise InputError(
        "--data",
        "expected values in [0, 1], [-1, 1], or from 0 to 255, or integers of at most 16 bits, got "
        f"values from {low:g} to {high:g}; rescale them",
    )


def limits(floats):
    """Largest values that pixels of integers or floats can have, in increasing order."""
    return [*((1,) if floats else ()), *(2**bits - 1 for bits in BITS)]
