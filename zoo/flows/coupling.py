"""Coupling flows: one half of the dimensions parameterizes a transformation of the other half."""

import keras
import tensorflow as tf

from zoo.core.argument_values import is_float32, not_empty, positive, positive_tuples
from zoo.core.distributions import raw_of
from zoo.core.serialization import component, ensure_built
from zoo.flows.base import Flow
from zoo.flows.conditioner import Conditioner
from zoo.flows.spline import Spline

# An affine step multiplies by a factor between exp(-2) and exp(2).
MAX_LOG_SCALE = 2.0

# Smallest width and height of a spline's bins, as a fraction of the width of equal bins.
MIN_BIN = 0.1

MIN_SLOPE = 1e-2


@component
class CouplingFlow(Flow):
    """Affine coupling flow: the two halves of z are scaled and shifted in turn.

    z_a = u_a, z_b = u_b * exp(s) + t, log |det dz/du| = sum_d s_d, with s = 2 tanh(r / 2); r and t
    are computed from u_a and the context by dense layers. The inverse costs as much as the forward
    pass, so a `FlowPrior` can use it. Dinh et al., Density estimation using Real NVP, 2017.

    Args:
        steps: number of steps in the flow; every other step transforms the same half.
        hidden: widths of the hidden layers in each step.

    Raises:
        ValueError: an argument is not made of positive integers, or hidden is empty; or, when
            the flow is built, D is 1 and cannot be split into halves.
    """

    cheap_inverse = True

    def __init__(self, steps: int = 4, hidden: int | tuple[int, ...] = (128,), **kwargs):
        super().__init__(steps, **kwargs)
        (self.hidden,) = positive_tuples(hidden=hidden)
        not_empty(hidden=self.hidden)

    def step(self, size: int, context_size: int, reverse: bool) -> keras.layers.Layer:
        """Make one affine step."""
        return AffineStep(size, context_size, self.hidden, reverse)


@component
class SplineCouplingFlow(Flow):
    """Coupling flow whose transformation is a monotone rational quadratic spline per dimension.

    z_a = u_a, z_b = spline(u_b) within [-bound, bound] and u_b outside; log |det dz/du| is the sum
    of the log slopes. A spline is a quotient of quadratics in each of `bins` intervals, whose
    widths, heights and inner slopes are computed from u_a and the context by dense layers. It can
    make a density multimodal, which an affine step cannot. Durkan et al., Neural spline flows,
    2019.

    Args:
        steps: number of steps in the flow; every other step transforms the same half.
        hidden: widths of the hidden layers in each step.
        bins: intervals of each spline.
        bound: the largest |u| that the flow transforms, in units of z; larger values are unchanged.

    Raises:
        ValueError: steps, hidden or bins are not made of positive integers, hidden is empty, or
            bound is not a positive number; or, when the flow is built, D is 1 and cannot be split
            into halves.
    """

    cheap_inverse = True

    def __init__(
        self,
        steps: int = 2,
        hidden: int | tuple[int, ...] = (128,),
        bins: int = 8,
        bound: float = 4.0,
        **kwargs,
    ):
        super().__init__(steps, **kwargs)
        (self.hidden,), (self.bins,) = positive_tuples(hidden=hidden), positive(bins=bins)
        not_empty(hidden=self.hidden)
        if not is_float32(bound) or bound <= 0:
            raise ValueError(f"bound must be a positive number, got {bound!r}")
        self.bound = float(bound)

    def step(self, size: int, context_size: int, reverse: bool) -> keras.layers.Layer:
        """Make one step of splines."""
        return SplineStep(size, context_size, self.hidden, reverse, self.bins, self.bound)


class _CouplingStep(keras.layers.Layer):
    """Base class of coupling steps: the identity on one half, a transformation of the other.

    A subclass implements `transform` and `inverse_transform` of the second half, `[..., b]`.

    Args:
        size: D, at least 2.
        context_size: number of context features.
        hidden: widths of the hidden layers.
        reverse: True if the first half is transformed instead of the second.
        params_per_dim: number of parameters of the transformation of one dimension.
    """

    def __init__(self, size, context_size, hidden, reverse, params_per_dim, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        if size < 2:
            raise ValueError(
                f"latent_dim must be at least 2 for a coupling flow, got {size}: one half of "
                "the dimensions parameterizes a transformation of the other half; increase "
                "latent_dim or use another flow"
            )
        half = size // 2
        self.halves = (half, size - half)
        self.reverse = reverse
        identity_size, transformed_size = self._in_order(self.halves)
        outputs = params_per_dim * transformed_size
        self.network = Conditioner(identity_size, context_size, hidden, outputs)

    def build(self, input_shape):
        ensure_built(self.network, input_shape)

    def forward(self, u, context=None):
        """Map u to z and log |det dz/du|."""
        return self._couple(self.transform, u, context)

    def inverse(self, z, context=None):
        """Map z to u and log |det dz/du|."""
        return self._couple(self.inverse_transform, z, context)

    def _couple(self, function, x, context):
        identity, transformed = self._in_order(tf.split(x, self.halves, -1))
        transformed, log_slopes = function(transformed, self.network(identity, context))
        x = tf.concat(self._in_order([identity, transformed]), -1)
        return x, tf.reduce_sum(log_slopes, -1)

    def _in_order(self, pair):
        """Reorder (first, second half) to (identity, transformed half), or back."""
        return list(pair)[:: -1 if self.reverse else 1]


class AffineStep(_CouplingStep):
    """One step of a `CouplingFlow`."""

    def __init__(self, size, context_size, hidden, reverse, **kwargs):
        super().__init__(size, context_size, hidden, reverse, params_per_dim=2, **kwargs)

    def transform(self, u, parameters):
        """Compute z and the log slopes of the transformed half."""
        log_scale, shift = self._log_scale_and_shift(parameters)
        return u * tf.exp(log_scale) + shift, log_scale

    def inverse_transform(self, z, parameters):
        """Compute u and the log slopes dz/du of the transformed half."""
        log_scale, shift = self._log_scale_and_shift(parameters)
        return (z - shift) * tf.exp(-log_scale), log_scale

    def _log_scale_and_shift(self, parameters):
        raw, shift = tf.split(parameters, 2, -1)
        return MAX_LOG_SCALE * tf.tanh(raw / MAX_LOG_SCALE), shift


class SplineStep(_CouplingStep):
    """One step of a `SplineCouplingFlow`."""

    def __init__(self, size, context_size, hidden, reverse, bins, bound, **kwargs):
        params_per_dim = 3 * bins - 1
        super().__init__(size, context_size, hidden, reverse, params_per_dim, **kwargs)
        self.bins, self.bound = bins, bound

    def transform(self, u, parameters):
        """Compute z and the log slopes of the transformed half."""
        return self._spline(parameters).forward(u)

    def inverse_transform(self, z, parameters):
        """Compute u and the log slopes dz/du of the transformed half."""
        return self._spline(parameters).inverse(z)

    def _spline(self, parameters):
        """Make the spline of unconstrained parameters; it is the identity if all are 0."""
        params_per_dim = 3 * self.bins - 1
        shape = [parameters.shape[-1] // params_per_dim, params_per_dim]
        shape = tf.concat([tf.shape(parameters)[:-1], shape], 0)
        raw = tf.split(tf.reshape(parameters, shape), [self.bins, self.bins, self.bins - 1], -1)
        widths, heights = (
            2.0 * self.bound * (MIN_BIN / self.bins + (1.0 - MIN_BIN) * tf.nn.softmax(r))
            for r in raw[:2]
        )
        slopes = MIN_SLOPE + tf.math.softplus(raw[2] + raw_of(1.0, MIN_SLOPE))
        return Spline(widths, heights, slopes, self.bound)
