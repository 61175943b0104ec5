"""Data of `audio_visual.py`: digits with telephone tones, or MNIST with spoken digits."""

import dataclasses
import pathlib

import numpy as np
from support.data import spectrograms
from support.run.cli import InputError

PARTS = ("train", "valid", "test")
# Hz; a key of a telephone plays the frequency of its row together with that of its column.
ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477)
KEYS = ("123", "456", "789", "*0#")
SIDE, MARGIN = 28, 4  # pixels, as in MNIST
# There are 50 recordings of each speaker and digit. Numbers 0 to 4 are the authors' test split,
# 5 to 8 are used for validation.
TEST_BELOW, VALID_BELOW = 5, 9
VALID_IMAGES = 5000


@dataclasses.dataclass
class Pairs:
    """Pairs of images and sounds to train on, for validation and to test.

    Attributes:
        name: name of the data.
        description: description of the data, for the user.
        train: `{"image": [N, 28, 28, 1], "audio": [N, frames, 40]}`, float32 in [0, 1].
        valid: other pairs.
        test: other pairs.
        labels: part -> digits `[N]`.
        recordings: part -> file names of the sounds `[N]`, or None if they are synthesised.
    """

    name: str
    description: str
    train: dict
    valid: dict
    test: dict
    labels: dict
    recordings: dict | None = None

    @property
    def speakers(self):
        """Speaker of each pair, `{part: [N]}`, or None for tones."""
        if self.recordings is None:
            return None
        return {
            part: np.array([_parse_name(n)[1] for n in x]) for part, x in self.recordings.items()
        }


def load(data_dir=None, pairs=None, seed=0):
    """Load the pairs of `spoken` from the TFDS folder `data_dir`, or make those of `tones`."""
    return tones(pairs, seed) if data_dir is None else spoken(data_dir, pairs, seed)


def tones(pairs=None, seed=0):
    """Pair scikit-learn's digits with synthesised tones of their telephone keys.

    Args:
        pairs: number of training pairs; None uses each image once. More pairs than images repeat
            the images, with new tones.
        seed: seed of the split and the tones.
    """
    images, digits = _small_digits()
    order = np.random.default_rng(seed).permutation(len(images))
    parts, labels = {}, {}
    for number, (part, rows) in enumerate(zip(PARTS, np.split(order, [1257, 1437]), strict=True)):
        rng = np.random.default_rng([seed, number])
        chosen = rows[passes(len(rows), pairs if part == "train" else None, rng)]
        labels[part] = digits[chosen]
        waveforms = [tone(digit, rng) for digit in labels[part]]
        parts[part] = {"image": images[chosen], "audio": spectrograms.log_mel(waveforms)}
    description = (
        "scikit-learn's 8x8 digits, enlarged to 28x28, each with the synthesised telephone (DTMF) "
        "tone of its key, of random phases, loudness, length, onset and noise: "
    )
    return Pairs("digits and telephone tones", description + _sizes(labels), **parts, labels=labels)


def spoken(data_dir, pairs=None, seed=0):
    """Pair TFDS' mnist with its spoken_digit: each image with a random recording of its digit.

    Args:
        data_dir: the folder of TFDS' data.
        pairs: number of training pairs; None uses each image once. Validation and test pairs use
            each image once.
        seed: seed of the split and the pairs.
    """
    data_dir = _folder(data_dir)
    images, digits = _mnist(data_dir, seed)
    sounds, spoken_digits, names = _spoken_digit(data_dir)
    parts, labels, recordings = {}, {}, {}
    for number, (part, rows) in enumerate(recordings_by_part(names).items()):
        rng = np.random.default_rng([seed, number])
        chosen = passes(len(images[part]), pairs if part == "train" else None, rng)
        labels[part] = digits[part][chosen]
        matched = rows[matches(labels[part], spoken_digits[rows], rng)]
        recordings[part] = names[matched]
        parts[part] = {"image": _in_unit_range(images[part][chosen]), "audio": sounds[matched]}
    people = sorted({_parse_name(name)[1] for name in names})
    description = (
        f"MNIST with recordings of the Free Spoken Digit Dataset by {len(people)} speakers "
        f"({', '.join(people)}; the same people in every part, but no recording in two of them), "
        f"paired at random by digit: {_sizes(labels)}; "
        + ", ".join(f"{len(set(x))} {part} recordings" for part, x in recordings.items())
    )
    name = "MNIST and spoken digits"
    return Pairs(name, description, **parts, labels=labels, recordings=recordings)


def tone(digit, rng):
    """Tone `[samples]` of a digit's telephone key: two sines, silence before and after, noise."""
    length = int(rng.uniform(0.2, 0.5) * spectrograms.RATE)
    time = np.arange(length)[:, None] / spectrograms.RATE
    sines = np.sin(2 * np.pi * (np.array(frequencies(digit)) * time + rng.random(2)))
    ramp = np.minimum(1, np.minimum(np.arange(length) + 1, np.arange(length, 0, -1)) / 40)  # 5 ms
    waveform = rng.normal(0, rng.uniform(0.001, 0.01), spectrograms.samples())
    start = rng.integers(0, len(waveform) - length + 1)
    waveform[start : start + length] += ramp * (sines @ rng.uniform(0.15, 0.45, 2))
    return waveform.clip(-1, 1).astype("float32")


def frequencies(digit):
    """The two frequencies, in Hz, of a digit's telephone key."""
    if digit not in range(10):
        raise InputError("digit", f"expected an integer from 0 to 9, got {digit}")
    row = next(row for row, keys in enumerate(KEYS) if str(digit) in keys)
    return ROWS[row], COLUMNS[KEYS[row].index(str(digit))]


def passes(images, pairs, rng):
    """Image numbers of `pairs` pairs in a random order; all images are used before any repeats."""
    pairs = images if pairs is None else pairs
    if pairs < 1:
        raise InputError("pairs", f"expected at least 1, got {pairs}")
    orders = [rng.permutation(images) for _ in range(-(-pairs // images))]
    return np.concatenate(orders)[:pairs]


def matches(digits, spoken_digits, rng):
    """Row of a random recording of the same digit, for each of the digits `[N]`."""
    chosen = np.empty(len(digits), int)
    for digit in np.unique(digits):
        rows, same = np.flatnonzero(spoken_digits == digit), digits == digit
        if not len(rows):
            raise InputError(
                "--data-dir", f"expected recordings of each digit, got none of the digit {digit}"
            )
        chosen[same] = rng.choice(rows, same.sum())
    return chosen


def recordings_by_part(names):
    """Part -> rows of its recordings, by file names such as "7_jackson_12.wav"."""
    indices = np.array([_parse_name(name)[2] for name in names], int)
    return {
        "train": np.flatnonzero(indices >= VALID_BELOW),
        "valid": np.flatnonzero((indices >= TEST_BELOW) & (indices < VALID_BELOW)),
        "test": np.flatnonzero(indices < TEST_BELOW),
    }


def _parse_name(name):
    """Digit, speaker and number of a recording, from its file name."""
    parts = name.removesuffix(".wav").split("_")
    if len(parts) != 3 or not (parts[0].isdecimal() and parts[2].isdecimal()):
        raise InputError("names", f"expected DIGIT_SPEAKER_INDEX.wav, got {name!r}")
    return int(parts[0]), parts[1], int(parts[2])


def _sizes(labels):
    return ", ".join(f"{len(x)} {part} pairs" for part, x in labels.items())


def _small_digits():
    """scikit-learn's digits enlarged to `[1797, 28, 28, 1]` in [0, 1] with a margin, and labels."""
    import tensorflow as tf
    from sklearn.datasets import load_digits

    digits = load_digits()
    small = (digits.images[..., None] / 16).astype("float32")
    enlarged = tf.image.resize(small, (SIDE - 2 * MARGIN,) * 2).numpy()
    edges = (MARGIN, MARGIN)
    return np.pad(enlarged, ((0, 0), edges, edges, (0, 0))), digits.target


def _in_unit_range(images):
    return images.astype("float32") / 255


def _folder(data_dir):
    data_dir = pathlib.Path(data_dir).expanduser()
    if not data_dir.is_dir():
        raise InputError("--data-dir", f"expected an existing folder of TFDS' data, got {data_dir}")
    return data_dir


def _examples(name, split, data_dir):
    """A prepared TFDS data set as a `tf.data.Dataset`."""
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise InputError("--data-dir", "needs TFDS: pip install tensorflow-datasets") from error
    try:
        return tfds.load(name, split=split, data_dir=data_dir, download=False)
    except (AssertionError, tfds.core.DatasetNotFoundError) as error:
        raise InputError(
            "--data-dir",
            f"expected a prepared {name}, got none in {data_dir}; prepare it with "
            f"`tfds build {name} --data_dir {data_dir}`",
        ) from error


def _mnist(data_dir, seed):
    """Part -> images `[N, 28, 28, 1]` uint8, and part -> labels; "valid" is taken from "train"."""
    images, labels = {}, {}
    for split in ("train", "test"):
        batches = list(_examples("mnist", split, data_dir).batch(1000).as_numpy_iterator())
        images[split] = np.concatenate([batch["image"] for batch in batches])
        labels[split] = np.concatenate([batch["label"] for batch in batches])
    order = np.random.default_rng(seed).permutation(len(labels["train"]))
    for x in (images, labels):
        x["valid"] = x["train"][order[:VALID_IMAGES]]
        x["train"] = x["train"][order[VALID_IMAGES:]]
    return images, labels


def _spoken_digit(data_dir):
    """Spectrograms `[2500, frames, 40]` of normalised recordings, their digits and file names."""
    rows = list(_examples("spoken_digit", "train", data_dir).as_numpy_iterator())
    waveforms = [row["audio"] / max(1, np.abs(row["audio"]).max()) for row in rows]
    names = np.array([row["audio/filename"].decode() for row in rows])
    return spectrograms.log_mel(waveforms), np.array([row["label"] for row in rows]), names
