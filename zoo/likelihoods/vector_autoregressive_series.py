"""Distribution over series whose residuals form a vector autoregression, with missing values."""

import dataclasses

import tensorflow as tf

from zoo.layers import sequence_masks
from zoo.likelihoods import gap_filter
from zoo.likelihoods.correlated_series import CorrelatedSeries
from zoo.likelihoods.stationary_process import StationaryProcess


@dataclasses.dataclass(frozen=True)
class VectorAutoregressiveSeries(CorrelatedSeries):
    """Residuals of all channels together form a stationary process VAR(p).

        x_t = loc_t + scale_t u_t
        u_t = sum_(i <= p) Phi_i u_(t-i) + S e_t,    e_t ~ Normal(0, I)

    Missing values are integrated out by a Kalman filter. Series without gaps, padding at the end
    aside, do not need it.

    Args:
        distribution: `Normal` of single values, batch `[B, T, C]`.
        process: the `StationaryProcess` of u.
        univariate: whether x has no axis of channels, `[B, T]`.
    """

    process: StationaryProcess = dataclasses.field(kw_only=True)

    def _innovations(self, residual, observed):
        u, mask = _time_first(residual), tf.cast(_time_first(observed), residual.dtype)
        gaps = _has_gaps(observed)
        # Not by `tf.cond`: in the loop of `fit` TensorFlow logs an error about its gradient.
        filtered_steps = tf.where(gaps, tf.shape(u)[0], 0)
        filtered = gap_filter.innovations(self.process, u, mask, filtered_steps)
        return tuple(
            _batch_first(tf.where(gaps, *both))
            for both in zip(filtered, self.process.innovations(u), strict=True)
        )

    def _draw(self, seed):
        return _batch_first(self.process.draw(self._noise(seed)))

    def _given_observed(self, residual, observed):
        u, mask = _time_first(residual), tf.cast(_time_first(observed), residual.dtype)
        return _batch_first(gap_filter.smoothed(self.process, u, mask))


def _has_gaps(observed):
    """True if a value before the end of its series was not observed, `[]` bool."""
    step = tf.expand_dims(tf.range(tf.shape(observed)[1]), 0)
    before_end = step < tf.expand_dims(sequence_masks.lengths(observed), -1)
    return tf.reduce_any(tf.not_equal(observed, tf.expand_dims(before_end, -1)))


def _time_first(x):
    return tf.transpose(x, [1, 0, 2])


_batch_first = _time_first
