"""Likelihoods of time series whose residuals are correlated, in data units."""

import math

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import increasing, positive
from zoo.core.distributions import bounded_scale, raw_of
from zoo.core.serialization import component
from zoo.likelihoods.autoregressive_series import AutoregressiveSeries
from zoo.likelihoods.partial_autocorrelation import autocovariances, process_parameters
from zoo.likelihoods.series import SeriesNormal
from zoo.likelihoods.stationary_process import stationary_process
from zoo.likelihoods.vector_autoregressive_series import VectorAutoregressiveSeries

tfd = tfp.distributions

# The largest change of the scale of a series, by a factor of exp(2) or exp(-2).
MAX_LOG_CHANGE = 2.0

# The correlation of neighbours is exp(-rate), from 4e-4 to 0.999.
MIN_RATE, MAX_RATE = 1e-3, 8.0

START_CORRELATIONS = (0.01, 0.998)  # the range of one that is set from data
NO_VARIANCE = 1e-12  # of a channel whose residuals are all 0


class _CorrelatedNormal(SeriesNormal):
    """Base class of Normals at each step whose residuals are correlated in time.

    Args:
        initial_scale: s at the start, as a fraction of the channel's standard deviation.
        floor: the smallest s, as a fraction of the same.
        scale_rate: factor of the weights that s and the correlations are computed from; Adam
            changes them faster by it.
        initial_correlation: correlation of neighbouring residuals at the start, in (0, 1).
    """

    correlated = True

    def __init__(
        self, initial_scale=1.0, floor=0.01, scale_rate=10.0, initial_correlation=0.1, **kwargs
    ):
        super().__init__(initial_scale, floor, scale_rate, **kwargs)
        if not increasing(0, initial_correlation, 1):
            raise ValueError(f"initial_correlation must lie in (0, 1), got {initial_correlation!r}")
        self.initial_correlation = initial_correlation


@component
class SeriesAutoregressive(_CorrelatedNormal):
    """Normal at each step, whose residuals are correlated in time: a process AR(1) of each channel.

    Neighbouring residuals of real series are alike. A likelihood of independent steps pays for each
    of them anew, and its draws are the mean plus white noise. See `AutoregressiveSeries` for the
    formula and gaps.

    Args:
        initial_scale: s at the start, as a fraction of the channel's standard deviation.
        floor: the smallest s, as a fraction of the same.
        scale_rate: factor of the weights that s and the correlation are computed from; Adam changes
            them faster by it.
        initial_correlation: correlation of neighbouring residuals at the start, in (0, 1).
    """

    def build(self, input_shape):
        super().build(input_shape)
        start = raw_of(-math.log(self.initial_correlation), MIN_RATE) / self.scale_rate
        self.raw_rate = self._channel_weight("raw_rate", start)

    def fit_residuals(self, residuals, observed):
        """As in the base class."""
        raw = super().fit_residuals(residuals, observed)
        gammas = autocovariances(residuals, observed, 1)
        variance, neighbours = np.diagonal(gammas, axis1=1, axis2=2)
        correlation = np.clip(neighbours / np.maximum(variance, NO_VARIANCE), *START_CORRELATIONS)
        rates = [raw_of(-math.log(c), MIN_RATE) for c in correlation]
        self.raw_rate.assign(np.array(rates) / self.scale_rate)
        return raw

    def rate(self):
        """-log of the correlation of neighbouring residuals of each channel, `[C]`."""
        return bounded_scale(self.raw_rate * self.scale_rate, MIN_RATE, MAX_RATE)

    def call(self, raw):
        values = self.value_distribution(raw)
        return AutoregressiveSeries(values, unit=self.unit(), rate=self.rate())


@component
class SeriesVectorAutoregressive(_CorrelatedNormal):
    """Normal at each step, whose residuals form a stationary vector autoregression.

    The residual of each channel depends on those of all channels, in the last `order` steps and in
    its own step. See `StationaryProcess` for the formula and `VectorAutoregressiveSeries` for gaps.
    There are (order + 1) C^2 weights for C channels. With gaps a step costs of the order of
    (order C)^3.

    Args:
        initial_scale: s at the start, as a fraction of the channel's standard deviation.
        floor: the smallest s, as a fraction of the same.
        scale_rate: factor of the weights that s and the correlations are computed from; Adam
            changes them faster by it.
        initial_correlation: correlation of neighbouring residuals at the start, in (0, 1).
        order: number of steps before that a residual depends on.
    """

    def __init__(
        self,
        initial_scale=1.0,
        floor=0.01,
        scale_rate=10.0,
        initial_correlation=0.1,
        order=2,
        **kwargs,
    ):
        super().__init__(initial_scale, floor, scale_rate, initial_correlation, **kwargs)
        (self.order,) = positive(order=order)

    def build(self, input_shape):
        super().build(input_shape)
        size = self.channels
        self.correlation = self.add_weight(
            shape=(size, size), initializer="zeros", name="correlation"
        )
        self.partial = self.add_weight(
            shape=(self.order, size, size), initializer=self._initial_partial, name="partial"
        )

    def _initial_partial(self, shape, dtype=None):
        """A_k of independent channels: the first step before has the initial correlation."""
        a = self.initial_correlation / math.sqrt(1.0 - self.initial_correlation**2)
        first = tf.one_hot(0, shape[0], a / self.scale_rate, 0.0)
        return tf.cast(first[:, None, None] * tf.eye(shape[-1]), dtype or tf.float32)

    def fit_residuals(self, residuals, observed):
        """As in the base class."""
        raw = super().fit_residuals(residuals, observed)
        gammas = autocovariances(residuals, observed, self.order)
        gammas[0] += NO_VARIANCE * np.eye(self.channels)
        correlation, partial = process_parameters(gammas)
        self.correlation.assign(correlation / self.scale_rate)
        self.partial.assign(partial / self.scale_rate)
        return raw

    def process(self):
        """The `StationaryProcess` of residuals in units of s."""
        correlation = tf.convert_to_tensor(self.correlation) * self.scale_rate
        return stationary_process(correlation, tf.convert_to_tensor(self.partial) * self.scale_rate)

    def call(self, raw):
        values = self.value_distribution(*tf.split(raw, self.params_per_value, -1))
        return VectorAutoregressiveSeries(values, unit=self.unit(), process=self.process())


@component
class SeriesScaledVectorAutoregressive(SeriesVectorAutoregressive):
    """`SeriesVectorAutoregressive`, where the scale of each channel differs from series to series.

    The noise of sensors and prices does. With r from the decoder:

        s(z) = s exp(2 tanh(r(z) / 2))

    Carroll and Ruppert, Transformation and weighting in regression, 1988, chapter 2, on scales that
    are functions of what predicts the mean.

    Args:
        initial_scale: s at the start, as a fraction of the channel's standard deviation.
        floor: the smallest s, as a fraction of the same; s(z) may be lower by a factor of exp(-2).
        scale_rate: factor of the weights that s and the correlations are computed from; Adam
            changes them faster by it.
        initial_correlation: correlation of neighbouring residuals at the start, in (0, 1).
        order: number of steps before that a residual depends on.
    """

    params_per_value = 2
    params_per_series = 1

    def __init__(
        self,
        initial_scale=1.0,
        floor=1e-3,
        scale_rate=10.0,
        initial_correlation=0.1,
        order=2,
        **kwargs,
    ):
        super().__init__(initial_scale, floor, scale_rate, initial_correlation, order, **kwargs)

    def value_distribution(self, loc, raw_change):
        change = MAX_LOG_CHANGE * tf.tanh(raw_change / MAX_LOG_CHANGE)
        return tfd.Normal(*self.in_data_units(loc, self.scale() * tf.exp(change)))
