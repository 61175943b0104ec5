"""Distribution over series whose residuals form a vector autoregression, with missing values."""

import dataclasses

import tensorflow as tf

from zoo.likelihoods import gap_filter
from zoo.likelihoods.correlated_series import CorrelatedSeries
from zoo.likelihoods.stationary_process import StationaryProcess


@dataclasses.dataclass(frozen=True)
class VectorAutoregressiveSeries(CorrelatedSeries):
    """Residuals of all channels together form a stationary process VAR(p).

        x_t = loc_t + scale_t u_t
        u_t = sum_(i <= p) Phi_i u_(t-i) + S e_t,    e_t ~ Normal(0, I)

    Missing values are integrated out by a Kalman filter, which only steps near gaps need.

    Args:
        distribution: `Normal` of single values, batch `[B, T, C]`.
        process: the `StationaryProcess` of u.
        univariate: whether x has no axis of channels, `[B, T]`.
        unit: standard deviation of each channel in the training data, `[C]`.
    """

    process: StationaryProcess = dataclasses.field(kw_only=True)

    def _innovations(self, residual, observed):
        u, mask = _time_first(residual), tf.cast(_time_first(observed), residual.dtype)
        values, log_det = gap_filter.innovations(self.process, u, mask)
        return _batch_first(values), _batch_first(log_det)

    def _draw(self, seed):
        return _batch_first(self.process.draw(self._noise(seed)))

    def _given_observed(self, residual, observed):
        u, mask = _time_first(residual), tf.cast(_time_first(observed), residual.dtype)
        return _batch_first(gap_filter.smoothed(self.process, u, mask))


def _time_first(x):
    return tf.transpose(x, [1, 0, 2])


_batch_first = _time_first
