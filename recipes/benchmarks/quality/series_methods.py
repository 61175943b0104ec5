"""Anomaly scores of the steps of a series, by the detector and by simpler methods.

Each method takes the series to train on, the series to score, both `[steps, channels]`, and the
period, and returns scores `[steps]`, higher for more anomalous steps.
"""

import functools
import math
import pathlib
import sys

import keras
import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest

import zoo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from support.data import windows

POWER = 2  # degree of the polynomials, as tuned for TSB-AD
NEIGHBOURHOOD = 10  # periods to which they are fitted


def detector(train, series, period):
    """`zoo.SeriesDetector` with its defaults, which finds its own period."""
    fitted = _fitted(train.tobytes(), train.shape)
    return fitted.decision_scores_ if series is train else -fitted.score_samples(series)


def flagged(train, series):
    """bool `[steps]`, what the detector predicts to be anomalies of a log; false ones are rare."""
    return _fitted(train.tobytes(), train.shape).predict(series) == -1


@functools.lru_cache(1)
def _fitted(data, shape):
    """Detector of a series; all faults of a machine have the same one to train on."""
    train = np.frombuffer(data, "float64").reshape(shape)
    return zoo.SeriesDetector(contamination=0.01, random_state=0).fit(train)


def dense(train, series, period):
    """Squared residuals of a `dense_vae` of windows, without a linear part."""
    x, x_train = flat_windows(train, series, period)
    vae = _dense_vae(x_train.tobytes(), x_train.shape, train.shape[1])
    x, x_train = (part.reshape(len(part), period, -1) for part in (x, x_train))
    std = (x_train - vae.reconstruct(x_train)).std((0, 1))
    error = (((x - vae.reconstruct(x)) / std) ** 2).sum((1, 2))
    return at_middle(error, period, len(series))


def lstm(train, series, period):
    """-ELBO of windows under `lstm_vae` with its defaults."""
    x, x_train = flat_windows(train, series, period)
    vae = _lstm_vae(x_train.tobytes(), x_train.shape, train.shape[1])
    x = x.reshape(len(x), period, -1)
    return at_middle(-vae.elbo(x, samples=8), period, len(series))


@functools.lru_cache(1)
def _dense_vae(data, shape, channels):
    vae = zoo.get(
        "dense_vae", latent_dim=32, hidden=(128,), activation="tanh", likelihood="series_normal"
    )
    return _trained(vae, data, shape, channels)


@functools.lru_cache(1)
def _lstm_vae(data, shape, channels):
    return _trained(zoo.get("lstm_vae"), data, shape, channels)


def _trained(vae, data, shape, channels):
    """The model after 800 steps on float32 windows, with the detector's learning rate."""
    keras.utils.set_random_seed(0)
    x = np.frombuffer(data, "float32").reshape(shape[0], -1, channels)
    vae.compile(zoo.FusedAdam(keras.optimizers.schedules.CosineDecay(5e-3, 800)))
    vae.fit(x, epochs=math.ceil(800 / math.ceil(len(x) / 128)), batch_size=128, verbose=0)
    return vae


def pca(train, series, period):
    """Squared error of the reconstruction by components with 90 % of the variance of windows."""
    x, x_train = flat_windows(train, series, period)
    model = PCA(0.9, svd_solver="full").fit(x_train)
    error = ((x - model.inverse_transform(model.transform(x))) ** 2).sum(1)
    return at_middle(error, period, len(series))


def forest(train, series, period):
    """Isolation forest of windows."""
    x, x_train = flat_windows(train, series, period)
    score = -IsolationForest(random_state=0).fit(x_train).score_samples(x)
    return at_middle(score, period, len(series))


def energy(train, series, period):
    """Mean square of the standardised values in a window around each step."""
    squares = (standardised(train, series) ** 2).mean(1)
    return at_middle(np.convolve(squares, np.ones(period) / period, "valid"), period, len(series))


def poly(train, series, period):
    """Residual of each period from a polynomial that is fitted to the steps around it.

    As POLY of TSB-AD (Liu and Paparrizos, 2024), whose periods have one score each too; it leaves
    out the period itself in the fit. It does not use `train` but for the units.
    """
    x = standardised(train, series)
    steps, half = len(x), NEIGHBOURHOOD * period // 2
    scores = np.empty(steps)
    for start in range(0, steps, period):
        end = min(steps, start + period)
        first, last = max(0, start - half), min(steps, end + half)
        near = np.concatenate([np.arange(first, start), np.arange(end, last)])
        # Centred and divided, because powers of step numbers are ill-conditioned.
        design = np.vander((np.arange(first, last) - start) / half, POWER + 1)
        coefficients = np.linalg.lstsq(design[near - first], x[near], rcond=None)[0]
        residual = x[start:end] - design[start - first : end - first] @ coefficients
        scores[start:end] = np.sqrt((residual**2).mean())
    return scores


METHODS = {
    "SeriesDetector": detector,
    "PCA on windows": pca,
    "isolation forest on windows": forest,
    "energy": energy,
    "polynomial residual": poly,
}
VAES = {"dense_vae, residuals": dense, "lstm_vae, -ELBO": lstm}


def standardised(train, series):
    """The series in standard units of `train`, where a constant channel and gaps are 0."""
    mean, std = np.nanmean(train, 0), np.nanstd(train, 0)
    varies = std > 1e-9 * np.abs(mean)
    return np.nan_to_num((series - mean) / np.where(varies, std, np.inf))


def flat_windows(train, series, length):
    """Windows of both series in standard units, `[windows, length * channels]`: to score, to train.

    They are float32, as those of the models.
    """
    cut = (
        windows.cut(standardised(train, part).astype("float32"), length) for part in (series, train)
    )
    return [part.reshape(len(part), -1) for part in cut]


def at_middle(score, window, steps):
    """Score of each step: of the window with the step in its middle, or of the nearest window."""
    before = (window - 1) // 2
    return np.pad(score, (before, steps - len(score) - before), mode="edge")
