"""Log-mel spectrograms of sounds, and sounds from spectrograms."""

import wave

import numpy as np
import pytest

import zoo  # noqa: F401  (the recipes need an installed library)


@pytest.fixture
def spectrograms(recipe):
    """The module."""
    return recipe("support.data.spectrograms")


@pytest.fixture
def tones(recipe):
    """tones(digits) are the waveforms of these telephone keys."""

    def tones(digits):
        rng = np.random.default_rng(0)
        return np.stack([recipe("support.data.audio_visual").tone(digit, rng) for digit in digits])

    return tones


def dialled(recipe, waveform):
    """The telephone key whose tone is in the waveform."""
    data, time = recipe("support.data.audio_visual"), np.arange(len(waveform)) / 8000

    def loudest(frequencies):
        loudness = [abs(waveform @ np.exp(2j * np.pi * f * time)) for f in frequencies]
        return int(np.argmax(loudness))

    return data.KEYS[loudest(data.ROWS)][loudest(data.COLUMNS)]


def test_tone_is_loudest_in_its_two_bands(recipe, spectrograms, tones):
    data = recipe("support.data.audio_visual")

    for digit, x in enumerate(spectrograms.log_mel(tones(range(10)))):
        loud = x.max(0)
        peaks = [b for b in range(1, 39) if loud[b] == loud[b - 1 : b + 2].max() and loud[b] > 0.6]
        frequencies = spectrograms.band_frequencies()
        nearest = [np.abs(frequencies - f).argmin() for f in data.frequencies(digit)]
        assert len(peaks) == 2
        np.testing.assert_allclose(peaks, nearest, atol=1)  # a frequency may be between two bands


def test_tones_are_recovered_from_spectrograms(recipe, spectrograms, tones):
    digits = [*range(10)] * 3
    x = spectrograms.log_mel(tones(digits))

    waveforms = spectrograms.waveform(x, steps=50)

    assert waveforms.shape == (30, spectrograms.samples())
    assert [dialled(recipe, waveform) for waveform in waveforms] == [str(digit) for digit in digits]
    assert np.abs(spectrograms.log_mel(waveforms) - x).mean() < 0.015
    again = spectrograms.waveform(x[:3], 5)
    np.testing.assert_array_equal(again, spectrograms.waveform(x[:3], 5))


def test_linear_magnitudes_have_the_same_bands(spectrograms, tones):
    x = spectrograms.log_mel(tones(range(10)))

    magnitudes = spectrograms.linear(x)

    assert magnitudes.shape == (10, 40, 129) and magnitudes.min() >= 0
    decibels = 20 * np.log10(magnitudes @ spectrograms.mel_matrix() / spectrograms.UNIT)
    low, high = spectrograms.QUIETEST, spectrograms.LOUDEST
    error = np.abs(decibels - (low + (high - low) * x))
    assert error.mean() < 0.01 and error.max() < 1


def test_true_spectra_give_the_waveform_back(spectrograms, tones):
    x = tones(range(5))
    spectra = spectrograms._spectra(x)

    np.testing.assert_allclose(spectrograms._inverse(spectra), x, atol=1e-5)  # edges included
    waveforms = spectrograms.griffin_lim(np.abs(spectra), steps=100)
    error = np.abs(np.abs(spectrograms._spectra(waveforms)) - np.abs(spectra))
    assert error.mean() < 0.05 * np.abs(spectra).mean()


def test_decibels_of_a_sine(spectrograms):
    time = np.arange(4992) / 8000
    sine = np.sin(2 * np.pi * 3000 * time)

    loud, quiet, silent = spectrograms.log_mel([sine, sine / 10, 0 * sine]).max((1, 2))

    assert 0.9 < loud <= 1 and silent == 0
    np.testing.assert_allclose(loud - quiet, 20 / 70, atol=1e-3)  # a tenth is 20 of 70 dB


def test_waveforms_are_cut_or_padded(spectrograms):
    fixed = spectrograms.fixed_length([np.ones(10), np.ones(9000)])

    assert fixed.shape == (2, 4992) and fixed.sum(1).tolist() == [10, 4992]
    assert spectrograms.log_mel([np.ones(10)], frames=8).shape == (1, 8, 40)


def test_wrong_shapes_are_refused(spectrograms, input_error):
    message = r"waveforms: expected arrays \[samples\], got shape \(10, 2\)"
    with pytest.raises(input_error, match=message):
        spectrograms.log_mel([np.ones((10, 2))])
    with pytest.raises(input_error, match=r"expected shape \[N, frames, 40\].+got \(40, 40\)"):
        spectrograms.waveform(np.zeros((40, 40)))


def test_wav_file_is_16_bit_mono(tmp_path, spectrograms, input_error):
    spectrograms.write_wav(tmp_path / "x.wav", np.array([0, 0.5, -1, 2]), rate=8000)

    with wave.open(str(tmp_path / "x.wav")) as file:
        assert file.getparams()[:4] == (1, 2, 8000, 4)
        assert np.frombuffer(file.readframes(4), "<i2").tolist() == [0, 8192, -16384, 32767]
    with pytest.raises(input_error, match="waveform: expected finite numbers"):
        spectrograms.write_wav(tmp_path / "x.wav", np.array([np.nan]))
