"""Likelihoods of time series in data units; NaN is a value that was not observed."""

import math

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import increasing
from zoo.core.distributions import bounded_scale, raw_of
from zoo.core.serialization import component
from zoo.likelihoods.base import Likelihood, constant
from zoo.likelihoods.masked_series import MaskedSeries
from zoo.likelihoods.series_preprocessing import SeriesPreprocessor

tfd = tfp.distributions

MIN_START = 1.5  # the smallest scale that is set from data, in floors: it still has a gradient
MIN_DEGREES = 3.0  # a variance, from which a scale is computed, is infinite up to 2


def root_mean_square(residuals, observed):
    """Root mean square of each channel `[C]`, of residuals `[N, T, C]` that are 0 where missing."""
    return np.sqrt(np.square(residuals).sum((0, 1)) / np.maximum(observed.sum((0, 1)), 1))


class Series(Likelihood):
    """Base class: p(x|z) over series `[B, T]` or `[B, T, C]`, independent steps given z.

    Each channel is standardised internally, by the mean and standard deviation that the first call
    of `fit` (or `VAE.adapt`) learns. A channel that is far from zero, such as unix time, is moved
    near zero before it becomes float32 (`zoo.likelihoods.units`). log_prob includes the
    log-determinant, so x and nats are in data units. A value that was not observed adds nothing to
    log_prob or its gradient, and `mean()` fills it in.

    A subclass implements `value_distribution`.

    Args:
        floor: the smallest scale, as a fraction of the channel's standard deviation.
    """

    params_per_value = 1
    correlated = False  # whether residuals depend on those of other steps

    def __init__(self, floor=0.01, **kwargs):
        super().__init__(**kwargs)
        if not increasing(0, floor, 1):
            raise ValueError(f"floor must be a fraction in (0, 1), got {floor!r}")
        self.floor = floor

    def build(self, input_shape):
        self.channels = input_shape[-1] // self.params_per_value
        self.channel_mean = self._statistic("channel_mean", 0.0)
        self.channel_std = self._statistic("channel_std", 1.0)
        self.adaptations = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="adaptations"
        )
        self.channel_origin = self._statistic("channel_origin", 0.0)

    def _statistic(self, name, value):
        return self.add_weight(
            shape=(self.channels,), initializer=constant(value), trainable=False, name=name
        )

    @property
    def statistics(self):
        """Variables that `adapt` sets."""
        return self.channel_mean, self.channel_std, self.adaptations, self.channel_origin

    def load_own_variables(self, store):
        """As in Keras; files of version 0.1 have no origins, which were 0."""
        others = [v for v in self.weights if v is not self.channel_origin]
        if len(store.keys()) != len(others):
            super().load_own_variables(store)
            return
        for i, variable in enumerate(others):
            variable.assign(store[f"{i}"])
        self.channel_origin.assign(np.zeros(self.channels))

    def params_size(self, channels):
        return self.params_per_value * channels

    def preprocessor(self):
        return SeriesPreprocessor(self)

    def call(self, raw):
        params = tf.split(raw, self.params_per_value, axis=-1)
        return MaskedSeries(self.value_distribution(*params), unit=self.unit())

    def sample_missing(self, distribution, x, missing, seed):
        """See `Likelihood.sample_missing`."""
        observed = tf.where(missing, tf.constant(math.nan, x.dtype), x)
        drawn = distribution.conditional_sample(observed, seed=seed)
        return tf.where(missing, tf.cast(drawn, x.dtype), x)  # padding stays

    def fit_residuals(self, residuals, observed):
        """Set the weights of the noise from residuals of training data, before training.

        Args:
            residuals: of standardised values, `[N, T, C]`; 0 where they are missing.
            observed: bool mask in the same shape.

        Returns:
            Raw numbers that the decoder should begin with, for the parameters that it has at each
            step beside the location: `[C]` for each of these, none here.
        """
        del residuals, observed
        return np.zeros(0)

    def value_distribution(self, *params):
        """The distribution of single values, batch `[B, T, C]`, in data units.

        Args:
            *params: `params_per_value` tensors `[B, T, C]`, for standardised values.
        """
        raise NotImplementedError

    def unit(self):
        """Standard deviation of each channel in the training data, `[C]`."""
        return tf.convert_to_tensor(self.channel_std)

    def in_data_units(self, loc, scale):
        """Location and scale in data units, from those of standardised values."""
        return self.channel_mean + self.channel_std * loc, self.channel_std * scale


class _ChannelScaleSeries(Series):
    """Base class of likelihoods with one learned scale for each channel.

        s = floor + softplus(scale_rate raw_scale)

    Adam moves each weight by about its learning rate in a step. A scale_rate above 1 lets s follow
    the errors of the decoder, which fall within hundreds of steps to a tenth of where they start:
    as long as s is larger than the errors, what it hides is not worth its KL. Rybkin et al., Simple
    and effective VAE training with calibrated decoders, 2021, compute s from the errors instead.

    Args:
        floor: the smallest s, as a fraction of the channel's standard deviation.
        scale_rate: factor of the weight that s is computed from.
    """

    absent_arguments = {"scale_rate": 1.0}

    def __init__(self, floor=0.01, scale_rate=10.0, **kwargs):
        super().__init__(floor, **kwargs)
        if not increasing(0, scale_rate, math.inf):
            raise ValueError(f"scale_rate must be a positive number, got {scale_rate!r}")
        self.scale_rate = scale_rate

    def add_scale(self, raw):
        """Create the weight of the scales, where `raw` is the argument of softplus at the start."""
        self.raw_scale = self._channel_weight("raw_scale", raw / self.scale_rate)

    def assign_scale(self, scale):
        """Set s of each channel, `[C]`, to at least 1.5 times the floor."""
        raw = [raw_of(max(s, MIN_START * self.floor), self.floor) for s in scale]
        self.raw_scale.assign(np.array(raw) / self.scale_rate)

    def scale(self):
        """s of each channel, `[C]`, for standardised values."""
        raw = tf.convert_to_tensor(self.raw_scale) * self.scale_rate
        return bounded_scale(raw, self.floor, 1e3)

    def _channel_weight(self, name, start):
        return self.add_weight(shape=(self.channels,), initializer=constant(start), name=name)


@component
class SeriesNormal(_ChannelScaleSeries):
    """Normal(raw, s) at each step, with one learned scale s for each channel.

    Args:
        initial_scale: s at the start, as a fraction of the channel's standard deviation.
        floor: the smallest s, as a fraction of the same.
        scale_rate: factor of the weight that s is computed from; Adam changes s faster by it.
    """

    def __init__(self, initial_scale=1.0, floor=0.01, scale_rate=10.0, **kwargs):
        super().__init__(floor, scale_rate, **kwargs)
        if not increasing(floor, initial_scale, 1e3):
            raise ValueError(
                f"initial_scale must lie between floor={floor} and 1000, got {initial_scale!r}"
            )
        self.initial_scale = initial_scale

    def build(self, input_shape):
        super().build(input_shape)
        self.add_scale(raw_of(self.initial_scale, self.floor))

    def fit_residuals(self, residuals, observed):
        """As in the base class."""
        self.assign_scale(root_mean_square(residuals, observed))
        return np.zeros(0)

    def value_distribution(self, loc):
        scale = tf.broadcast_to(self.scale(), tf.shape(loc))
        return tfd.Normal(*self.in_data_units(loc, scale))


@component
class SeriesPerStepNormal(Series):
    """Normal(loc, scale) with both from the decoder, for noise that varies over time."""

    params_per_value = 2

    def __init__(self, floor=0.05, **kwargs):
        super().__init__(floor, **kwargs)

    def fit_residuals(self, residuals, observed):
        """As in the base class."""
        scales = np.maximum(root_mean_square(residuals, observed), MIN_START * self.floor)
        return np.array([raw_of(s, self.floor) for s in scales])

    def value_distribution(self, loc, raw_scale):
        return tfd.Normal(*self.in_data_units(loc, bounded_scale(raw_scale, self.floor, 1e3)))


@component
class SeriesStudentT(_ChannelScaleSeries):
    """Student's t around raw, with a learned scale and degrees of freedom for each channel.

    For heavy tails: outliers have a bounded influence on the fit. The degrees of freedom are at
    least 1.5, so that the mean exists with room to spare. Lange et al., 1989.

    Args:
        floor: the smallest scale, as a fraction of the channel's standard deviation.
        scale_rate: factor of the weight that the scale is computed from; Adam changes the scale
            faster by it.
    """

    def build(self, input_shape):
        super().build(input_shape)
        self.add_scale(0.5)
        self.raw_degrees = self._channel_weight("raw_degrees", 5.0)

    def degrees(self):
        """Degrees of freedom of each channel, `[C]`."""
        return bounded_scale(self.raw_degrees, 1.5, 1e3)

    def fit_residuals(self, residuals, observed):
        """As in the base class."""
        degrees = np.maximum(self.degrees().numpy(), MIN_DEGREES)
        std = root_mean_square(residuals, observed)
        self.assign_scale(std * np.sqrt((degrees - 2.0) / degrees))
        return np.zeros(0)

    def value_distribution(self, loc):
        degrees = self.degrees()
        scale = tf.broadcast_to(self.scale(), tf.shape(loc))
        return tfd.StudentT(degrees, *self.in_data_units(loc, scale))
