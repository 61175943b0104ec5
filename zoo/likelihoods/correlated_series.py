"""Distribution over series whose residuals depend on each other, with missing values."""

import abc
import dataclasses

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.layers import sequence_masks
from zoo.likelihoods.masked_series import MaskedSeries

tfd = tfp.distributions


@dataclasses.dataclass(frozen=True)
class CorrelatedSeries(MaskedSeries, abc.ABC):
    """Base class of series x_t = loc_t + scale_t u_t, where the residuals u are a Normal process.

    Each u_t of each channel has the mean 0 and the variance 1, so that each value by itself has the
    distribution Normal(loc_t, scale_t).

    A subclass implements `_innovations`, `_draw` and `_given_observed`.

    Args:
        distribution: `Normal` of single values, batch `[B, T, C]`.
        univariate: whether x has no axis of channels, `[B, T]`.
        unit: standard deviation of each channel in the training data, `[C]`.
    """

    def log_prob_per_value(self, x):
        """log p of each value given z and the values before it, in the shape of x.

        In nats; 0 where it was not observed. The sum is log p(x|z). A value that continues the
        residual of the one before is probable, however far from its mean: `marginal_log_prob` is
        lower there.
        """
        residual, observed = self._residual(x)
        innovations, log_det = self._innovations(residual, observed)
        log_prob = tfd.Normal(0.0, 1.0).log_prob(innovations) + log_det
        log_prob -= tf.math.log(self.distribution.scale)
        return self._shaped(tf.where(observed, log_prob, 0.0))

    def sample(self, seed=None):
        """Draw one series for each code, in the shape of x."""
        return self._series(self._draw(seed))

    def conditional_mean(self, x):
        """x, where missing values (NaN) are replaced by their mean given z and observed values."""
        return self._filled(x, self._series(self._given_observed(*self._residual(x))))

    def conditional_sample(self, x, seed=None):
        """x, where missing values (NaN) are drawn given z and observed values.

        A draw u' of all residuals is moved by E[u | observed] - E[u | u' where observed]. Hoffman
        and Ribak, Constrained realizations of Gaussian fields, 1991.
        """
        residual, observed = self._residual(x)
        drawn = self._draw(seed)
        moved = drawn + self._given_observed(residual - drawn, observed)
        return self._filled(x, self._series(moved))

    def innovations(self, x):
        """Independent standard Normal numbers that x consists of given z, `[B, T, C]`.

        Each is a function of the residual in its place and of those before it; 0 where x was not
        observed.
        """
        innovations, observed = self._innovations(*self._residual(x))[0], sequence_masks.observed(x)
        observed = tf.expand_dims(observed, -1) if self.univariate else observed
        return tf.where(observed, innovations, 0.0)

    def _series(self, residual):
        return self._shaped(self.distribution.loc + self.distribution.scale * residual)

    def _noise(self, seed):
        """Independent standard Normal numbers, time first: `[T, B, C]`."""
        noise = tfd.Normal(tf.zeros_like(self.distribution.loc), 1.0).sample(seed=seed)
        return tf.transpose(noise, [1, 0, 2])

    @abc.abstractmethod
    def _innovations(self, residual, observed):
        """Independent standard Normal numbers from observed residuals, and log |de / du|.

        Each is a function of the residual in its place and of those before it; `[B, T, C]`, with
        any finite value where nothing was observed.
        """

    @abc.abstractmethod
    def _draw(self, seed):
        """u for each code, `[B, T, C]`."""

    @abc.abstractmethod
    def _given_observed(self, residual, observed):
        """E[u | the observed residuals], `[B, T, C]`; any value where they were observed."""
