"""Coupling flows: half of the dimensions say how the other half is moved."""

import math
import numbers

import keras
import tensorflow as tf

from zoo.core.distributions import raw_of
from zoo.core.serialization import as_tuple, component, ensure_built, not_empty, positive
from zoo.flows.base import Flow
from zoo.flows.conditioner import Conditioner
from zoo.flows.spline import Spline

# An affine step multiplies by at most exp(2), and at least its inverse.
MAX_LOG_SCALE = 2.0

# The least width and height of a spline's bins as a share of what they are if equal.
MIN_BIN = 0.1

MIN_SLOPE = 1e-2


@component
class CouplingFlow(Flow):
    """One half is scaled and shifted by what the other half, and the example, say; then in turn.

    z_a = u_a, z_b = u_b * exp(s) + t, log |det dz/du| = sum_d s_d, with s = 2 tanh(r / 2); r and t
    come from u_a and the context through dense layers. As fast backward as forward, so it serves in
    a `FlowPrior`. Dinh et al., Density estimation using Real NVP, 2017.

    Args:
        steps: how many such functions in a chain; each half is moved by every other.
        hidden: widths of the hidden layers in each.

    Raises:
        ValueError: an argument is not made of positive integers, or hidden is empty; or, when it is
            built, there is one dimension and so no half.
    """

    both_ways = True

    def __init__(self, steps=4, hidden=(128,), **kwargs):
        super().__init__(steps, **kwargs)
        (self.hidden,) = positive(hidden=as_tuple(hidden))
        not_empty(hidden=self.hidden)

    def step(self, size, context_size, turned):
        """One affine step."""
        return AffineStep(size, context_size, self.hidden, turned)


@component
class SplineCouplingFlow(Flow):
    """As `CouplingFlow`, with a monotone spline for each dimension that is moved.

    z_a = u_a, z_b = spline(u_b) within [-bound, bound] and u_b outside; log |det dz/du| is the sum
    of the log slopes. A spline is a quotient of quadratics in each of `bins` intervals, whose
    widths, heights and inner slopes come from u_a and the context through dense layers. It bends a
    density in several places where an affine step only stretches it. Durkan et al., Neural spline
    flows, 2019.

    Args:
        steps: how many such functions in a chain; each half is moved by every other.
        hidden: widths of the hidden layers in each.
        bins: intervals of each spline.
        bound: in units of z; what lies farther from 0 is left as it is.

    Raises:
        ValueError: steps, hidden or bins are not made of positive integers, hidden is empty, or
            bound is not a positive number; or, when it is built, there is one dimension and so no
            half.
    """

    both_ways = True

    def __init__(self, steps=2, hidden=(128,), bins=8, bound=4.0, **kwargs):
        super().__init__(steps, **kwargs)
        self.hidden, self.bins = positive(hidden=as_tuple(hidden), bins=bins)
        not_empty(hidden=self.hidden)
        if not isinstance(bound, numbers.Real) or not 0 < bound < math.inf:
            raise ValueError(f"bound must be a positive number, got {bound!r}")
        self.bound = float(bound)

    def step(self, size, context_size, turned):
        """One step of splines."""
        return SplineStep(size, context_size, self.hidden, turned, self.bins, self.bound)


class _CouplingStep(keras.layers.Layer):
    """What coupling steps share. A subclass has `move` and `move_back` of `[..., b]` numbers.

    Args:
        size: D, at least 2.
        context_size: how many numbers the context has.
        hidden: widths of the hidden layers.
        turned: whether the first half is moved, and not the second.
        numbers: how many numbers move one dimension.
    """

    def __init__(self, size, context_size, hidden, turned, numbers, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        if size < 2:
            raise ValueError(
                f"latent_dim must be at least 2 for a coupling flow, got {size}: half of the "
                "dimensions move the other half"
            )
        half = size // 2
        self.halves = (half, size - half)
        self.turned = turned
        kept, moved = self._ordered(self.halves)
        self.network = Conditioner(kept, context_size, hidden, numbers * moved)

    def build(self, input_shape):
        ensure_built(self.network, input_shape)

    def forward(self, u, context=None):
        """u -> (z, log |det dz/du|)."""
        return self._through(self.move, u, context)

    def inverse(self, z, context=None):
        """z -> (u, log |det dz/du|)."""
        return self._through(self.move_back, z, context)

    def _through(self, function, x, context):
        kept, moved = self._ordered(tf.split(x, self.halves, -1))
        moved, log_slopes = function(moved, self.network(kept, context))
        return tf.concat(self._ordered([kept, moved]), -1), tf.reduce_sum(log_slopes, -1)

    def _ordered(self, pair):
        return list(pair)[:: -1 if self.turned else 1]


class AffineStep(_CouplingStep):
    """One step of a `CouplingFlow`."""

    def __init__(self, size, context_size, hidden, turned, **kwargs):
        super().__init__(size, context_size, hidden, turned, numbers=2, **kwargs)

    def move(self, u, parameters):
        """(z, log slopes) of the half that is moved."""
        log_scale, shift = self._log_scale_and_shift(parameters)
        return u * tf.exp(log_scale) + shift, log_scale

    def move_back(self, z, parameters):
        """(u, log slopes) of the half that is moved."""
        log_scale, shift = self._log_scale_and_shift(parameters)
        return (z - shift) * tf.exp(-log_scale), log_scale

    def _log_scale_and_shift(self, parameters):
        raw, shift = tf.split(parameters, 2, -1)
        return MAX_LOG_SCALE * tf.tanh(raw / MAX_LOG_SCALE), shift


class SplineStep(_CouplingStep):
    """One step of a `SplineCouplingFlow`."""

    def __init__(self, size, context_size, hidden, turned, bins, bound, **kwargs):
        super().__init__(size, context_size, hidden, turned, numbers=3 * bins - 1, **kwargs)
        self.bins, self.bound = bins, bound

    def move(self, u, parameters):
        """(z, log slopes) of the half that is moved."""
        return self._spline(parameters).forward(u)

    def move_back(self, z, parameters):
        """(u, log slopes) of the half that is moved."""
        return self._spline(parameters).inverse(z)

    def _spline(self, parameters):
        """The identity where all parameters are 0."""
        each = 3 * self.bins - 1
        shape = [parameters.shape[-1] // each, each]
        shape = tf.concat([tf.shape(parameters)[:-1], shape], 0)
        raw = tf.split(tf.reshape(parameters, shape), [self.bins, self.bins, self.bins - 1], -1)
        widths, heights = (
            2.0 * self.bound * (MIN_BIN / self.bins + (1.0 - MIN_BIN) * tf.nn.softmax(r))
            for r in raw[:2]
        )
        slopes = MIN_SLOPE + tf.math.softplus(raw[2] + raw_of(1.0, MIN_SLOPE))
        return Spline(widths, heights, slopes, self.bound)
