"""Likelihoods of sequences of real numbers, in data units; NaN is a value that was not observed."""

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import bounded_scale, raw_of
from zoo.core.serialization import component
from zoo.core.validation import check_not_infinite
from zoo.layers import sequence_masks
from zoo.likelihoods.base import MAX_VALUE, Likelihood, constant
from zoo.likelihoods.masked_series import ObservedSeries

tfd = tfp.distributions


class Series(Likelihood):
    """p(x|z) over series `[B, T]` or `[B, T, C]`, independent given z: what its families share.

    Each channel is standardised inside, by the mean and standard deviation of what `fit` (or
    `VAE.adapt`) saw first; the log-determinant is in log_prob, so x and nats are in data units. A
    value that was not observed adds nothing to log_prob or gradient, and `mean()` fills it in.

    Args:
        floor: the smallest scale, as a fraction of the channel's standard deviation.
    """

    parts = 1  # raw numbers for each value of x

    def __init__(self, floor=0.01, **kwargs):
        super().__init__(**kwargs)
        if not 0 < floor < 1:
            raise ValueError(f"floor must be a fraction in (0, 1), got {floor!r}")
        self.floor = floor

    def build(self, input_shape):
        self.channels = input_shape[-1] // self.parts
        self.location = self._kept("location", 0.0)
        self.spread = self._kept("spread", 1.0)
        self.adaptations = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="adaptations"
        )

    def _kept(self, name, value):
        return self.add_weight(
            shape=(self.channels,), initializer=constant(value), trainable=False, name=name
        )

    def outputs(self, channels):
        return self.parts * channels

    @property
    def adapted(self):
        return self.built and float(self.adaptations.numpy()) > 0

    def adapt(self, parts):
        """Learn each channel's mean and standard deviation from an iterable of arrays."""
        count = total = squares = shift = 0.0
        for part in parts:
            x = self.prepare(part)
            check_not_infinite(x, "x")
            x = x.astype("float64")
            x = x[..., None] if x.ndim == 2 else x
            if x.ndim != 3:
                raise ValueError(f"x must be series [N, T] or [N, T, C], got shape {x.shape}")
            if self.built and x.shape[-1] != self.channels:
                raise ValueError(f"x has {x.shape[-1]} channels, expected {self.channels}")
            if not self.built:
                self.build((None, None, self.outputs(x.shape[-1])))
                self.built = True
            rows = x.reshape(-1, x.shape[-1])
            if np.isscalar(shift):  # near the mean already: squares of large numbers cancel badly
                shift = np.array([_first(column) for column in rows.T])
            seen, rows = ~np.isnan(rows), np.nan_to_num(rows - shift)
            count = count + seen.sum(0)
            total = total + rows.sum(0)
            squares = squares + (rows**2).sum(0)
        if not np.any(count):
            raise ValueError("x must hold at least one observed value, got none")
        if (count == 0).any():
            empty = int(np.argmin(count))
            raise ValueError(f"x has no observed value in channel {empty}: leave the channel out")
        mean = total / count
        spread = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
        # A constant channel has no scale of its own: unit scale keeps it finite.
        constant_channel = spread <= 1e-7 * np.abs(mean + shift)  # float32's resolution
        self.location.assign(mean + shift)
        self.spread.assign(np.where(constant_channel, 1.0, spread))
        self.adaptations.assign_add(1.0)

    def prepare(self, x, argument="x"):
        x = sequence_masks.pad(x, argument)
        if x.dtype.kind not in "fiub":
            raise TypeError(f"{argument} must be numeric, got an array of dtype {x.dtype}")
        return x

    def read(self, x):
        x = tf.cast(x, self.x_dtype)
        return x.to_tensor(np.nan) if isinstance(x, tf.RaggedTensor) else x

    def features_shape(self, event_shape):
        if len(event_shape) not in (1, 2):
            raise ValueError(
                f"x must be series [N, T] or [N, T, C], got examples of shape {tuple(event_shape)}"
            )
        return (event_shape[0], event_shape[1] if len(event_shape) == 2 else 1)

    def features(self, x):
        """Standardised, `[B, T, C]`; NaN stays."""
        x = x[..., None] if len(x.shape) == 2 else x
        return (x - self.location) / self.spread

    def call(self, raw):
        return ObservedSeries(self.values(*tf.split(raw, self.parts, axis=-1)))

    def values(self, *parts):
        """The distribution of single values, batch `[B, T, C]`, in data units."""
        raise NotImplementedError

    def in_units(self, loc, scale):
        """Location and scale in data units, from those of standardised values."""
        return self.location + self.spread * loc, self.spread * scale

    def check(self, x, argument="x"):
        check_not_infinite(x, argument)
        if not self.built or np.isnan(x).all():
            return
        location, spread = (np.asarray(v.numpy(), "float64") for v in (self.location, self.spread))
        x = x[..., None] if x.ndim == 2 else x
        low, high = np.nanmin(x), np.nanmax(x)
        far = np.max(np.maximum(np.abs(low - location), np.abs(high - location)) / spread)
        if far > MAX_VALUE:
            raise ValueError(
                f"{argument} holds values up to {far:.3g} standard deviations from the mean that "
                f"the model was adapted to, expected at most {MAX_VALUE:g}"
            )


@component
class SeriesNormal(Series):
    """Normal(raw, s) at each step, with one learned scale s for each channel.

    Args:
        initial_scale: s at the start, as a fraction of the channel's standard deviation.
        floor: the smallest s, likewise.
    """

    def __init__(self, initial_scale=1.0, floor=0.01, **kwargs):
        super().__init__(floor, **kwargs)
        if not floor < initial_scale < 1e3:
            raise ValueError(f"initial_scale must lie above floor={floor}, got {initial_scale!r}")
        self.initial_scale = initial_scale

    def build(self, input_shape):
        super().build(input_shape)
        start = constant(raw_of(self.initial_scale, self.floor))
        self.raw_scale = self.add_weight(
            shape=(self.channels,), initializer=start, name="raw_scale"
        )

    def values(self, loc):
        scale = bounded_scale(self.raw_scale, self.floor, 1e3)
        return tfd.Normal(*self.in_units(loc, tf.broadcast_to(scale, tf.shape(loc))))


@component
class SeriesPerStepNormal(Series):
    """Normal(loc, scale) where the decoder gives both at each step: noise that comes and goes."""

    parts = 2

    def __init__(self, floor=0.05, **kwargs):
        super().__init__(floor, **kwargs)

    def values(self, loc, raw_scale):
        return tfd.Normal(*self.in_units(loc, bounded_scale(raw_scale, self.floor, 1e3)))


@component
class SeriesStudentT(Series):
    """Student's t around raw, with a learned scale and degrees of freedom for each channel.

    For heavy tails: far-off values pull at the fit with bounded force. The degrees of freedom
    are at least 1.5, so that the mean exists with room to spare. Lange et al., 1989.
    """

    def build(self, input_shape):
        super().build(input_shape)
        for name, start in (("raw_scale", 0.5), ("raw_degrees", 5.0)):
            weight = self.add_weight(shape=(self.channels,), initializer=constant(start), name=name)
            setattr(self, name, weight)

    def values(self, loc):
        scale = bounded_scale(self.raw_scale, self.floor, 1e3)
        degrees = bounded_scale(self.raw_degrees, 1.5, 1e3)
        return tfd.StudentT(degrees, *self.in_units(loc, tf.broadcast_to(scale, tf.shape(loc))))


def _first(column):
    seen = column[~np.isnan(column)]
    return seen[0] if len(seen) else 0.0
