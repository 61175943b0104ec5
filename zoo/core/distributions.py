"""Functions on TFP distributions, the KL among them, and distributions that TFP lacks."""

import math
from typing import Protocol, runtime_checkable

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.outputs import Draw

tfd = tfp.distributions

# Constructor arguments of our TFP distributions, which compute in float32 without checks.
UNCHECKED = {"dtype": tf.float32, "validate_args": False, "allow_nan_stats": True}


@runtime_checkable
class TransformedDistribution(Protocol):
    """Contract of a distribution of z = f(u), u ~ `base`, as a flow defines it."""

    base: tfd.Distribution

    def transform_base_sample(self, u):
        """Return z = f(u) and log q(z) for draws u of the base, without inverting f."""

    def transformed_base_mean(self):
        """Return f at the mean of the base."""


def as_event(distribution: tfd.Distribution) -> tfd.Distribution:
    """Make every dimension but the first part of the event, so that log_prob is `[B]`."""
    extra = len(distribution.batch_shape) - 1
    return tfd.Independent(distribution, extra) if extra > 0 else distribution


def kl_of_normals(q: tfd.Normal, p: tfd.Normal) -> tf.Tensor:
    """KL(q || p) of two Normals in nats, element by element.

    With r = scale_q / scale_p it is ((loc_q - loc_p)^2 / scale_p^2 + r^2 - 1) / 2 - log r: Kingma
    and Welling, Auto-encoding variational Bayes, 2014, appendix B.
    """
    # In terms of log r, so that it is exactly 0 for q = p.
    log_r = tf.math.log(q.scale) - tf.math.log(p.scale)
    squared_distance = tf.math.squared_difference(q.loc / p.scale, p.loc / p.scale)
    return 0.5 * squared_distance + 0.5 * tf.math.expm1(2.0 * log_r) - log_r


def kl(draw: Draw) -> tf.Tensor:
    """KL(q(z|x) || p(z)) in nats, summed over the event.

    The closed form for two Normals (`kl_of_normals`) and other pairs that TFP registers: `[B]`, or
    `[S * B]` where the posterior depends on draws of levels above.
    Otherwise the single-sample estimate log q(z|x) - log p(z) at the draw's own z, `[S * B]`: it is
    unbiased and may be negative. `kl_is_exact` distinguishes the two.
    """
    closed_form = _closed_form_kl(draw)
    return draw.log_q - log_prior(draw) if closed_form is None else closed_form


def kl_is_exact(draw: Draw) -> bool:
    """Return True if `kl(draw)` is a closed form, False if it is an estimate."""
    return _closed_form_kl(draw) is not None


def kl_per_dimension(draw: Draw) -> tf.Tensor:
    """KL(q(z_d|x) || p(z_d)) of each latent dimension, `[B, D]` nats; their sum is `kl`.

    For a posterior and a prior that are independent over dimensions and have a closed form.
    """
    q, p = draw.posterior, _without_event(draw.prior)
    return kl_of_normals(q, p) if _are_normals(q, p) else tfd.kl_divergence(q, p)


def _closed_form_kl(draw):
    """KL(q(z|x) || p(z)), `[B]`, or None if there is no closed form."""
    posterior, prior = as_event(draw.posterior), as_event(draw.prior)
    q, p = _without_event(posterior), _without_event(prior)
    if _are_normals(q, p) and posterior.event_shape == prior.event_shape:
        return tf.reduce_sum(kl_of_normals(q, p), list(range(-len(posterior.event_shape), 0)))
    try:
        return tfd.kl_divergence(posterior, prior)
    except NotImplementedError:
        return None


def _without_event(distribution):
    independent = isinstance(distribution, tfd.Independent)
    return distribution.distribution if independent else distribution


def _are_normals(q, p):
    return isinstance(q, tfd.Normal) and isinstance(p, tfd.Normal)


def log_prior(draw: Draw) -> tf.Tensor:
    """log p(z) in nats at the drawn z, `[S * B]`."""
    return as_event(draw.prior).log_prob(draw.z)


def as_normal(distribution: tfd.Distribution) -> tfd.Normal:
    """The `tfd.Normal` of the same mean and variance; a Normal is returned unchanged.

    Of all Normals it has the smallest KL(distribution || Normal).
    """
    if isinstance(distribution, tfd.Normal):
        return distribution
    return tfd.Normal(distribution.mean(), distribution.stddev())


def joint_normal(draws):
    """The `tfd.Normal`, batch `[B, sum of D]`, of all stochastic layers, concatenated."""
    normals = [as_normal(draw.posterior) for draw in draws]
    if len(normals) == 1:
        return normals[0]
    return tfd.Normal(
        tf.concat([q.loc for q in normals], -1), tf.concat([q.scale for q in normals], -1)
    )


class NormalMixture(tfd.MixtureSameFamily):
    """Equally weighted mixture of the Normals that are present: sum_k present_k N_k / count.

    Args:
        loc, scale: `[B, K, D]`; finite also for components that are not present, which have no
            influence.
        present: bool `[B, K]`, at least one True in each row.
    """

    def __init__(
        self, loc: tf.Tensor, scale: tf.Tensor, present: tf.Tensor, name: str = "NormalMixture"
    ):
        self.locs, self.scales, self.present = loc, scale, present
        super().__init__(
            tfd.Categorical(logits=tf.where(present, 0.0, -math.inf)),
            tfd.MultivariateNormalDiag(loc, scale),
            name=name,
        )

    @property
    def parameters(self):
        """Constructor arguments, from which TFP copies and slices a distribution."""
        return {"loc": self.locs, "scale": self.scales, "present": self.present, "name": self.name}

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
        properties = tfp.util.ParameterProperties
        return {
            "loc": properties(event_ndims=2),
            "scale": properties(event_ndims=2),
            "present": properties(event_ndims=1),
        }

    def components_at(self, quantiles):
        """Loc and scale `[S, B, D]` of the components at quantiles of the mixture's weights.

        Args:
            quantiles: `[S, B]` (or `[S, 1]`) in [0, 1); evenly spaced ones select the present
                components equally often.
        """
        count = tf.reduce_sum(tf.cast(self.present, tf.float32), -1)
        ranks = tf.minimum(tf.floor(quantiles * count), count - 1.0)
        # The stable sort puts present components first and leaves their order as it is.
        order = tf.argsort(tf.cast(self.present, tf.int32), direction="DESCENDING", stable=True)
        components = tf.transpose(tf.cast(ranks, tf.int32))
        components = tf.gather(order, components, batch_dims=1)
        return tuple(
            tf.transpose(tf.gather(x, components, batch_dims=1), [1, 0, 2])
            for x in (self.locs, self.scales)
        )


@tf.custom_gradient
def clip_forward(x, low, high):
    """Clip x to [low, high] with the gradient of the identity (a straight-through clip).

    A plain clip has zero gradient outside of its bounds, so a unit that leaves them cannot return.
    """
    return tf.clip_by_value(x, low, high), lambda grad: (grad, None, None)


def bounded_scale(raw, floor, ceiling):
    """Positive scale floor + softplus(raw), at most about `ceiling`, float32 in any dtype policy.

    softplus(raw) = log(1 + exp(raw)) grows linearly and never overflows, unlike exp(log-variance),
    so the scale is never zero, infinite or NaN.
    """
    raw = clip_forward(tf.cast(raw, tf.float32), tf.constant(-30.0), tf.constant(ceiling))
    return floor + tf.math.softplus(raw)


def raw_of(scale, floor):
    """Inverse of `bounded_scale`: the raw number whose scale is `scale`."""
    above = scale - floor
    return math.log(math.expm1(above)) if above < 30.0 else above
