"""Images for `images.py`: scikit-learn's digits, any TFDS name, a folder or an .npy file."""

import argparse
import dataclasses
from typing import Any

import numpy as np
from support.run.cli import InputError, blame, held_out_rows, tfds_builder

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
MIN, MAX_GUESS = 8, 64
ORIENTATION = 0x0112  # among the EXIF tags


@dataclasses.dataclass
class Images:
    """`[N, H, W, C]` float32 in [0, 1]; labels of the held-out ones, or None; of the others too."""

    name: str
    train: Any
    held_out: Any
    labels: Any
    train_labels: Any
    default: bool = False


def load(options):
    """The `Images` that --data, --dataset or neither of them ask for."""
    if options.data is not None and options.dataset is not None:
        raise InputError("--data", "cannot be combined with --dataset")
    if options.dataset is not None:
        return _from_tfds(options)
    if options.data is None:
        name, (x, labels) = "scikit-learn's digits", _digits(options.size)
    elif not options.data.exists():
        raise InputError("--data", f"{options.data} does not exist")
    else:
        name = options.data.name
        x, labels = (_folder if options.data.is_dir() else _array_file)(options.data, options.size)
    train, held_out = held_out_rows(len(x), 0.2, options.seed, options.limit, "--data")
    both = (None, None) if labels is None else (labels[held_out], labels[train])
    x = finished(x)
    return Images(name, x[train], x[held_out], *both, default=options.data is None)


def finished(x):
    """float32 in [0, 1]; grey where all channels of all images agree; masks of 0 and 1 stay so."""
    if x.shape[-1] == 3 and (x == x[..., :1]).all():
        print("All images are grey: one channel is used.")
        x = x[..., :1]
    eight_bits = np.issubdtype(x.dtype, np.integer) and x.max() > 1
    return x.astype("float32") / 255 if eight_bits else x.astype("float32")


def _digits(size):
    from sklearn.datasets import load_digits

    if size is not None:
        raise InputError("--size", "the digits are 8x8; give --data or --dataset")
    digits = load_digits()
    return digits.images[..., None] / 16, digits.target.astype(str)


def _array_file(path, size):
    """Images of an .npy file; there are no labels."""
    if path.suffix.lower() != ".npy":
        raise InputError("--data", f"expected a folder of images or an .npy file, got {path}")
    with blame("--data", ValueError, OSError, EOFError):
        x = np.load(path, allow_pickle=False)
    if x.ndim == 3:
        x = x[..., None]
    if x.ndim != 4 or 0 in x.shape:
        raise InputError(
            "--data", f"expected an array [N, height, width(, channels)], got shape {x.shape}"
        )
    if not (np.issubdtype(x.dtype, np.number) or x.dtype == bool):
        raise InputError("--data", f"expected numbers, got an array of {x.dtype}")
    if not np.isfinite(x).all():
        raise InputError("--data", "holds NaN or infinite values")
    low, high = x.min(), x.max()
    if np.issubdtype(x.dtype, np.integer) and low >= 0 and 1 < high <= 255:
        x = x.astype("uint8")
    elif low < 0 or high > 1:
        raise InputError(
            "--data", f"spans [{low:g}, {high:g}], expected floats in [0, 1] or integers in 0..255"
        )
    return (x if size is None else _resize(x, size, "--data")), None


def _folder(folder, size):
    """Images below a folder, and the names of the sub-folders that they are in."""
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not paths:
        raise InputError("--data", f"no images ({', '.join(SUFFIXES)}) in {folder}")
    sizes = [_read_image(path, _upright_size) for path in paths]
    size = size or _common_size(sizes)
    _say_resized(sizes, size)
    # Each is made small at once: photos by the thousand would not fit into memory.
    images = [_read_image(path, lambda image: _fit(_pixels(image), size)) for path in paths]
    channels = max(image.shape[-1] for image in images)
    images = np.stack([np.repeat(x, channels // x.shape[-1], -1) for x in images])
    inside = [path.relative_to(folder).parts for path in paths]
    labels = np.array([parts[0] if len(parts) > 1 else "" for parts in inside])
    return images, labels if len(set(labels)) > 1 else None


def _read_image(path, function):
    """`function` of the Pillow image in a file."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return function(image)
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise InputError("--data", f"{path} cannot be read as an image: {error}") from error


def _upright_size(image):
    """Height and width as the camera was held, without reading the pixels."""
    on_its_side = image.getexif().get(ORIENTATION, 1) >= 5
    return image.size if on_its_side else image.size[::-1]


def _pixels(image):
    """A Pillow image as uint8 `[H, W, 1 or 3]`, as the camera was held."""
    from PIL import ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits: Pillow's own conversion would clip
        return (np.asarray(image)[..., None] // 257).astype("uint8")
    if image.mode in ("1", "L", "LA"):
        return np.asarray(image.convert("L"))[..., None]
    return np.asarray(image.convert("RGB"))


def _common_size(sizes):
    """The size that all images have, or one to resize them to."""
    if len(set(sizes)) == 1:
        return sizes[0]
    print(f"Images of {len(set(sizes))} sizes are cropped and resized; choose with --size.")
    return (max(MIN, min(min(map(min, sizes)), MAX_GUESS)),) * 2


def _say_resized(sizes, size):
    if set(sizes) != {size}:
        print(f"Images are resized to {size[0]}x{size[1]}.")


def _resize(images, size, argument):
    """Arrays of images as one: cropped about their centres to the shape of `size`, then resized."""
    sizes = [x.shape[:2] for x in images]
    if set(sizes) == {size}:
        return np.stack(images)
    channels = images[0].shape[-1]
    if channels not in (1, 3):
        raise InputError(argument, f"cannot resize images of {channels} channels")
    _say_resized(sizes, size)
    # Masks of 0 and 1 are as much as floats are.
    eight_bits = images[0].dtype == np.uint8 and max(x.max() for x in images) > 1
    scale = 1 if eight_bits else 255
    return np.stack([_fit(np.round(x * scale).astype("uint8"), size) for x in images])


def _fit(x, size):
    """One uint8 image, cropped and resized where that is needed."""
    from PIL import Image, ImageOps

    if x.shape[:2] == size:
        return x
    picture = Image.fromarray(x.squeeze(-1) if x.shape[-1] == 1 else x)
    fitted = np.asarray(ImageOps.fit(picture, size[::-1], Image.Resampling.LANCZOS))
    return fitted.reshape(*size, -1)


def _from_tfds(options):
    """Images of a prepared or downloadable TFDS data set, by its own splits."""
    builder = tfds_builder(options.dataset, options.data_dir)
    key, label = _features(builder, options.dataset)
    splits = builder.info.splits
    if "train" not in splits:
        raise InputError(
            "--dataset", f"{options.dataset} has no split 'train', only {list(splits)}"
        )
    most, wanted = options.limit, options.evaluate or None
    if "test" in splits:
        x, known = _read(builder, "train", most, key, label, options.size)
        test, labels = _read(builder, "test", wanted, key, label, options.size or x.shape[1:3])
        both = finished(np.concatenate([x, test]))
        return Images(options.dataset, both[: len(x)], both[len(x) :], labels, known)
    x, labels = _read(builder, "train", most, key, label, options.size)
    train, held_out = held_out_rows(len(x), 0.2, options.seed, None, "--limit")
    both = (None, None) if labels is None else (labels[held_out], labels[train])
    x = finished(x)
    return Images(options.dataset, x[train], x[held_out], *both)


def _features(builder, name):
    """Names of the image and (or None) of the class among a data set's features."""
    import tensorflow_datasets as tfds

    features = builder.info.features
    features = features if hasattr(features, "items") else {}
    images = [k for k, v in features.items() if isinstance(v, tfds.features.Image)]
    labels = [k for k, v in features.items() if isinstance(v, tfds.features.ClassLabel)]
    if not images:
        raise InputError("--dataset", f"{name} has no images, only {list(features)}")
    label = "label" if "label" in labels else next(iter(labels), None)
    return images[0], label


def _read(builder, split, most, key, label, size):
    """The first images of a split, `[N, H, W, C]` uint8, and the names of their classes."""
    available = builder.info.splits[split].num_examples
    dataset = builder.as_dataset(split=f"{split}[:{min(most or available, available)}]")
    wanted = (key,) if label is None else (key, label)
    rows = dataset.map(lambda example: {k: example[k] for k in wanted}).as_numpy_iterator()
    images, classes = [], []
    for row in rows:
        images.append(row[key])
        classes.append(row.get(label))
    if images and images[0].dtype != np.uint8:
        raise InputError("--dataset", f"expected 8-bit images, got {images[0].dtype}")
    names = builder.info.features[label].int2str if label else None
    size = size or _common_size([x.shape[:2] for x in images])
    images = _resize(images, size, "--size")
    return images, np.array([names(int(c)) for c in classes]) if names else None


def size(text):
    """argparse type: "32" or "28x20", height x width."""
    try:
        parts = [int(part) for part in text.lower().split("x")]
    except ValueError:
        parts = []
    found = tuple(parts * 2 if len(parts) == 1 else parts)
    if len(found) != 2:
        raise argparse.ArgumentTypeError(f"must be S or HxW, 32 or 28x20, got {text!r}")
    if min(found) < MIN:
        raise argparse.ArgumentTypeError(f"must be at least {MIN}, got {text}")
    return found
