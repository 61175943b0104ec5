"""Preprocessor of time series: padding, gaps and the units of each channel."""

import numpy as np
import tensorflow as tf

from zoo.core.arrays import is_frame
from zoo.core.validation import check_not_infinite
from zoo.layers import sequence_masks
from zoo.likelihoods.preprocessing import MAX_VALUE, Preprocessor

# Below this fraction of the mean's magnitude, a standard deviation is only a rounding error.
FLOAT32_RESOLUTION = 1e-7

MAX_MAGNITUDE = 1e18


class SeriesPreprocessor(Preprocessor):
    """Series `[N, T]` or `[N, T, C]`, or a list of arrays of any length; NaN is a gap or padding.

    Args:
        likelihood: a `Series`, which keeps each channel's mean and standard deviation as weights.
    """

    @property
    def adapted(self):
        return self.likelihood.built and float(self.likelihood.adaptations.numpy()) > 0

    def adapt(self, parts):
        """Learn each channel's mean and standard deviation from an iterable of arrays."""
        moments = _Moments()
        for part in parts:
            moments.update(self._steps(part))
        mean, std = moments.result()
        # A constant channel has no scale of its own: unit scale keeps it finite.
        std = np.where(std <= FLOAT32_RESOLUTION * np.abs(mean), 1.0, std)
        self.likelihood.channel_mean.assign(mean)
        self.likelihood.channel_std.assign(std)
        self.likelihood.adaptations.assign_add(1.0)

    def _steps(self, x):
        """All steps of an array as float64 `[steps, C]`, checked; builds the likelihood."""
        x = self.to_array(x)
        _check_range(x, "x")
        x = x.astype("float64")
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
        x = sequence_masks.pad(x, argument)
        if x.dtype.kind not in "fiub":
            raise TypeError(f"{argument} must be numeric, got an array of dtype {x.dtype}")
        return x

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
        statistics = (self.likelihood.channel_mean, self.likelihood.channel_std)
        mean, std = (np.asarray(v.numpy(), "float64") for v in statistics)
        low, high = np.nanmin(x), np.nanmax(x)
        far = np.max(np.maximum(np.abs(low - mean), np.abs(high - mean)) / std)
        if far > MAX_VALUE:
            raise ValueError(
                f"{argument} must lie within {MAX_VALUE:g} standard deviations of the mean that "
                f"the model was adapted to, got values {far:.3g} standard deviations from it"
            )

    def to_tensor(self, x):
        x = tf.cast(x, self.dtype)
        return x.to_tensor(np.nan) if isinstance(x, tf.RaggedTensor) else x

    def encoder_inputs(self, x):
        """Standardised series `[B, T, C]`; NaN stays."""
        x = x[..., None] if len(x.shape) == 2 else x
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


class _Moments:
    """Mean and standard deviation of columns that arrive in parts; NaN is ignored."""

    def __init__(self):
        self.count = self.total = self.squares = 0.0
        self.shift = None

    def update(self, rows):
        """Add float64 rows `[n, C]`."""
        # Values are shifted to near zero, because squares of large numbers would lose precision.
        if self.shift is None:
            self.shift = np.array([_first_observed(column) for column in rows.T])
        observed, rows = ~np.isnan(rows), np.nan_to_num(rows - self.shift)
        self.count = self.count + observed.sum(0)
        self.total = self.total + rows.sum(0)
        self.squares = self.squares + (rows**2).sum(0)

    def result(self):
        """(mean, standard deviation), each `[C]`."""
        if not np.any(self.count):
            raise ValueError("x must hold at least one observed value, got none")
        if (self.count == 0).any():
            empty = int(np.argmin(self.count))
            raise ValueError(
                f"x must hold an observed value in each channel, got none in channel {empty}: "
                "leave the channel out"
            )
        mean = self.total / self.count
        std = np.sqrt(np.maximum(self.squares / self.count - mean**2, 0.0))
        return mean + self.shift, std


def _first_observed(column):
    observed = column[~np.isnan(column)]
    return observed[0] if len(observed) else 0.0
