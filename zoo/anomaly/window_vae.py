"""VAE of the windows of one series, and the surprise of windows under it."""

import math

import keras
import numpy as np

from zoo.core.estimators import seeded
from zoo.decoders import SkipDenseDecoder
from zoo.encoders import SkipDenseEncoder
from zoo.latents import SingleLatent
from zoo.likelihoods import SeriesNormal
from zoo.model import VAE
from zoo.training.optimizers import FusedAdam

STEPS = 800  # optimizer steps if epochs=None
CALL = 50  # optimizer steps of one compiled call
LEARNING_RATE = 5e-3
MAX_TRAINING = 20_000  # windows
CHUNK = 4096  # windows at a time
MAX_HIDDEN = 64
FLOOR = 0.05  # smallest standard deviation of a residual, in those of its channel
TINY = 1e-9


def hidden_units(windows, window):
    """Width of the hidden layers: a quarter of the number of windows that do not overlap.

    Windows of a short series overlap nearly completely. A wider network memorises them, whereas
    the linear part of encoder and decoder does not.
    """
    return int(np.clip(windows // (4 * window), 2, MAX_HIDDEN))


def window_vae(hidden, latent_dim):
    """Untrained VAE of windows `[points, channels]`: dense layers with a linear part.

    Residuals are independent given z. One that is predicted from the step before can be small
    during a slow drift, however far the series has moved.
    """
    return VAE(
        SingleLatent(SkipDenseEncoder(latent_dim, hidden=(hidden,), activation="tanh")),
        SkipDenseDecoder(hidden=(hidden,), activation="tanh", likelihood=SeriesNormal(floor=FLOOR)),
        name="window_vae",
    )


class WindowModel:
    """A trained VAE of windows, with the scale of its residuals.

    Args:
        windows: `Windows` of the series.

    Attributes:
        vae: the `VAE`.
        residual_std: root of the mean squared residual of each channel, `[channels]`.
    """

    def __init__(self, windows):
        self.windows = windows

    def fit(self, values, observed, settings):
        """Train on the windows of a series.

        Args:
            values, observed: `[steps, channels]`, standardised and without gaps; the mask.
            settings: an estimator with `latent_dim`, `epochs`, `batch_size`, `random_state` and
                `verbose`.
        """
        count = self.windows.count(len(values))
        rows = np.unique(np.linspace(0, count - 1, min(count, MAX_TRAINING)).astype(int))
        x = self.windows.cut(values, rows).astype("float32")
        hidden = hidden_units(count, self.windows.length)
        with seeded(settings.random_state):
            self.vae = window_vae(hidden, min(settings.latent_dim, math.prod(x.shape[1:])))
            _train(self.vae, x, settings)
        self.residual_std = np.ones(values.shape[1])
        squares, weights = 0.0, 0.0
        for residual, weight, _ in self._residuals(values, observed):
            squares += (weight * residual**2).sum((0, 1))
            weights += weight.sum((0, 1))
        self.residual_std = np.sqrt(squares / np.maximum(weights, TINY)) + TINY
        return self

    def surprises(self, values, observed):
        """Surprise of each window, of all channels and of each, `[windows, 1 + channels]`.

        Squared residuals in units of their scale, summed over the points of a window; the first
        column has their sum over channels plus |z|^2, which is -2 log p(x, z) at z = E[z|x] without
        its constants. A channel without observed values counts as an average one.
        """
        parts = []
        for residual, weight, code in self._residuals(values, observed):
            total, points = weight.sum(1), residual.shape[1]
            squares = (weight * (residual / self.residual_std) ** 2).sum(1)
            squares = np.where(total > 0, squares / np.maximum(total, TINY) * points, points)
            sums = squares.sum(1) + (code**2).sum(1)
            parts.append(np.concatenate([sums[:, None], squares], 1))
        return np.concatenate(parts)

    def _residuals(self, values, observed):
        """Yield residuals and weights `[n, points, channels]`, and codes, of chunks of windows."""
        count = self.windows.count(len(values))
        complete = observed.all()
        for start in range(0, count, CHUNK):
            rows = np.arange(start, min(count, start + CHUNK))
            x = self.windows.cut(values, rows).astype("float32")
            code = np.asarray(self.vae.encode(x, batch_size=CHUNK).loc)
            residual = x - np.asarray(self.vae.decode(code).mean())
            weight = np.ones((1, 1, 1)) if complete else self.windows.cut(observed, rows)
            yield residual.astype("float64"), np.broadcast_to(weight, residual.shape), code


def _train(vae, x, settings):
    """Fit the VAE; an epoch of few windows has each of them several times."""
    batch_size, epochs = settings.batch_size, settings.epochs
    if epochs is None:
        x = np.tile(x, (math.ceil(CALL * batch_size / len(x)), 1, 1))
    steps = math.ceil(len(x) / batch_size)
    epochs = math.ceil(STEPS / steps) if epochs is None else epochs
    decay = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps * epochs)
    # Compiling by XLA takes as long as this training.
    vae.compile(FusedAdam(decay), steps_per_execution=min(steps, CALL), jit_compile=False)
    vae.fit(x, epochs=epochs, batch_size=batch_size, verbose=settings.verbose)
