"""Log-mel spectrograms of sounds, and sounds from them.

Sounds are 8 kHz mono; spectrograms have 40 mel bands and 40 frames of 32 ms.
"""

import wave

import numpy as np
from support.run.cli import InputError

RATE = 8000  # samples per second
FRAME, HOP = 256, 128  # samples
BINS = FRAME // 2 + 1
BANDS = 40
LOWEST, HIGHEST = 0.0, RATE / 2  # Hz
FRAMES = 40  # 0.62 seconds; 95 % of spoken digits are shorter
QUIETEST, LOUDEST = -70.0, 0.0  # dB of the values 0 and 1 of a spectrogram
# Sum of the magnitudes of a sine of amplitude 1, which is the sum of the Hann window. In this unit
# a sine in [-1, 1] stays below 0 dB in every band.
UNIT = FRAME / 2


def samples(frames=FRAMES):
    """Number of samples of a waveform of `frames` frames."""
    return (frames - 1) * HOP


def fixed_length(waveforms, frames=FRAMES):
    """Waveforms in [-1, 1] of any lengths as `[N, samples]`, cut or padded with silence."""
    fixed = np.zeros((len(waveforms), samples(frames)), "float32")
    for row, waveform in zip(fixed, waveforms, strict=True):
        waveform = np.asarray(waveform)
        if waveform.ndim != 1:
            raise InputError("waveforms", f"expected arrays [samples], got shape {waveform.shape}")
        waveform = waveform[: len(row)]
        row[: len(waveform)] = waveform
    return fixed


def log_mel(waveforms, frames=FRAMES, batch=1024):
    """Spectrograms `[N, frames, 40]` of waveforms in [-1, 1]; 0 to 1 is QUIETEST to LOUDEST dB."""
    fixed = fixed_length(waveforms, frames)
    spectrograms = np.empty((len(fixed), frames, BANDS), "float32")
    for start in range(0, len(fixed), batch):  # all spectra at once may not fit into memory
        rows = slice(start, start + batch)
        magnitudes = np.abs(_spectra(fixed[rows])) / UNIT
        spectrograms[rows] = _from_magnitude(magnitudes @ mel_matrix())
    return spectrograms


def waveform(spectrograms, steps=100, seed=0):
    """Waveforms `[N, samples]` with approximately these spectrograms `[N, frames, 40]`.

    The phases are estimated, so peaks may exceed [-1, 1]; `write_wav` scales such waveforms down.
    """
    spectrograms = np.asarray(spectrograms, "float32")
    if spectrograms.ndim != 3 or spectrograms.shape[2] != BANDS or spectrograms.shape[1] < 3:
        raise InputError(
            "spectrograms",
            f"expected shape [N, frames, {BANDS}] with at least 3 frames, got {spectrograms.shape}",
        )
    return griffin_lim(linear(spectrograms), steps, seed)


def mel_matrix():
    """Weights `[129, 40]` of the linear frequencies in the mel bands."""
    import tensorflow as tf

    return tf.signal.linear_to_mel_weight_matrix(BANDS, BINS, RATE, LOWEST, HIGHEST).numpy()


def band_frequencies():
    """Center frequency of each mel band, `[40]`, in Hz."""
    mel = np.linspace(*(1127 * np.log1p(np.array([LOWEST, HIGHEST]) / 700)), BANDS + 2)
    return 700 * np.expm1(mel[1:-1] / 1127)


def linear(spectrograms, steps=50):
    """Non-negative linear magnitudes `[N, frames, 129]` with the given mel bands.

    There are fewer bands than frequencies, so the solution is not unique. Multiplicative updates
    (Lee and Seung, 2001) from a flat spectrum lead to a smooth one. They minimise the
    Kullback-Leibler divergence, which fits quiet bands better than squared errors do.
    """
    weights, bands = mel_matrix(), _to_magnitude(spectrograms)
    in_bands = weights.sum(1) > 0  # frequency 0 is in no band
    weights = weights[in_bands]
    solution = (bands / weights.sum(0)) @ weights.T + 1e-9
    for _ in range(steps):
        solution *= (bands / (solution @ weights + 1e-12)) @ weights.T / weights.sum(1)
    magnitudes = np.zeros((*bands.shape[:-1], BINS), "float32")
    magnitudes[..., in_bands] = solution * UNIT
    return magnitudes


def griffin_lim(magnitudes, steps=100, seed=0, momentum=0.99):
    """Waveforms `[N, samples]` for linear magnitudes `[N, frames, 129]`.

    Phases start at random; each step replaces them by the phases of the waveform with the nearest
    spectra (Griffin and Lim, 1984). Momentum speeds this up (Perraudin et al., 2013).
    """
    rng = np.random.default_rng(seed)
    phases = np.exp(2j * np.pi * rng.random(magnitudes.shape)).astype("complex64")
    previous = np.zeros_like(phases)
    for _ in range(steps):
        spectra = _spectra(_inverse(magnitudes * phases))
        ahead = spectra + np.complex64(momentum) * (spectra - previous)
        phases, previous = ahead / np.maximum(np.abs(ahead), 1e-12), spectra
    return _inverse(magnitudes * phases)


def write_wav(path, waveform, rate=RATE):
    """Write a waveform `[samples]` as mono 16-bit WAV, scaled down if it exceeds [-1, 1]."""
    waveform = np.asarray(waveform)
    if waveform.ndim != 1 or not np.isfinite(waveform).all():
        raise InputError(
            "waveform", f"expected finite numbers [samples], got shape {waveform.shape}"
        )
    waveform = waveform / max(1, np.abs(waveform).max(initial=0))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(waveform * 32767).astype("<i2").tobytes())


def _spectra(fixed):
    """Complex spectra `[N, frames, 129]` of waveforms `[N, samples]`.

    Silence is added on both sides, so that two frames contain each sample, as the inverse needs.
    """
    import tensorflow as tf

    padded = np.pad(fixed, ((0, 0), (HOP, HOP)))
    return tf.signal.stft(padded, FRAME, HOP, window_fn=tf.signal.hann_window).numpy()


def _inverse(spectra):
    """The waveforms `[N, samples]` whose spectra are nearest to these."""
    import tensorflow as tf

    window = tf.signal.inverse_stft_window_fn(HOP, tf.signal.hann_window)
    padded = tf.signal.inverse_stft(spectra.astype("complex64"), FRAME, HOP, window_fn=window)
    return padded.numpy()[:, HOP:-HOP]


def _from_magnitude(magnitudes):
    decibels = 20 * np.log10(np.maximum(magnitudes, 10 ** (QUIETEST / 20)))
    return ((decibels - QUIETEST) / (LOUDEST - QUIETEST)).clip(0, 1)


def _to_magnitude(spectrograms):
    decibels = QUIETEST + (LOUDEST - QUIETEST) * np.asarray(spectrograms, "float32").clip(0, 1)
    return 10 ** (decibels / 20)
