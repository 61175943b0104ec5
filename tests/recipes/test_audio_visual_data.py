"""Data of `audio_visual.py`: pairs of images and sounds of the same digit."""

import pathlib

import numpy as np
import pytest

import zoo  # noqa: F401  (the recipes need an installed library)

pytest.importorskip("sklearn", reason="the recipes need sklearn: pip install '.[recipes]'")

ROOT = pathlib.Path(__file__).parents[2]
FOLDER = ROOT.parent / "shared" / "data" / "tensorflow_datasets"
PARTS = ("train", "valid", "test")


@pytest.fixture
def data(recipe):
    """The module."""
    return recipe("support.data.audio_visual")


def file_names(speakers=("ann", "bob"), count=12):
    """File names as TFDS' spoken_digit has them, in a random order."""
    names = [f"{d}_{s}_{i}.wav" for d in range(10) for s in speakers for i in range(count)]
    return np.random.default_rng(0).permutation(names)


def check_part(part, labels):
    n = len(labels)
    assert part["image"].shape == (n, 28, 28, 1) and part["audio"].shape == (n, 40, 40)
    for x in part.values():
        assert x.dtype == np.float32 and x.min() >= 0 and 0.8 < x.max() <= 1


def test_default_pairs_are_digits_with_tones(data):
    pairs = data.load()

    for part, n in zip(PARTS, (1257, 180, 360), strict=True):
        assert len(pairs.labels[part]) == n
        check_part(getattr(pairs, part), pairs.labels[part])
    assert "synthesised" in pairs.description and "1257 train pairs" in pairs.description
    assert pairs.recordings is None and pairs.speakers is None
    images = np.concatenate([getattr(pairs, part)["image"] for part in PARTS])
    assert len(np.unique(images.reshape(1797, -1), axis=0)) == 1797  # no image is repeated
    assert not images[:, :4].any() and not images[:, :, -4:].any()


def test_seed_determines_the_pairs(data):
    one, same, other = data.tones(40), data.tones(40), data.tones(40, seed=1)

    for key in ("image", "audio"):
        np.testing.assert_array_equal(one.train[key], same.train[key])
        assert (one.train[key] != other.train[key]).any()
    assert len(one.labels["train"]) == 40 and len(one.labels["test"]) == 360


def test_repeated_images_have_new_tones(data):
    train = data.tones(2 * 1257).train

    assert np.unique(train["image"], axis=0, return_counts=True)[1].tolist() == [2] * 1257
    assert len(np.unique(train["audio"], axis=0)) == 2 * 1257


def test_zero_pairs_are_refused(data, input_error):
    with pytest.raises(input_error, match="pairs: expected at least 1, got 0"):
        data.tones(0)


def test_each_recording_is_in_one_part(data):
    rows, names = data.recordings_by_part(file_names()), file_names()

    indices = {part: {int(n[:-4].split("_")[2]) for n in names[rows[part]]} for part in PARTS}
    assert indices == {"test": {0, 1, 2, 3, 4}, "valid": {5, 6, 7, 8}, "train": {9, 10, 11}}
    assert sorted(np.concatenate([*rows.values()])) == list(range(len(names)))


@pytest.mark.parametrize("name", ["7_ann.wav", "seven_ann_1.wav", "7_ann_x.wav"])
def test_invalid_file_name_is_refused(data, input_error, name):
    with pytest.raises(input_error, match=f"DIGIT_SPEAKER_INDEX.wav, got '{name}'"):
        data.recordings_by_part([name])


def test_matches_are_recordings_of_the_same_digit(data, input_error):
    rng = np.random.default_rng(0)
    digits, spoken = rng.integers(0, 10, 500), np.arange(60) % 10

    rows = data.matches(digits, spoken, rng)

    np.testing.assert_array_equal(spoken[rows], digits)
    assert len(set(rows)) == 60
    with pytest.raises(input_error, match="got none of the digit 9"):
        data.matches(digits, spoken[:9], rng)


def test_folder_without_the_data_is_refused(tmp_path, data, input_error):
    pytest.importorskip("tensorflow_datasets")

    with pytest.raises(input_error, match=r"--data-dir: expected an existing folder .+nowhere"):
        data.load(tmp_path / "nowhere")
    with pytest.raises(input_error, match=r"expected a prepared mnist, got none .+`tfds build"):
        data.load(tmp_path)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="needs ../shared/data/tensorflow_datasets")
def test_spoken_digits_are_paired_by_digit(data, recipe):
    pytest.importorskip("tensorflow_datasets")
    spectrograms = recipe("support.data.spectrograms")

    pairs = data.load(FOLDER, pairs=600)

    assert pairs.name == "MNIST and spoken digits"
    assert {k: len(x) for k, x in pairs.labels.items()} == dict(train=600, valid=5000, test=10000)
    for part in PARTS:
        check_part(getattr(pairs, part), pairs.labels[part])
        assert [int(name[0]) for name in pairs.recordings[part]] == pairs.labels[part].tolist()
        assert set(pairs.speakers[part]) == {"george", "jackson", "nicolas", "theo", "yweweler"}
    sets = [set(pairs.recordings[part]) for part in PARTS]
    assert len(set.union(*sets)) == sum(map(len, sets)) and len(sets[2]) == 250
    assert "theo" in pairs.description and "250 test recordings" in pairs.description
    x = pairs.test["audio"][:20]
    again = spectrograms.log_mel(spectrograms.waveform(x))
    assert np.abs(again - x).mean() < 0.006  # 0.4 dB; two recordings differ by 0.15
