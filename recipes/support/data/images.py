"""Data of `images.py`: scikit-learn's digits, a TFDS data set, a folder, an .npy or .npz file."""

import argparse
import dataclasses
from typing import Any

import numpy as np
from support.data import image_files, image_sizes, image_tfds
from support.data.image_arrays import ImageSet
from support.data.splits import split_rows
from support.run import shared_options
from support.run.cli import InputError

MIN_WHITE = 0.25  # images whose largest value is below it may have another range


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
        notes: what was understood and changed, for the user.
    """

    name: str
    train: Any
    held_out: Any
    labels: Any
    train_labels: Any
    default: bool = False
    notes: tuple = ()


def add_options(data):
    """Add the options of `load` to a group of a command line."""
    shared_options.add_tfds(data, "mnist, fashion_mnist")
    shared_options.add_data(
        data,
        "PATH",
        "a folder of images (its sub-folders are classes, or train/ and test/ with classes), or an"
        " .npy or .npz file [N, H, W(, C)]",
    )
    data.add_argument(
        "--key",
        metavar="NAME",
        help="array of an .npz file, or feature of a TFDS data set, that holds the images",
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
        name, data = options.dataset, image_tfds.read(options)
    elif options.data is None:
        name, data = "scikit-learn's digits", ImageSet(*_digits(options.size))
    elif not options.data.exists():
        raise InputError("--data", f"expected an existing file or folder, got {options.data}")
    else:
        name = options.data.name
        data = image_files.read(options.data, options.size, options.key)
    train, held_out = _rows(data, options)
    notes = [*data.notes, *_double_note(data.images, train, held_out)]
    x, labels = as_float(data.images), data.labels
    if x.max() < MIN_WHITE:
        notes.append(
            f"the largest value is {x.max():.3g} of 1, so that all images are dark; divide them by "
            "their largest value if it means white"
        )
    unused = len(x) - len(train) - len(held_out)
    if unused:
        notes.append(f"{unused:,} images are left out (--limit); the choice is random, by --seed")
    split_labels = (None, None) if labels is None else (labels[held_out], labels[train])
    default = options.data is None and options.dataset is None
    return Images(name, x[train], x[held_out], *split_labels, default, tuple(notes))


def _rows(data, options):
    """Row numbers to train on and to hold out, each in a random order."""
    argument = "--data" if options.dataset is None else "--limit"
    if data.held_out is None:
        return split_rows(len(data.images), 0.2, options.seed, options.limit, argument)
    order = np.random.default_rng(options.seed).permutation(len(data.images))
    held_out = data.held_out[order]
    return order[~held_out][: options.limit], order[held_out]


def _double_note(images, train, held_out):
    """A note if images that are held out equal images to train on."""
    known = {hash(images[i].tobytes()) for i in train}
    doubled = sum(hash(images[i].tobytes()) in known for i in held_out)
    if doubled:
        yield (
            f"{doubled:,} of {len(held_out):,} held-out images are equal to one that is trained "
            "on, so that held-out numbers look better than they are"
        )


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
    if max(height_width) > image_sizes.MAX_SIZE:
        raise argparse.ArgumentTypeError(
            f"expected at most {image_sizes.MAX_SIZE} pixels, got {text}"
        )
    return height_width
