"""Data of `images.py`: scikit-learn's digits, a TFDS data set, a folder or an .npy file."""

import argparse
import dataclasses
from typing import Any

import numpy as np
from support.data import image_files, image_sizes
from support.data.splits import split_rows
from support.data.tfds_builder import tfds_builder
from support.run import shared_options
from support.run.cli import InputError


@dataclasses.dataclass
class Images:
    """Images `[N, H, W, C]` float32 in [0, 1] to train on and held out.

    Attributes:
        name: name of the data.
        train: images to train on.
        held_out: other images.
        labels: class names of the held-out images, or None.
        train_labels: class names of the images to train on, or None.
        default: True for scikit-learn's digits.
    """

    name: str
    train: Any
    held_out: Any
    labels: Any
    train_labels: Any
    default: bool = False


def add_options(data):
    """Add the options of `load` to a group of a command line."""
    shared_options.add_tfds(data, "mnist, fashion_mnist")
    shared_options.add_data(
        data,
        "PATH",
        "a folder of images (its sub-folders are classes), or an .npy file [N, H, W(, C)]",
    )
    data.add_argument(
        "--size",
        type=size,
        metavar="S",
        help="crop and resize images to SxS or HxW pixels (default: their own size if it is the "
        "same for all, else the smallest side, at most 64)",
    )
    shared_options.add_limit(data, "images")


def load(options):
    """Load the `Images` of --data or --dataset, or else scikit-learn's digits."""
    if options.data is not None and options.dataset is not None:
        raise InputError("--data", "expected either --data or --dataset, got both; leave one out")
    if options.dataset is not None:
        return _from_tfds(options)
    if options.data is None:
        name, (x, labels) = "scikit-learn's digits", _digits(options.size)
    elif not options.data.exists():
        raise InputError("--data", f"expected an existing file or folder, got {options.data}")
    else:
        name = options.data.name
        x, labels = image_files.read(options.data, options.size)
    train, held_out = split_rows(len(x), 0.2, options.seed, options.limit, "--data")
    split_labels = (None, None) if labels is None else (labels[held_out], labels[train])
    x = as_float(x)
    return Images(name, x[train], x[held_out], *split_labels, default=options.data is None)


def as_float(x):
    """Images as float32 in [0, 1], with one channel if all are grey.

    Integers from 0 to 255 are divided by 255, unless all of them are 0 or 1 (masks).
    """
    if x.shape[-1] == 3 and (x == x[..., :1]).all():
        print("All images are grey; one channel is used.")
        x = x[..., :1]
    eight_bits = np.issubdtype(x.dtype, np.integer) and x.max() > 1
    return x.astype("float32") / 255 if eight_bits else x.astype("float32")


def _digits(size):
    from sklearn.datasets import load_digits

    if size is not None:
        raise InputError("--size", "needs --data or --dataset; scikit-learn's digits stay 8x8")
    digits = load_digits()
    return digits.images[..., None] / 16, digits.target.astype(str)


def _from_tfds(options):
    """Images of a TFDS data set; its split "test" is held out if it has one, else a fifth."""
    builder = tfds_builder(options.dataset, options.data_dir)
    key, label = _features(builder, options.dataset)
    splits = builder.info.splits
    if "train" not in splits:
        raise InputError(
            "--dataset",
            f"expected a split 'train', got {list(splits)} in {options.dataset}; choose another",
        )
    x, labels = _read(builder, "train", options.limit, key, label, options.size)
    if "test" in splits:
        size = options.size or x.shape[1:3]
        test, test_labels = _read(builder, "test", options.evaluate or None, key, label, size)
        images = as_float(np.concatenate([x, test]))
        train, held_out = images[: len(x)], images[len(x) :]
        return Images(options.dataset, train, held_out, test_labels, labels)
    train, held_out = split_rows(len(x), 0.2, options.seed, None, "--limit")
    split_labels = (None, None) if labels is None else (labels[held_out], labels[train])
    x = as_float(x)
    return Images(options.dataset, x[train], x[held_out], *split_labels)


def _features(builder, name):
    """Names of a data set's image feature and of its class feature, or None without classes."""
    import tensorflow_datasets as tfds

    features = builder.info.features
    features = features if hasattr(features, "items") else {}
    images = [k for k, v in features.items() if isinstance(v, tfds.features.Image)]
    labels = [k for k, v in features.items() if isinstance(v, tfds.features.ClassLabel)]
    if not images:
        raise InputError(
            "--dataset", f"expected images, got {list(features)} in {name}; choose another data set"
        )
    label = "label" if "label" in labels else next(iter(labels), None)
    return images[0], label


def _read(builder, split, limit, key, label, size):
    """The first images of a split, `[N, H, W, C]` uint8, and their class names or None."""
    available = builder.info.splits[split].num_examples
    dataset = builder.as_dataset(split=f"{split}[:{min(limit or available, available)}]")
    names = (key,) if label is None else (key, label)
    rows = dataset.map(lambda example: {k: example[k] for k in names}).as_numpy_iterator()
    images, classes = [], []
    for row in rows:
        images.append(row[key])
        classes.append(row.get(label))
    if images and images[0].dtype != np.uint8:
        raise InputError("--dataset", f"expected 8-bit images, got {images[0].dtype}")
    class_name = builder.info.features[label].int2str if label else None
    size = size or image_sizes.common_size([x.shape[:2] for x in images])
    images = image_sizes.resize(images, size, "--size")
    return images, np.array([class_name(int(c)) for c in classes]) if label else None


def size(text):
    """argparse type: "32" or "28x20", height and width in pixels."""
    try:
        parts = [int(part) for part in text.lower().split("x")]
    except ValueError:
        parts = []
    height_width = tuple(parts * 2 if len(parts) == 1 else parts)
    if len(height_width) != 2:
        raise argparse.ArgumentTypeError(f"expected S or HxW, such as 32 or 28x20, got {text!r}")
    if min(height_width) < image_sizes.MIN_SIZE:
        raise argparse.ArgumentTypeError(
            f"expected at least {image_sizes.MIN_SIZE} pixels, got {text}"
        )
    return height_width
