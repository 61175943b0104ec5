"""Preprocessor of time series: padding, gaps and the units of each channel."""

import numpy as np
import tensorflow as tf

from zoo.core import arrays
from zoo.core.arrays import is_frame
from zoo.core.validation import check_not_infinite
from zoo.layers import sequence_masks
from zoo.likelihoods import units
from zoo.likelihoods.located_preprocessing import LocatedPreprocessor
from zoo.likelihoods.preprocessing import MAX_VALUE

MAX_MAGNITUDE = 1e18


class SeriesPreprocessor(LocatedPreprocessor):
    """Series `[N, T]` or `[N, T, C]`, or a list of arrays of any length; NaN is a gap or padding.

    Args:
        likelihood: a `Series`, which keeps each channel's mean and standard deviation as weights.
    """

    @property
    def adapted(self):
        return self.likelihood.built and float(self.likelihood.adaptations.numpy()) > 0

    def adapt(self, parts):
        """Learn each channel's mean and standard deviation from an iterable of arrays."""
        moments = units.Moments()
        for part in parts:
            moments.update(self._steps(part))
        _check_observed(moments.count)
        mean, std = moments.result()
        origin = units.origins(mean, std)
        self.likelihood.channel_origin.assign(origin)
        self.likelihood.channel_mean.assign(mean - origin)
        self.likelihood.channel_std.assign(std)
        self.likelihood.adaptations.assign_add(1.0)

    def undo(self):
        series = self.likelihood
        learned = [v.numpy() for v in series.statistics] if series.built else None

        def restore():
            if learned is not None:
                for variable, value in zip(series.statistics, learned, strict=True):
                    variable.assign(value)
            elif series.built:
                series.adaptations.assign(0.0)  # without which the others are not used

        return restore

    def _steps(self, x):
        """All steps of an array `[steps, C]`, checked; builds the likelihood."""
        x = self.to_array(x)
        _check_range(x, "x")
        x = x[..., None] if x.ndim == 2 else x
        if x.ndim != 3:
            raise ValueError(f"x must be series [N, T] or [N, T, C], got shape {x.shape}")
        series, channels = self.likelihood, x.shape[-1]
        if not series.built:
            series.build((None, None, series.params_size(channels)))
            series.built = True
        if channels != series.channels:
            raise ValueError(f"x must have {series.channels} channels, got {channels}")
        return x.reshape(-1, channels)

    def to_array(self, x, argument="x"):
        if is_frame(x):
            rows, columns = x.shape
            raise TypeError(
                f"{argument} must be series [N, T] or [N, T, C], got a DataFrame: pass "
                f"{argument}.to_numpy()[None] for one series of {rows} steps and {columns} "
                f"channels, or {argument}.to_numpy() for {rows} series of {columns} steps"
            )
        x = sequence_masks.pad(arrays.unmasked(x, argument), argument)
        if x.dtype.kind not in "fiub":
            raise TypeError(f"{argument} must be numeric, got an array of dtype {x.dtype}")
        return x

    @property
    def origin(self):
        if not self.likelihood.built:
            return np.zeros(1)
        with tf.init_scope():  # a number, also while a function is traced
            return np.asarray(self.likelihood.channel_origin.numpy(), "float64")

    def origin_tensor(self):
        return self.likelihood.channel_origin if self.likelihood.built else 0.0

    def extreme_rows(self, x):
        if not self.likelihood.built:
            return np.zeros(len(x), bool)
        return np.nanmax(self._distances(x).reshape(len(x), -1), 1, initial=0.0) > MAX_VALUE

    def _distances(self, x):
        """Distances from the mean in standard deviations, in the shape of x; NaN stays."""
        likelihood = self.likelihood
        mean = self.origin + np.asarray(likelihood.channel_mean.numpy(), "float64")
        return np.abs(x - mean) / likelihood.channel_std.numpy()

    def validate_training(self, parts):
        """Raise `ValueError` for series of a single step, which a column `[T, 1]` would be."""
        for x in parts:
            shape = getattr(x, "shape", ())
            if len(shape) == 2 and shape[1] == 1:
                raise ValueError(
                    f"x must be series [N, T] or [N, T, C] of several steps, got shape "
                    f"{tuple(shape)}, {shape[0]} series of one step: x[None] is one series of "
                    f"{shape[0]} steps"
                )
            return

    def validate(self, x, argument="x"):
        _check_range(x, argument)
        if not self.likelihood.built or np.isnan(x).all():
            return
        far = np.nanmax(self._distances(x))
        if far > MAX_VALUE:
            raise ValueError(
                f"{argument} must lie within {MAX_VALUE:g} standard deviations of the mean that "
                f"the model was adapted to, got values {far:.3g} standard deviations from it"
            )

    def to_dense(self, x):
        if not isinstance(x, tf.RaggedTensor):
            return x
        x = x if x.dtype in (tf.float32, tf.float64) else tf.cast(x, tf.float64)
        return x.to_tensor(np.nan)

    def to_tensor(self, x):
        return super().to_tensor(self.to_dense(x))

    def encoder_inputs(self, x):
        """Standardised series `[B, T, C]`; NaN stays."""
        x = tf.expand_dims(x, -1) if len(x.shape) == 2 else x
        return (x - self.likelihood.channel_mean) / self.likelihood.channel_std

    def encoder_inputs_shape(self, event_shape):
        if len(event_shape) not in (1, 2):
            raise ValueError(
                f"x must be series [N, T] or [N, T, C], got examples of shape {tuple(event_shape)}"
            )
        return (event_shape[0], event_shape[1] if len(event_shape) == 2 else 1)


def _check_range(x, argument):
    """Raise `ValueError` for infinity, and for values that float32 cannot hold and square."""
    check_not_infinite(x, argument)
    observed = ~np.isnan(x)
    low, high = x.min(initial=0, where=observed), x.max(initial=0, where=observed)
    largest = max(-float(low), float(high))
    if largest > MAX_MAGNITUDE:
        raise ValueError(
            f"{argument} must have magnitudes of at most {MAX_MAGNITUDE:g}, got {largest:.3g}: "
            "divide it by a constant"
        )


def _check_observed(count):
    """Raise `ValueError` unless each channel has an observed value."""
    if not np.any(count):
        raise ValueError("x must hold at least one observed value, got none")
    if (count == 0).any():
        raise ValueError(
            "x must hold an observed value in each channel, got none in channel "
            f"{int(np.argmin(count))}: leave the channel out"
        )
