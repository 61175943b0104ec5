"""Pure functions on TFP distributions, and the few distributions that TFP lacks or does slowly."""

import math

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


def as_event(distribution):
    """Make every dimension but the first part of the event, so log_prob is `[B]`."""
    extra = len(distribution.batch_shape) - 1
    return tfd.Independent(distribution, extra) if extra > 0 else distribution


def kl(draw):
    """KL(q(z|x) || p(z)) in nats, summed over the event.

    Exact, `[B]`, where TFP registers the pair; otherwise the single-sample estimate
    log q(z|x) - log p(z) at the draw's own z: `[S * B]`, unbiased, negative at times.
    `kl_is_exact` says which of them it is.
    """
    try:
        return tfd.kl_divergence(as_event(draw.posterior), as_event(draw.prior))
    except NotImplementedError:
        return draw.log_q - log_prior(draw)


def kl_is_exact(draw):
    """Whether `kl(draw)` is the closed form rather than an estimate."""
    try:
        tfd.kl_divergence(as_event(draw.posterior), as_event(draw.prior))
    except NotImplementedError:
        return False
    return True


def kl_per_dimension(draw):
    """KL(q(z_d|x) || p(z_d)) of each latent dimension, `[B, D]` nats; their sum is `kl`.

    For a posterior and a prior that are independent over dimensions, and a closed form.
    """
    prior = draw.prior
    prior = prior.distribution if isinstance(prior, tfd.Independent) else prior
    return tfd.kl_divergence(draw.posterior, prior)


def log_prior(draw):
    """log p(z) in nats at the drawn z, `[S * B]`."""
    return as_event(draw.prior).log_prob(draw.z)


def as_normal(distribution):
    """The `tfd.Normal` of the same mean and variance: of all, the one with the smallest
    KL(distribution || Normal). A Normal is its own.
    """
    if isinstance(distribution, tfd.Normal):
        return distribution
    return tfd.Normal(distribution.mean(), distribution.stddev())


def joint_normal(draws):
    """The `tfd.Normal`, batch `[B, sum of D]`, of all stochastic layers side by side."""
    normals = [as_normal(draw.posterior) for draw in draws]
    if len(normals) == 1:
        return normals[0]
    return tfd.Normal(
        tf.concat([q.loc for q in normals], -1), tf.concat([q.scale for q in normals], -1)
    )


class NormalMixture(tfd.MixtureSameFamily):
    """Equal parts of Normals `[B, D]`, of those that are present: sum_k present_k N_k / count.

    Args:
        loc, scale: `[B, K, D]`; of components that are not present finite, and of no influence.
        present: bool `[B, K]`, at least one in each row.
    """

    def __init__(self, loc, scale, present, name="NormalMixture"):
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

    def chosen(self, positions):
        """Loc and scale `[S, B, D]` of one present component each.

        Args:
            positions: `[S, B]` (or `[S, 1]`) in [0, 1): evenly spread ones choose evenly.
        """
        count = tf.reduce_sum(tf.cast(self.present, tf.float32), -1)
        among_present = tf.minimum(tf.floor(positions * count), count - 1.0)
        # A stable sort: present components first, each in its place among them.
        order = tf.argsort(tf.cast(self.present, tf.int32), direction="DESCENDING", stable=True)
        components = tf.transpose(tf.cast(among_present, tf.int32))
        components = tf.gather(order, components, batch_dims=1)
        return tuple(
            tf.transpose(tf.gather(x, components, batch_dims=1), [1, 0, 2])
            for x in (self.locs, self.scales)
        )


@tf.custom_gradient
def clip_forward(x, low, high):
    """Clip x to [low, high]; the gradient passes as if nothing had been clipped.

    A plain clip has zero gradient outside its bounds, so a unit that strays there stays there.
    """
    return tf.clip_by_value(x, low, high), lambda grad: (grad, None, None)


def bounded_scale(raw, floor, ceiling):
    """floor + softplus(raw), at most about `ceiling`; float32 in any policy; never NaN or zero.

    softplus(raw) = log(1 + exp(raw)) grows like raw, where exp(log-variance) overflows.
    """
    raw = clip_forward(tf.cast(raw, tf.float32), tf.constant(-30.0), tf.constant(ceiling))
    return floor + tf.math.softplus(raw)


def raw_of(scale, floor):
    """The raw number whose `bounded_scale` is `scale`: softplus, undone."""
    above = scale - floor
    return math.log(math.expm1(above)) if above < 30.0 else above


class FusedBernoulli(tfd.Bernoulli):
    """`tfd.Bernoulli` on logits whose log_prob is one fused op, also for targets in [0, 1].

    log p(x) = -max(l, 0) + l * x - log(1 + exp(-|l|)). For a grey x this is the mean over its
    binarisations (the formula is linear in x).
    """

    def _log_prob(self, value):
        value = tf.cast(value, self.logits.dtype)
        logits = tf.convert_to_tensor(self.logits)
        if value.shape != logits.shape:  # the op does not broadcast
            value, logits = value + tf.zeros_like(logits), logits + tf.zeros_like(value)
        return -tf.nn.sigmoid_cross_entropy_with_logits(labels=value, logits=logits)


class DiscretizedLogistic(tfd.Distribution):
    """A logistic density integrated over `levels` equal bins of [0, 1]: a probability mass.

    x = k / (levels - 1). With h half a bin, a = (x + h - loc) / scale, b = (x - h - loc) / scale:
    log p(x) = log(sigmoid(a) - sigmoid(b)) = log sigmoid(a) + log sigmoid(-b) + log(1 - e^(b - a)),
    which never subtracts two near-equal numbers; the outermost bins reach to infinity.
    Salimans et al., PixelCNN++, 2017.

    Args:
        loc, scale: float tensors of one shape, in units of [0, 1].
        levels: how many values x can take (256 for 8-bit images).
    """

    def __init__(self, loc, scale, levels=256, name="DiscretizedLogistic"):
        parameters = dict(locals())
        self.loc, self.scale, self.levels = loc, scale, levels
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
        return {
            "loc": tfp.util.ParameterProperties(),
            "scale": tfp.util.ParameterProperties(),
            "levels": tfp.util.ParameterProperties(event_ndims=None),
        }

    def _batch_shape(self):
        return self.loc.shape

    def _batch_shape_tensor(self):
        return tf.shape(self.loc)

    def _event_shape(self):
        return tf.TensorShape([])

    def _event_shape_tensor(self):
        return tf.constant([], tf.int32)

    def _log_prob(self, value):
        half = 0.5 / (self.levels - 1)
        upper = (value + half - self.loc) / self.scale
        lower = (value - half - self.loc) / self.scale
        log_cdf_upper = tf.where(value > 1.0 - half, 0.0, tf.math.log_sigmoid(upper))
        log_survival_lower = tf.where(value < half, 0.0, tf.math.log_sigmoid(-lower))
        inner = (value > half) & (value < 1.0 - half)
        width = tf.where(inner, upper - lower, 1.0)  # keeps the unused branch's gradient finite
        between = tf.where(inner, tf.math.log(-tf.math.expm1(-width)), 0.0)
        return log_cdf_upper + log_survival_lower + between

    def _sample_n(self, n, seed=None):
        shape = tf.concat([[n], tf.shape(self.loc)], 0)
        seed = tfp.random.sanitize_seed(seed)
        tiny = 1e-6
        u = tf.random.stateless_uniform(shape, seed, minval=tiny, maxval=1.0 - tiny)
        return self._quantize(self.loc + self.scale * (tf.math.log(u) - tf.math.log1p(-u)))

    def _quantize(self, x):
        steps = self.levels - 1
        return tf.clip_by_value(tf.round(x * steps) / steps, 0.0, 1.0)

    def _mean(self):
        # The logistic's own mean, kept in range: within half a bin of the exact sum over bins
        # wherever the mass lies inside [0, 1], at none of its cost.
        return tf.clip_by_value(self.loc, 0.0, 1.0)
