"""Initial weights of a VAE of series from the principal components of its training data."""

import itertools
import math
from collections.abc import Iterable

import keras
import numpy as np
import tensorflow as tf

from zoo.core.argument_values import is_integer
from zoo.core.identifiers import resolve
from zoo.core.reservoir import random_rows
from zoo.core.serialization import component
from zoo.layers.step_basis import step_basis
from zoo.training.principal_components import explained_by, principal_components, unbiased

# Of the series that are read: enough for components and noise, few enough to take seconds.
MAX_SERIES, MAX_STEPS, MAX_VALUES = 2048, 2**18, 2**24
# Components of few series fit their noise, and the likelihood would take it to be smaller than it
# is for new ones.
SERIES_PER_COMPONENT = 4
CLIP = 10.0  # standard deviations, so that a single outlier is no component
BATCH = 128  # series whose innovations are computed at a time, which bounds memory


@component
class SeriesPCA(keras.layers.Layer):
    """Start a VAE of series from the principal components of its training data.

        x = b + W z + u,    z ~ Normal(0, I),    u ~ the residuals of the likelihood

    The columns of W are the principal components of up to 2,048 training series, each times its
    standard deviation, within the functions of the step that the decoder is linear in; at most one
    for every four series. b is the mean of each channel, so a curve that all series share takes one
    of the components. The likelihood takes the scale and the correlations of u from what the
    components leave. The decoder's linear part becomes b + W z, and its recurrent layers add
    nothing at the start. The encoder's head is regressed on its moments, which include the states
    of its untrained recurrent layers, for means near those of the exact posterior, with the same
    scales for all series:

        q(z|x) = Normal(V W^T S^-1 (x - b), V),    V = (I + W^T S^-1 W)^-1

    S is the covariance of u, and z is rotated so that V is diagonal. Tipping and Bishop,
    Probabilistic principal component analysis, 1999, has W and q for independent residuals of equal
    variance, which it takes out of W; Salimans and Kingma, Weight normalization, 2016, section 3,
    sets initial weights by data.

    It happens once, in the first call of `fit` or `VAE.adapt`, and not to a model that was fitted
    before it was saved, nor where encoder or decoder is frozen. The memory and time do not grow
    with the number of series, but all batches of a dataset are read once more.

    Args:
        seed: seed of the choice of series, where there are more.
    """

    def __init__(self, seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        if not is_integer(seed) or seed < 0:
            raise ValueError(f"seed must be an integer of at least 0, got {seed!r}")
        self.seed = int(seed)

    def check(self, latents, decoder) -> None:
        """Raise `ValueError` unless encoder and decoder have a linear part."""
        encoder = getattr(latents, "encoder", latents)
        head = getattr(encoder, "posterior", None)
        if not (getattr(encoder, "basis", 0) and hasattr(head, "assign_linear")):
            raise ValueError(
                f"initial_fit must be None for {type(encoder).__name__}: it needs an LSTMEncoder "
                "with basis > 0 and a NormalPosterior"
            )
        if not getattr(decoder, "basis", 0):
            raise ValueError(
                f"initial_fit must be None for {type(decoder).__name__}: it needs an LSTMDecoder "
                "with basis > 0"
            )

    def build(self, input_shape=None):
        self.initialized = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="initialized"
        )

    def load_own_variables(self, store):
        """As in Keras; a file of weights without this variable has weights that were set."""
        if store.keys():
            super().load_own_variables(store)
        else:
            self.initialized.assign(1.0)

    @property
    def adapted(self) -> bool:
        """True if the weights were set, or must not be."""
        return self.built and bool(np.asarray(self.initialized) > 0)

    def adapt(self, encoder, decoder, encoder_inputs: Iterable) -> None:
        """Set the weights of an encoder, a decoder and its likelihood.

        Args:
            encoder: a `zoo.encoders.LSTMEncoder` with a basis.
            decoder: a `zoo.decoders.LSTMDecoder` with a basis.
            encoder_inputs: iterable of batches of standardised series `[B, T, C]`; NaN is missing.
        """
        if encoder.trainable and decoder.trainable:
            self._set(encoder, decoder, encoder_inputs)
        self.initialized.assign(1.0)

    def _set(self, encoder, decoder, encoder_inputs):
        x = _chosen(encoder_inputs, self.seed)
        observed = ~np.isnan(x)
        basis = np.asarray(step_basis(x.shape[1], decoder.basis), "float64")
        count = min(encoder.latent_dim, max(1, len(x) // SERIES_PER_COMPONENT))
        offset, components, filled = principal_components(x, basis, count)
        residuals = filled - offset - explained_by(filled - offset, components)
        residuals *= unbiased(len(x), components)
        likelihood = decoder.likelihood
        # With gaps the encoder is less exact than the projection, and the noise is what it leaves.
        for _ in range(1 if observed.all() else 2):
            raw = likelihood.fit_residuals(np.where(observed, residuals, 0.0), observed)
            loadings, mean, scale = _posterior(likelihood, raw, components, filled - offset)
            decoder.fit_linear(_with_zeros(loadings, encoder.latent_dim), offset, raw)
            fitted = encoder.fit_linear(x, mean, scale)
            residuals = filled - offset - np.tensordot(fitted, loadings, 1)


def initial_fit_of(identifier, latents, decoder):
    """The `SeriesPCA` of an argument `initial_fit`, or None.

    Raises:
        TypeError: another object.
        ValueError: an unknown name; or the parts of the model have no linear part.
    """
    fit = resolve(identifier, {"pca": SeriesPCA}, "initial_fit")
    if fit is None:
        return None
    if not isinstance(fit, SeriesPCA):
        raise TypeError(f"initial_fit must be 'pca' or a SeriesPCA, got {type(fit).__name__}")
    fit.check(latents, decoder)
    # A copy: the object of two models would hold after the first that both were set.
    return type(fit).from_config(fit.get_config())


def _chosen(batches, seed):
    """Random series of all batches, `[N, T, C]` float64, within the limits above."""
    batches = iter(batches)
    first = next(batches)
    batches = itertools.chain([first], batches)
    x = random_rows(batches, _limit(first.shape), seed, _padded)
    return np.clip(x[: _limit(x.shape)].astype("float64"), -CLIP, CLIP)


def _limit(shape):
    """Number of series of a shape `[N, T, C]` that are read."""
    steps, values = max(1, shape[1]), max(1, math.prod(shape[1:]))
    return max(1, min(MAX_SERIES, MAX_STEPS // steps, MAX_VALUES // values))


def _padded(arrays):
    """Rows of series of different lengths in one array, padded with NaN."""
    steps = max(a.shape[1] for a in arrays)
    return np.concatenate(
        [
            np.pad(a, ((0, 0), (0, steps - a.shape[1]), (0, 0)), constant_values=np.nan)
            for a in arrays
        ]
    )


def _posterior(likelihood, raw, components, x):
    """Rotated loadings `[K, T, C]`, and the posterior's means `[N, K]` and scales `[K]`."""
    size = math.prod(x.shape[1:])
    loadings = _innovations(likelihood, raw, components).reshape(len(components), size)
    values, rotation = np.linalg.eigh(loadings @ loadings.T)
    # The sign of an eigenvector is that of rounding: the largest loading is made positive.
    rotated = rotation.T @ components.reshape(len(components), size)
    rotation = rotation * np.where(rotated.max(1) > -rotated.min(1), 1.0, -1.0)
    variance = 1.0 / (1.0 + np.maximum(values, 0.0))
    innovations = _innovations(likelihood, raw, x).reshape(len(x), size)
    mean = innovations @ (rotation.T @ loadings).T * variance
    return np.tensordot(rotation.T, components, 1), mean, np.sqrt(variance)


def _innovations(likelihood, raw, x):
    """Innovations of standardised series `[N, T, C]`, taken as residuals."""
    steps, channels = x.shape[1:]
    others = np.zeros(likelihood.params_size(channels) - channels - len(raw))
    params = np.concatenate([np.zeros(channels), raw, others]).astype("float32")
    parts = [np.zeros(x.shape)[:0]]
    for start in range(0, len(x), BATCH):
        part = tf.constant(x[start : start + BATCH], tf.float32)
        noise = likelihood(tf.tile(params[None, None], [len(part), steps, 1]))
        unit = likelihood.in_data_units(0.0, 1.0)[1]
        parts.append(np.asarray(noise.innovations(noise.mean() + unit * part), "float64"))
    return np.concatenate(parts)


def _with_zeros(loadings, count):
    """Loadings `[count, T, C]`, with zeros for the dimensions that have no component."""
    return np.concatenate([loadings, np.zeros((count - len(loadings), *loadings.shape[1:]))])
