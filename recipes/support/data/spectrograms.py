"""Sound as log-mel spectrograms, and back: 8 kHz mono, 40 mel bands, 40 frames of 32 ms."""

import wave

import numpy as np
from support.run.cli import InputError

RATE = 8000  # samples a second
FRAME, HOP = 256, 128  # samples
BINS = FRAME // 2 + 1
BANDS = 40
LOWEST, HIGHEST = 0.0, RATE / 2  # Hz
FRAMES = 40  # 0.62 seconds: 95 of 100 spoken digits are shorter
QUIETEST, LOUDEST = -70.0, 0.0  # dB, what 0 and 1 of a spectrogram mean
# What the magnitudes of a sine of amplitude 1 add up to: Hann's window's sum. In units of it a sine
# in [-1, 1] stays below 0 dB in every band.
UNIT = FRAME / 2


def samples(frames=FRAMES):
    """Samples of a waveform of so many frames."""
    return (frames - 1) * HOP


def fixed_length(waveforms, frames=FRAMES):
    """Waveforms in [-1, 1] of any lengths as `[N, samples]`, cut or padded with silence."""
    fixed = np.zeros((len(waveforms), samples(frames)), "float32")
    for row, waveform in zip(fixed, waveforms, strict=True):
        waveform = np.asarray(waveform)
        if waveform.ndim != 1:
            raise InputError("waveforms", f"expected one axis each, got shape {waveform.shape}")
        kept = waveform[: len(row)]
        row[: len(kept)] = kept
    return fixed


def log_mel(waveforms, frames=FRAMES, batch=1024):
    """Spectrograms `[N, frames, 40]` in [0, 1] of waveforms in [-1, 1], QUIETEST to LOUDEST dB."""
    fixed = fixed_length(waveforms, frames)
    spectrograms = np.empty((len(fixed), frames, BANDS), "float32")
    for start in range(0, len(fixed), batch):  # the spectra of 60,000 would not fit into memory
        at = slice(start, start + batch)
        magnitudes = np.abs(_spectra(fixed[at])) / UNIT
        spectrograms[at] = _from_magnitude(magnitudes @ mel_matrix())
    return spectrograms


def waveform(spectrograms, steps=100, seed=0):
    """Waveforms `[N, samples]` that have about these spectrograms `[N, frames, 40]`.

    Other phases make other peaks: some go beyond [-1, 1], which `write_wav` sees to.
    """
    spectrograms = np.asarray(spectrograms, "float32")
    if spectrograms.ndim != 3 or spectrograms.shape[2] != BANDS or spectrograms.shape[1] < 3:
        raise InputError(
            "spectrograms",
            f"expected shape [N, frames, {BANDS}] with at least 3 frames, got {spectrograms.shape}",
        )
    return griffin_lim(linear(spectrograms), steps, seed)


def mel_matrix():
    """Weights `[129, 40]` with which linear frequencies add up to mel bands."""
    import tensorflow as tf

    return tf.signal.linear_to_mel_weight_matrix(BANDS, BINS, RATE, LOWEST, HIGHEST).numpy()


def centres():
    """The middle of each mel band, `[40]`, in Hz."""
    mel = np.linspace(*(1127 * np.log1p(np.array([LOWEST, HIGHEST]) / 700)), BANDS + 2)
    return 700 * np.expm1(mel[1:-1] / 1127)


def linear(spectrograms, steps=50):
    """Linear magnitudes `[N, frames, 129]`, none negative, whose mel bands are the given ones.

    There are fewer bands than frequencies: of the many answers this is a smooth one, which an even
    spectrum turns into by multiplicative updates (Lee and Seung, 2001, for the Kullback-Leibler
    divergence: unlike squares it does not give the quiet bands up for the loud ones).
    """
    weights, wanted = mel_matrix(), _to_magnitude(spectrograms)
    heard = weights.sum(1) > 0  # the constant is in no band
    weights = weights[heard]
    found = (wanted / weights.sum(0)) @ weights.T + 1e-9
    for _ in range(steps):
        found *= (wanted / (found @ weights + 1e-12)) @ weights.T / weights.sum(1)
    magnitudes = np.zeros((*wanted.shape[:-1], BINS), "float32")
    magnitudes[..., heard] = found * UNIT
    return magnitudes


def griffin_lim(magnitudes, steps=100, seed=0, momentum=0.99):
    """Waveforms `[N, samples]` for linear magnitudes `[N, frames, 129]`.

    Phases start at random and become those of the waveform that the spectra add up to, over and
    over (Griffin and Lim, 1984); momentum (Perraudin et al., 2013) gets further in as many steps.
    """
    rng = np.random.default_rng(seed)
    phases = np.exp(2j * np.pi * rng.random(magnitudes.shape)).astype("complex64")
    before = np.zeros_like(phases)
    for _ in range(steps):
        now = _spectra(_added_up(magnitudes * phases))
        ahead = now + np.complex64(momentum) * (now - before)
        phases, before = ahead / np.maximum(np.abs(ahead), 1e-12), now
    return _added_up(magnitudes * phases)


def write_wav(path, waveform, rate=RATE):
    """Write a waveform `[samples]` as mono 16-bit WAV, softer where it leaves [-1, 1]."""
    waveform = np.asarray(waveform)
    if waveform.ndim != 1 or not np.isfinite(waveform).all():
        raise InputError(
            "waveform", f"expected finite numbers along one axis, got shape {waveform.shape}"
        )
    waveform = waveform / max(1, np.abs(waveform).max(initial=0))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(waveform * 32767).astype("<i2").tobytes())


def _spectra(fixed):
    """Complex spectra `[N, frames, 129]` of `[N, samples]`.

    Silence on both sides lets two frames cover each sample, which adding up relies on.
    """
    import tensorflow as tf

    padded = np.pad(fixed, ((0, 0), (HOP, HOP)))
    return tf.signal.stft(padded, FRAME, HOP, window_fn=tf.signal.hann_window).numpy()


def _added_up(spectra):
    """The waveforms `[N, samples]` whose spectra are closest to these."""
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
