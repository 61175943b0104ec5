"""Likelihoods of counts: whole numbers of at least 0."""

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import as_python
from zoo.core.distributions import as_event, bounded_scale
from zoo.core.serialization import component
from zoo.core.validation import check_bounds
from zoo.likelihoods.base import Likelihood
from zoo.likelihoods.preprocessing import Preprocessor

tfd = tfp.distributions

MAX_LOG_RATE = 16.0  # e^16 is about 9 million; above it float32 has few digits below the point
SHARPNESS = 4.0  # of the bound: one below it, it changes the log rate by 0.005


@component
class Poisson(Likelihood):
    """p(x|z) = rate^x e^-rate / x! with log rate from the decoder, for each element of x.

    Mean and variance are the rate. For counts that vary more than that, which is common, see
    `NegativeBinomial`. The encoder's input is log(1 + x).
    """

    def call(self, raw):
        return as_event(
            tfd.Poisson(log_rate=log_rate(raw), force_probs_to_zero_outside_support=False)
        )

    def preprocessor(self):
        return CountPreprocessor(self)


@component
class NegativeBinomial(Likelihood):
    """Counts with mean m and variance m + m^2 / r, both from the decoder, for each element of x.

    log p(x|z) = log Gamma(x + r) - log Gamma(r) - log x! + r log(r / (r + m)) + x log(m / (r + m)).
    A Poisson whose rate is drawn from a Gamma distribution of shape r and mean m; as r grows it is
    the Poisson. The encoder's input is log(1 + x).

    Args:
        floor, ceiling: bounds of r.
    """

    def __init__(self, floor=1e-2, ceiling=1e4, **kwargs):
        super().__init__(**kwargs)
        floor, ceiling = as_python(floor), as_python(ceiling)
        check_bounds(floor, ceiling)
        self.floor, self.ceiling = floor, ceiling

    def params_size(self, channels):
        return 2 * channels

    def call(self, raw):
        raw_mean, raw_r = tf.split(raw, 2, axis=-1)
        r = bounded_scale(raw_r, self.floor, self.ceiling)
        logits = log_rate(raw_mean) - tf.math.log(r)
        return as_event(tfd.NegativeBinomial(r, logits=logits, require_integer_total_count=False))

    def preprocessor(self):
        return CountPreprocessor(self)


def log_rate(raw):
    """Raw outputs with a smooth upper bound, so that the rate is finite and has a gradient."""
    return MAX_LOG_RATE - tf.nn.softplus(SHARPNESS * (MAX_LOG_RATE - raw)) / SHARPNESS


class CountPreprocessor(Preprocessor):
    """Whole numbers of at least 0; the encoder's input is log(1 + x)."""

    def validate(self, x, argument="x"):
        super().validate(x, argument)
        if x.min() < 0 or not (x.dtype.kind in "iub" or np.array_equal(x, np.round(x))):
            wrong = np.argwhere((x < 0) | (x != np.round(x)))[0]
            place = tuple(int(i) for i in wrong)
            raise ValueError(
                f"{argument} must hold counts, whole numbers of at least 0, got {x[place]} at "
                f"index {place}"
            )

    def encoder_inputs(self, x):
        return tf.math.log1p(x)
