"""Pairs of a digit's image and its sound: made-up telephone tones, or MNIST and spoken digits."""

import dataclasses
import pathlib

import numpy as np
from support.data import spectrograms as sound
from support.run.cli import InputError

PARTS = ("train", "valid", "test")
# Hz; the key of a telephone sounds the frequency of its row and that of its column at once.
ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477)
KEYS = ("123", "456", "789", "*0#")
SIDE, MARGIN = 28, 4  # pixels; MNIST's digits keep away from the edge as well
# Among the 50 recordings of each speaker and digit; 0 to 4 are the authors' own test split.
TEST_BELOW, VALID_BELOW = 5, 9
VALID_IMAGES = 5000


@dataclasses.dataclass
class Pairs:
    """Parts `{"image": [N, 28, 28, 1], "audio": [N, frames, 40]}`, both float32 in [0, 1].

    `labels[part]` are the digits `[N]` and `recordings[part]` the file names of the sounds `[N]`,
    or None where the sounds are synthesised.
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
        """Who speaks in each pair of each part, `{part: [N]}`, or None for tones."""
        if self.recordings is None:
            return None
        return {part: np.array([_named(n)[1] for n in x]) for part, x in self.recordings.items()}


def load(data_dir=None, pairs=None, seed=0):
    """MNIST with spoken digits from the TFDS folder `data_dir`; without one, tones: no download."""
    return tones(pairs, seed) if data_dir is None else spoken(data_dir, pairs, seed)


def tones(pairs=None, seed=0):
    """scikit-learn's digits, each with a synthesised tone of that key: `pairs` of them to train on.

    None stands for every image once; more than that are further passes, with new tones.
    """
    images, digits = _small_digits()
    order = np.random.default_rng(seed).permutation(len(images))
    parts, labels = {}, {}
    for number, (part, rows) in enumerate(zip(PARTS, np.split(order, [1257, 1437]), strict=True)):
        rng = np.random.default_rng([seed, number])
        chosen = rows[passes(len(rows), pairs if part == "train" else None, rng)]
        labels[part] = digits[chosen]
        waveforms = [tone(digit, rng) for digit in labels[part]]
        parts[part] = {"image": images[chosen], "audio": sound.log_mel(waveforms)}
    text = (
        "scikit-learn's 8x8 digits, enlarged to 28x28, each with the synthesised telephone (DTMF) "
        "tone of its key, of random phases, loudness, length, onset and noise: "
    )
    return Pairs("digits and telephone tones", text + _sizes(labels), **parts, labels=labels)


def spoken(data_dir, pairs=None, seed=0):
    """TFDS' mnist with its spoken_digit, paired by digit: `pairs` of them to train on.

    Every image is there once (pairs=None; further passes and fewer images are possible in
    training), with a random recording of its digit out of the same part.
    """
    data_dir = _folder(data_dir)
    images, digits = _mnist(data_dir, seed)
    spectrograms, spoken_digits, names = _spoken_digit(data_dir)
    parts, labels, recordings = {}, {}, {}
    for number, (part, rows) in enumerate(recordings_by_part(names).items()):
        rng = np.random.default_rng([seed, number])
        chosen = passes(len(images[part]), pairs if part == "train" else None, rng)
        labels[part] = digits[part][chosen]
        heard = rows[matches(labels[part], spoken_digits[rows], rng)]
        recordings[part] = names[heard]
        parts[part] = {"image": _in_unit_range(images[part][chosen]), "audio": spectrograms[heard]}
    found = Pairs("MNIST and spoken digits", "", **parts, labels=labels, recordings=recordings)
    people = sorted({_named(name)[1] for name in names})
    found.description = (
        f"MNIST with recordings of the Free Spoken Digit Dataset by {len(people)} speakers "
        f"({', '.join(people)}; the same people in every part, but no recording in two of them), "
        f"paired at random by digit: {_sizes(labels)}; "
        + ", ".join(f"{len(set(x))} {part} recordings" for part, x in recordings.items())
    )
    return found


def tone(digit, rng):
    """A telephone's tone `[samples]` for a digit: two sines in noise, silence around them."""
    length = int(rng.uniform(0.2, 0.5) * sound.RATE)
    time = np.arange(length)[:, None] / sound.RATE
    sines = np.sin(2 * np.pi * (np.array(frequencies(digit)) * time + rng.random(2)))
    ramp = np.minimum(1, np.minimum(np.arange(length) + 1, np.arange(length, 0, -1)) / 40)  # 5 ms
    waveform = rng.normal(0, rng.uniform(0.001, 0.01), sound.samples())
    start = rng.integers(0, len(waveform) - length + 1)
    waveform[start : start + length] += ramp * (sines @ rng.uniform(0.15, 0.45, 2))
    return waveform.clip(-1, 1).astype("float32")


def frequencies(digit):
    """The two frequencies, in Hz, of a telephone's key."""
    if digit not in range(10):
        raise InputError("digit", f"must be 0 to 9, got {digit}")
    row = next(row for row, keys in enumerate(KEYS) if str(digit) in keys)
    return ROWS[row], COLUMNS[KEYS[row].index(str(digit))]


def passes(images, pairs, rng):
    """Numbers of the images of so many pairs, in random order: none again before all were there."""
    pairs = images if pairs is None else pairs
    if pairs < 1:
        raise InputError("pairs", f"must be at least 1, got {pairs}")
    orders = [rng.permutation(images) for _ in range(-(-pairs // images))]
    return np.concatenate(orders)[:pairs]


def matches(digits, spoken_digits, rng):
    """For each digit `[N]` the row of a random recording among those of the same digit."""
    chosen = np.empty(len(digits), int)
    for digit in np.unique(digits):
        rows, wanted = np.flatnonzero(spoken_digits == digit), digits == digit
        if not len(rows):
            raise InputError("--data-dir", f"there is no recording of the digit {digit}")
        chosen[wanted] = rng.choice(rows, wanted.sum())
    return chosen


def recordings_by_part(names):
    """Rows of recordings by part, from file names such as "7_jackson_12.wav"."""
    indices = np.array([_named(name)[2] for name in names], int)
    return {
        "train": np.flatnonzero(indices >= VALID_BELOW),
        "valid": np.flatnonzero((indices >= TEST_BELOW) & (indices < VALID_BELOW)),
        "test": np.flatnonzero(indices < TEST_BELOW),
    }


def _named(name):
    """Digit, speaker and index in a recording's file name."""
    parts = name.removesuffix(".wav").split("_")
    if len(parts) != 3 or not (parts[0].isdecimal() and parts[2].isdecimal()):
        raise InputError("names", f"expected DIGIT_SPEAKER_INDEX.wav, got {name!r}")
    return int(parts[0]), parts[1], int(parts[2])


def _sizes(labels):
    return ", ".join(f"{len(x)} {part} pairs" for part, x in labels.items())


def _small_digits():
    """scikit-learn's digits as `[1797, 28, 28, 1]` in [0, 1], placed as MNIST's are, and labels."""
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
        raise InputError(
            "--data-dir", f"{data_dir} is no folder; expected one that TFDS prepared data in"
        )
    return data_dir


def _examples(name, split, data_dir):
    """A prepared TFDS data set as TensorFlow's."""
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise InputError("--data-dir", "needs pip install tensorflow-datasets") from error
    try:
        return tfds.load(name, split=split, data_dir=data_dir, download=False)
    except (AssertionError, tfds.core.DatasetNotFoundError) as error:
        raise InputError(
            "--data-dir",
            f"{data_dir} holds no {name}; expected what "
            f"`tfds build {name} --data_dir {data_dir}` prepares",
        ) from error


def _mnist(data_dir, seed):
    """Images `[N, 28, 28, 1]` uint8 and labels of each part; valid is cut off train."""
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
    """Spectrograms `[2500, frames, 40]` of recordings made equally loud, digits and file names."""
    rows = list(_examples("spoken_digit", "train", data_dir).as_numpy_iterator())
    waveforms = [row["audio"] / max(1, np.abs(row["audio"]).max()) for row in rows]
    names = np.array([row["audio/filename"].decode() for row in rows])
    return sound.log_mel(waveforms), np.array([row["label"] for row in rows]), names
