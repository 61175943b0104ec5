"""Data of the pretrained weights: source, licence, and how x is made of them."""

import argparse
import dataclasses
import pathlib
from typing import Any

import numpy as np
from support.data import audio_visual, images, splits, tfds_builder, windows
from support.run.cli import InputError


@dataclasses.dataclass(frozen=True)
class Source:
    """A data set.

    Attributes:
        text: name, version and split, for a card.
        licence: licence of the data, with the names that it asks for.
        weights_licence: licence of weights that are trained on them, and why.
        inputs: form of x and of its values.
        read: function of the folder of data, or None -> `Data`.
    """

    text: str
    licence: str
    weights_licence: str
    inputs: str
    read: Any


@dataclasses.dataclass
class Data:
    """Examples to train on, held-out examples, and the classes of the latter or None."""

    train: Any
    held_out: Any
    labels: Any = None


DAY = 48  # half-hours
APACHE = "Apache-2.0, as the package"


def tfds_images(name, size=None, invert=False):
    """Function that reads images of TFDS, in the order of `recipes/images.py` with seed 0."""

    def read(folder):
        options = argparse.Namespace(
            dataset=name,
            data=None,
            data_dir=folder,
            key=None,
            size=size,
            limit=None,
            evaluate=0,
            seed=0,
        )
        data = images.load(options)
        train, held_out = ((1 - x if invert else x) for x in (data.train, data.held_out))
        return Data(train, held_out, data.labels)

    return read


def random_split(read, train_size):
    """Function that splits the examples of `read` at random, whichever split they come from."""

    def split(folder):
        data = read(folder)
        x = np.concatenate([data.train, data.held_out])
        x = x[np.random.default_rng(0).permutation(len(x))]
        return Data(x[:train_size], x[train_size:])

    return split


def quickdraw(folder):
    """Sketches of the bitmaps in a folder; a tenth of each kind is held out."""
    if folder is None:
        raise InputError("--data-dir", "expected the folder of the bitmaps, got none")
    files = [p for p in sorted(pathlib.Path(folder).iterdir()) if p.suffix in (".npy", ".bin")]
    if not files:
        raise InputError("--data-dir", f"expected files *.npy or *.bin, got none in {folder}")
    parts = [_bitmaps(path) for path in files]
    train, held_out, labels = [], [], []
    for path, x in zip(files, parts, strict=True):
        to_train, to_test = splits.split_rows(len(x), 0.1, 0, None, "--data-dir")
        train.append(x[to_train])
        held_out.append(x[to_test])
        labels += [path.stem] * len(to_test)
    order = np.random.default_rng(0).permutation(sum(map(len, train)))
    return Data(np.concatenate(train)[order], np.concatenate(held_out), np.array(labels))


def _bitmaps(path):
    """Images `[N, 28, 28, 1]` in [0, 1] of an .npy file, or of a file of bytes."""
    raw = np.load(path, allow_pickle=False) if path.suffix == ".npy" else np.fromfile(path, "uint8")
    return raw.reshape(-1, 28, 28, 1).astype("float32") / 255


def wine(folder):
    """scikit-learn's wines; a fifth is held out. The folder is not used."""
    from sklearn.datasets import load_wine

    table = load_wine()
    train, held_out = splits.split_rows(len(table.data), 0.2, 0, None, "--data-dir")
    x = table.data.astype("float32")
    return Data(x[train], x[held_out], table.target_names[table.target[held_out]])


def taxi(folder):
    """Windows of half-hourly taxi rides, with any first step; the last 65 days are held out."""
    if folder is None:
        raise InputError("--data-dir", "expected a clone of NAB's repository, got none")
    path = pathlib.Path(folder) / "data" / "realKnownCause" / "nyc_taxi.csv"
    if not path.exists():
        raise InputError("--data-dir", f"expected a clone of NAB's repository, got no file {path}")
    rides = np.loadtxt(path, delimiter=",", skiprows=1, usecols=1, ndmin=2)
    train, held_out = rides[: 150 * DAY], windows.cut(rides[150 * DAY :], DAY, DAY)
    first = np.datetime64("2014-07-01") + 150
    weekdays = np.is_busday(first + np.arange(len(held_out)))
    return Data(windows.cut(train, DAY), held_out, np.where(weekdays, "weekday", "weekend"))


def verses(folder):
    """Lines of tiny_shakespeare that are spoken; no line to train on is held out."""
    parts = {split: _spoken_lines(folder, split) for split in ("train", "validation", "test")}
    train = list(dict.fromkeys(parts["train"]))
    seen, others = set(train), dict.fromkeys(parts["validation"] + parts["test"])
    held_out = [line for line in others if line not in seen]
    return Data(np.array(train, object), np.array(held_out, object))


def _spoken_lines(folder, split):
    """Lines of a split with at least two words that are not the name of a speaker."""
    builder = tfds_builder.tfds_builder("tiny_shakespeare", folder)
    (text,) = builder.as_dataset(split=split).as_numpy_iterator()
    lines = [line.strip() for line in text["text"].decode().split("\n")]
    # The splits are cut between characters: their first and last lines are not whole.
    return [line for line in lines[1:-1] if " " in line and not line.endswith(":")]


def spoken_mnist(folder):
    """Pairs of an image of MNIST and a spoken digit; the test pairs are held out."""
    pairs = audio_visual.spoken(folder)
    train, held_out = (
        {"image": x["image"], "audio": x["audio"][..., None]} for x in (pairs.train, pairs.test)
    )
    return Data(train, held_out, pairs.labels["test"])


GREY = "grey images [N, 28, 28, 1] with values in [0, 1], white on black"
SOURCES = {
    "mnist": Source(
        "MNIST (TFDS mnist 3.0.1): 60,000 images to train on, 10,000 test images",
        "CC BY-SA 3.0; Yann LeCun, Corinna Cortes, Christopher J. C. Burges",
        "CC BY-SA 3.0, in case the weights count as an adaptation of the data",
        GREY,
        tfds_images("mnist"),
    ),
    "fashion_mnist": Source(
        "Fashion-MNIST (TFDS fashion_mnist 3.0.1): 60,000 images to train on, 10,000 test images",
        "MIT; Copyright 2017 Zalando SE",
        APACHE,
        GREY,
        tfds_images("fashion_mnist"),
    ),
    "omniglot": Source(
        "Omniglot (TFDS omniglot 3.0.0), inverted and resized to 28x28: 19,280 images of 30 "
        "alphabets to train on, 13,180 of 20 other alphabets to test",
        "MIT; Copyright 2015 Brenden Lake",
        APACHE,
        GREY,
        tfds_images("omniglot", (28, 28), invert=True),
    ),
    "omniglot_random": Source(
        "Omniglot (TFDS omniglot 3.0.0), inverted and resized to 28x28: the 32,460 images of all "
        "50 alphabets in random order, 24,345 to train on, 8,115 to test",
        "MIT; Copyright 2015 Brenden Lake",
        APACHE,
        GREY,
        random_split(tfds_images("omniglot", (28, 28), invert=True), 24_345),
    ),
    "quickdraw": Source(
        "Quick, Draw! bitmaps of cats, rainbows and trains: nine tenths to train on, one to test",
        "CC BY 4.0; Google",
        "CC BY 4.0, with the attribution: Quick, Draw! Dataset, Google",
        GREY,
        quickdraw,
    ),
    "taxi": Source(
        "taxi rides in New York, counted each half-hour from 1 July 2014 to 31 January 2015 "
        "(nyc_taxi.csv of the Numenta Anomaly Benchmark): 150 days to train on, the last 65, with "
        "holidays and a snowstorm, held out",
        "MIT; Copyright 2014-2024 Numenta Inc.; counts of the NYC Taxi and Limousine Commission",
        APACHE,
        "windows [N, 48, 1], the rides of a day that begins at any half-hour",
        taxi,
    ),
    "tiny_shakespeare": Source(
        "Tiny Shakespeare (TFDS tiny_shakespeare 1.0.0): lines of plays of at least two words, "
        "without the names of speakers; those of the validation and test parts are held out",
        "public domain: William Shakespeare, died 1616",
        APACHE,
        "texts [N]; lower-cased, punctuation split off, at most 20 words",
        verses,
    ),
    "spoken_mnist": Source(
        "MNIST (TFDS mnist 3.0.1) with the Free Spoken Digit Dataset (TFDS spoken_digit 1.0.9), "
        "paired at random by digit: 55,000 pairs to train on, 10,000 test pairs of other images "
        "and recordings of the same speakers",
        "MNIST: CC BY-SA 3.0; Yann LeCun, Corinna Cortes, Christopher J. C. Burges. Spoken digits: "
        "CC BY-SA 4.0; Zohar Jackson and others",
        "CC BY-SA 4.0, in case the weights count as an adaptation of the data",
        '{"image": [N, 28, 28, 1] as for MNIST, "audio": log-mel spectrograms [N, 40, 40, 1] in '
        "[0, 1] of 0.62 seconds}",
        spoken_mnist,
    ),
    "wine": Source(
        "Wine (UCI 109, scikit-learn's load_wine): 143 wines to train on, 35 to test",
        "CC BY 4.0; S. Aeberhard and M. Forina, Wine, UCI Machine Learning Repository, 1992, "
        "doi 10.24432/C5PC7J",
        "CC BY 4.0, with the attribution of the data",
        "a table [N, 13] in the units and the order of scikit-learn's load_wine",
        wine,
    ),
}
