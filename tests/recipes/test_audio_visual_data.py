"""Pairs of images and sounds, and spectrograms that become sound again."""

import pathlib
import wave

import numpy as np
import pytest

import zoo  # noqa: F401  (the recipes need an installed library)

pytest.importorskip("sklearn", reason="the recipes need sklearn: pip install '.[recipes]'")

ROOT = pathlib.Path(__file__).parents[2]
FOLDER = ROOT.parent / "shared" / "data" / "tensorflow_datasets"
PARTS = ("train", "valid", "test")


def names(speakers=("ann", "bob"), count=12):
    """File names as TFDS' spoken_digit has them, in no order."""
    found = [f"{d}_{s}_{i}.wav" for d in range(10) for s in speakers for i in range(count)]
    return np.random.default_rng(0).permutation(found)


def check_part(part, labels):
    n = len(labels)
    assert part["image"].shape == (n, 28, 28, 1) and part["audio"].shape == (n, 40, 40)
    for x in part.values():
        assert x.dtype == np.float32 and x.min() >= 0 and 0.8 < x.max() <= 1


def tones(recipe, digits, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack([recipe("support.data.audio_visual").tone(digit, rng) for digit in digits])


def dialled(recipe, waveform):
    """The key that a telephone exchange would understand."""
    data, time = recipe("support.data.audio_visual"), np.arange(len(waveform)) / 8000

    def loudest(frequencies):
        loudness = [abs(waveform @ np.exp(2j * np.pi * f * time)) for f in frequencies]
        return int(np.argmax(loudness))

    return data.KEYS[loudest(data.ROWS)][loudest(data.COLUMNS)]


def test_tones_by_default(recipe):
    found = recipe("support.data.audio_visual").load()

    for part, n in zip(PARTS, (1257, 180, 360), strict=True):
        assert len(found.labels[part]) == n
        check_part(getattr(found, part), found.labels[part])
    assert "synthesised" in found.description and "1257 train pairs" in found.description
    assert found.recordings is None and found.speakers is None
    images = np.concatenate([getattr(found, part)["image"] for part in PARTS])
    assert len(np.unique(images.reshape(1797, -1), axis=0)) == 1797  # no image twice
    assert not images[:, :4].any() and not images[:, :, -4:].any()


def test_seeds_and_pairs(recipe):
    data = recipe("support.data.audio_visual")

    one, same, other = data.tones(40), data.tones(40), data.tones(40, seed=1)

    for key in ("image", "audio"):
        np.testing.assert_array_equal(one.train[key], same.train[key])
        assert (one.train[key] != other.train[key]).any()
    assert len(one.labels["train"]) == 40 and len(one.labels["test"]) == 360
    more = data.tones(2 * 1257)
    assert np.unique(more.train["image"], axis=0, return_counts=True)[1].tolist() == [2] * 1257
    assert len(np.unique(more.train["audio"], axis=0)) == 2 * 1257  # each pass has new tones
    with pytest.raises(
        recipe("support.run.cli").InputError, match="pairs: must be at least 1, got 0"
    ):
        data.tones(0)


def test_no_recording_is_in_two_parts(recipe):
    found = recipe("support.data.audio_visual").recordings_by_part(names())

    indices = {part: {int(n[:-4].split("_")[2]) for n in names()[found[part]]} for part in PARTS}
    assert indices == {"test": {0, 1, 2, 3, 4}, "valid": {5, 6, 7, 8}, "train": {9, 10, 11}}
    assert sorted(np.concatenate([*found.values()])) == list(range(len(names())))


@pytest.mark.parametrize("name", ["7_ann.wav", "seven_ann_1.wav", "7_ann_x.wav"])
def test_a_file_name_that_says_nothing(recipe, name):
    with pytest.raises(
        recipe("support.run.cli").InputError, match=f"DIGIT_SPEAKER_INDEX.wav, got '{name}'"
    ):
        recipe("support.data.audio_visual").recordings_by_part([name])


def test_sounds_are_of_the_same_digit(recipe):
    data, rng = recipe("support.data.audio_visual"), np.random.default_rng(0)
    digits, spoken = rng.integers(0, 10, 500), np.arange(60) % 10

    rows = data.matches(digits, spoken, rng)

    np.testing.assert_array_equal(spoken[rows], digits)
    assert len(set(rows)) == 60
    with pytest.raises(recipe("support.run.cli").InputError, match="no recording of the digit 9"):
        data.matches(digits, spoken[:9], rng)


def test_a_tone_is_loudest_in_its_two_bands(recipe):
    data, sound = recipe("support.data.audio_visual"), recipe("support.data.spectrograms")

    spectrograms = sound.log_mel(tones(recipe, range(10)))

    for digit, x in enumerate(spectrograms):
        loud = x.max(0)
        peaks = [b for b in range(1, 39) if loud[b] == loud[b - 1 : b + 2].max() and loud[b] > 0.6]
        nearest = [np.abs(sound.centres() - f).argmin() for f in data.frequencies(digit)]
        assert len(peaks) == 2
        np.testing.assert_allclose(peaks, nearest, atol=1)  # a frequency may be between two bands


def test_tones_come_back_from_spectrograms(recipe):
    sound, digits = recipe("support.data.spectrograms"), [*range(10)] * 3
    spectrograms = sound.log_mel(tones(recipe, digits))

    waveforms = sound.waveform(spectrograms, steps=50)

    assert waveforms.shape == (30, sound.samples())
    assert [dialled(recipe, x) for x in waveforms] == [str(digit) for digit in digits]
    assert np.abs(sound.log_mel(waveforms) - spectrograms).mean() < 0.015
    np.testing.assert_array_equal(sound.waveform(spectrograms[:3], 5), sound.waveform(
        spectrograms[:3], 5))  # fmt: skip


def test_linear_magnitudes_have_the_same_bands(recipe):
    sound = recipe("support.data.spectrograms")
    spectrograms = sound.log_mel(tones(recipe, range(10)))

    magnitudes = sound.linear(spectrograms)

    assert magnitudes.shape == (10, 40, 129) and magnitudes.min() >= 0
    decibels = 20 * np.log10(magnitudes @ sound.mel_matrix() / sound.UNIT)
    wanted = sound.QUIETEST + (sound.LOUDEST - sound.QUIETEST) * spectrograms
    assert np.abs(decibels - wanted).mean() < 0.01 and np.abs(decibels - wanted).max() < 1


def test_true_magnitudes_give_the_waveform_back(recipe):
    sound = recipe("support.data.spectrograms")
    x = tones(recipe, range(5))
    spectra = sound._spectra(x)

    np.testing.assert_allclose(sound._added_up(spectra), x, atol=1e-5)  # edges included
    found = sound.griffin_lim(np.abs(spectra), steps=100)
    error = np.abs(np.abs(sound._spectra(found)) - np.abs(spectra))
    assert error.mean() < 0.05 * np.abs(spectra).mean()


def test_decibels_of_a_sine(recipe):
    sound, time = recipe("support.data.spectrograms"), np.arange(4992) / 8000
    sine = np.sin(2 * np.pi * 3000 * time)

    loud, quiet, none = sound.log_mel([sine, sine / 10, 0 * sine]).max((1, 2))

    assert 0.9 < loud <= 1 and none == 0
    np.testing.assert_allclose(loud - quiet, 20 / 70, atol=1e-3)  # a tenth is 20 of 70 dB


def test_lengths_and_shapes(recipe):
    sound, error = recipe("support.data.spectrograms"), recipe("support.run.cli").InputError

    fixed = sound.fixed_length([np.ones(10), np.ones(9000)])

    assert fixed.shape == (2, 4992) and fixed.sum(1).tolist() == [10, 4992]
    assert sound.log_mel([np.ones(10)], frames=8).shape == (1, 8, 40)
    with pytest.raises(error, match=r"waveforms: expected one axis each, got shape \(10, 2\)"):
        sound.log_mel([np.ones((10, 2))])
    with pytest.raises(error, match=r"expected shape \[N, frames, 40\].+got \(40, 40\)"):
        sound.waveform(np.zeros((40, 40)))


def test_a_wav_file(tmp_path, recipe):
    recipe("support.data.spectrograms").write_wav(
        tmp_path / "x.wav", np.array([0, 0.5, -1, 2]), rate=8000
    )

    with wave.open(str(tmp_path / "x.wav")) as file:
        assert file.getparams()[:4] == (1, 2, 8000, 4)
        assert np.frombuffer(file.readframes(4), "<i2").tolist() == [0, 8192, -16384, 32767]
    with pytest.raises(
        recipe("support.run.cli").InputError, match="waveform: expected finite numbers"
    ):
        recipe("support.data.spectrograms").write_wav(tmp_path / "x.wav", np.array([np.nan]))


def test_folders_without_the_data(tmp_path, recipe):
    pytest.importorskip("tensorflow_datasets")
    load, error = recipe("support.data.audio_visual").load, recipe("support.run.cli").InputError

    with pytest.raises(error, match=r"--data-dir: .+nowhere is no folder; expected one that"):
        load(tmp_path / "nowhere")
    with pytest.raises(error, match=r"--data-dir: .+ holds no mnist; expected what `tfds build"):
        load(tmp_path)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="needs ../shared/data/tensorflow_datasets")
def test_spoken_digits(recipe):
    pytest.importorskip("tensorflow_datasets")
    sound = recipe("support.data.spectrograms")

    found = recipe("support.data.audio_visual").load(FOLDER, pairs=600)

    assert {k: len(x) for k, x in found.labels.items()} == dict(train=600, valid=5000, test=10000)
    for part in PARTS:
        check_part(getattr(found, part), found.labels[part])
        assert [int(name[0]) for name in found.recordings[part]] == found.labels[part].tolist()
        assert set(found.speakers[part]) == {"george", "jackson", "nicolas", "theo", "yweweler"}
    sets = [set(found.recordings[part]) for part in PARTS]
    assert len(set.union(*sets)) == sum(map(len, sets)) and len(sets[2]) == 250
    assert "theo" in found.description and "250 test recordings" in found.description
    spectrograms = found.test["audio"][:20]
    again = sound.log_mel(sound.waveform(spectrograms))
    assert np.abs(again - spectrograms).mean() < 0.006  # 0.4 dB; two recordings differ by 0.15
