"""Initial weights of a VAE of series from a factor analysis of its training data."""

import itertools
import math
from collections.abc import Iterable

import keras
import numpy as np
import tensorflow as tf

from zoo.core.argument_values import is_integer
from zoo.core.reservoir import random_rows
from zoo.core.serialization import component
from zoo.layers.step_basis import step_basis

MAX_SERIES, MAX_VALUES = 2048, 2**24  # that are read into memory
PASSES = 6  # in which missing values are filled by the components and these estimated again
RELATIVE_ZERO = 1e-9  # an eigenvalue below this fraction of the largest is one of rounding


@component
class SeriesFactorAnalysis(keras.layers.Layer):
    """Start a VAE of series near the best linear model of its training data.

        x = b + W z + u,    z ~ Normal(0, I),    u ~ the residuals of the likelihood

    W has the principal components of up to 2,048 training series, each times its standard
    deviation, within the functions of the step that the decoder is linear in. The likelihood takes
    the scale and the correlations of u from what they leave; S is the covariance of u then. The
    encoder gets the map that is linear in the moments of its input and nearest to the exact
    posterior, z rotated so that V is diagonal:

        q(z|x) = Normal(V W^T S^-1 (x - b), V),    V = (I + W^T S^-1 W)^-1

    Recurrent layers add nothing to that at the start, and training goes on from there with all
    weights. Tipping and Bishop, Probabilistic principal component analysis, 1999, on W and q for
    independent residuals; Salimans and Kingma, Weight normalization, 2016, section 3, on initial
    weights from data.

    A variable holds whether the weights were set, so that it happens once: in the first call of
    `fit` or `VAE.adapt`, and not after weights were loaded from a file.

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
        encoder = getattr(latents, "encoder", None)
        head = getattr(encoder, "posterior", None)
        if not (getattr(encoder, "basis", 0) and hasattr(head, "assign_linear")):
            raise ValueError(
                "initial_fit must be None for an encoder without a linear part, got "
                f"{type(latents if encoder is None else encoder).__name__}: it sets that of an "
                "LSTMEncoder with a basis and a NormalPosterior"
            )
        if not getattr(decoder, "basis", 0):
            raise ValueError(
                "initial_fit must be None for a decoder without a linear part, got "
                f"{type(decoder).__name__}: it sets that of an LSTMDecoder with a basis"
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
        """True if the weights were set."""
        return self.built and bool(np.asarray(self.initialized) > 0)

    def adapt(self, encoder, decoder, encoder_inputs: Iterable) -> None:
        """Set the weights of an encoder, a decoder and its likelihood.

        Args:
            encoder: a `zoo.encoders.LSTMEncoder` with a basis.
            decoder: a `zoo.decoders.LSTMDecoder` with a basis.
            encoder_inputs: iterable of batches of standardised series `[B, T, C]`; NaN is missing.
        """
        x = _chosen(encoder_inputs, self.seed)
        observed = ~np.isnan(x)
        basis = np.asarray(step_basis(x.shape[1], decoder.basis), "float64")
        offset, components, filled = _principal_components(x, basis, encoder.latent_dim)
        residuals = filled - offset - _explained(filled - offset, components)
        decoder.likelihood.fit_residuals(np.where(observed, residuals, 0.0), observed)
        loadings, mean, scale = _posterior(decoder.likelihood, components, filled - offset)
        decoder.fit_linear(loadings, offset)
        encoder.fit_linear(x, mean, scale)
        self.initialized.assign(1.0)


def _chosen(batches, seed):
    """Random series of all batches, `[N, T, C]` float64, no more than memory should hold."""
    batches = iter(batches)
    first = next(batches)
    count = max(1, min(MAX_SERIES, MAX_VALUES // max(1, math.prod(first.shape[1:]))))
    return random_rows(itertools.chain([first], batches), count, seed, _joined).astype("float64")


def _joined(arrays):
    """Rows of series of different lengths, padded with NaN."""
    steps = max(a.shape[1] for a in arrays)
    return np.concatenate(
        [
            np.pad(a, ((0, 0), (0, steps - a.shape[1]), (0, 0)), constant_values=np.nan)
            for a in arrays
        ]
    )


def _principal_components(x, basis, count):
    """Means of channels `[C]`, components `[D, T, C]` times their std, and x without gaps."""
    missing = np.isnan(x)
    filled = np.where(missing, 0.0, x)
    functions = _orthonormal(basis)
    for _ in range(PASSES if missing.any() else 1):
        offset = filled.mean((0, 1))
        components = _leading((filled - offset), functions, count)
        explained = offset + _explained(filled - offset, components)
        filled = np.where(missing, explained, filled)
    return offset, components, filled


def _orthonormal(basis):
    """Orthonormal functions of the step that span those of `basis`, `[T, R]`."""
    left, values, _ = np.linalg.svd(basis, full_matrices=False)
    return left[:, values > RELATIVE_ZERO * values[0]]


def _leading(x, functions, count):
    """The leading components of x `[N, T, C]` within the span of functions, `[D, T, C]`.

    Zeros where x has fewer.
    """
    rows = np.einsum("tr,ntc->nrc", functions, x)
    shape, rows = rows.shape[1:], rows.reshape(len(rows), -1)
    wide = rows.shape[1] > rows.shape[0]  # the smaller matrix has the same eigenvalues
    values, vectors = np.linalg.eigh(rows @ rows.T if wide else rows.T @ rows)
    values, vectors = values[::-1][:count], vectors[:, ::-1][:, :count]
    kept = values > RELATIVE_ZERO * max(values[0], RELATIVE_ZERO)
    values, vectors = values[kept], vectors[:, kept]
    if wide:
        vectors = rows.T @ (vectors / np.sqrt(values))
    components = np.zeros((count, rows.shape[1]))
    components[: len(values)] = (vectors * np.sqrt(values / len(rows))).T
    return np.einsum("tr,drc->dtc", functions, components.reshape(count, *shape))


def _explained(x, components):
    """The projection of x `[N, T, C]` on components `[D, T, C]`."""
    flat = components.reshape(len(components), -1)
    codes = np.linalg.lstsq(flat.T, x.reshape(len(x), -1).T, rcond=None)[0]
    return (codes.T @ flat).reshape(x.shape)


def _posterior(likelihood, components, x):
    """Rotated loadings `[D, T, C]`, and the posterior's means `[N, D]` and scales `[D]`."""
    loadings = _innovations(likelihood, components).reshape(len(components), -1)
    values, rotation = np.linalg.eigh(loadings @ loadings.T)
    variance = 1.0 / (1.0 + np.maximum(values, 0.0))
    innovations = _innovations(likelihood, x).reshape(len(x), -1)
    mean = innovations @ (rotation.T @ loadings).T * variance
    return np.tensordot(rotation.T, components, 1), mean, np.sqrt(variance)


def _innovations(likelihood, x):
    """Independent numbers that standardised series `[N, T, C]` consist of, taken as residuals."""
    raw = tf.zeros((*x.shape[:2], likelihood.params_size(x.shape[2])))
    residuals = likelihood(raw)
    center, one = residuals.mean(), likelihood.in_data_units(0.0, 1.0)[1]
    return np.asarray(residuals.innovations(center + one * tf.cast(x, tf.float32)), "float64")


INITIAL_FITS = {"factor_analysis": SeriesFactorAnalysis}
