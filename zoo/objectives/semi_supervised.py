"""Terms that use labels y: class indices, -1 for examples without a label."""

import dataclasses

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.elbo import total_kl
from zoo.core.outputs import Pass
from zoo.core.samplers import tile
from zoo.core.serialization import component
from zoo.objectives.batch_ops import mean_over_samples
from zoo.objectives.terms import Term
from zoo.priors.labels import LabelMixture

tfd = tfp.distributions


@component
class LabelKL(Term):
    """KL to the prior of the example's class, or without label to the mixture of classes, in nats.

    Use it in place of `KL`. With cost_y = KL(q(z|x) || p(z|y)) - log p(y), which is exact,

        labelled:    cost_y, and -nll - cost_y <= log p(x, y)
        unlabelled:  KL(q(z|x) || p(z)), and -nll - KL <= log p(x)

    The second has no closed form. For any r(y|x)

        KL(q || p(z)) = sum_y r_y (cost_y + log r_y) - E_q[KL(r || p(y|z))]

    and r_y = exp(-cost_y) / sum minimises the first part, exact: -log sum_y exp(-cost_y). The
    second part is estimated at the draw. The estimate is unbiased, and where classes are separated
    it has less variance than log q(z|x) - log p(z): none where z determines its class. If the
    posterior is not Normal, the costs are estimated at the draw, too.

    The default name is "kl", so that schedules for beta apply to this term; the logged `kl` and
    `elbo` use the KL to p(z), with and without labels. Kingma et al., Semi-supervised learning with
    deep generative models, 2014; the bound is that of Hershey and Olsen, Approximating the Kullback
    Leibler divergence between Gaussian mixture models, 2007.

    y: integers `[B]`, a class in 0 .. C - 1 or -1.

    Args:
        weight: weight in the loss.

    Raises:
        ValueError: y is None, or no prior of the model is a `zoo.priors.LabelPrior`.
    """

    def __init__(self, weight: float = 1.0, name: str = "kl", **kwargs):
        super().__init__(weight, name=name, **kwargs)

    def per_example(self, x, y, out: Pass) -> tf.Tensor:
        """The KL minus log p(y), or without label the KL to the mixture: `[B]` nats."""
        del x
        y, label_draws = _labels_and_draws(y, out, type(self).__name__)
        other_draws = tuple(d for d in out.draws if not isinstance(d.prior, LabelMixture))
        nats = sum(_kl(draw, y, out.samples) for draw in label_draws)
        others = total_kl(dataclasses.replace(out, draws=other_draws))
        return mean_over_samples(nats, out) + others


@component
class Classification(Term):
    """Cross-entropy -log p(y|z) of labelled examples, in nats; 0 for those whose y is -1.

    p(y|z) = p(y) p(z|y) / p(z) of the `LabelPrior`. The cross-entropy is small compared with the
    nats of x, so that few labels need a weight well above 1. Kingma et al., Semi-supervised
    learning with deep generative models, 2014, equation 9, add such a term. y and errors are as in
    `LabelKL`.

    Args:
        weight: weight in the loss.
    """

    def __init__(self, weight: float = 1.0, name: str = "classification", **kwargs):
        super().__init__(weight, name=name, **kwargs)

    def per_example(self, x, y, out: Pass) -> tf.Tensor:
        """The cross-entropy, `[B]` nats."""
        del x
        y, label_draws = _labels_and_draws(y, out, type(self).__name__)
        nats = sum(-_at_label(draw.prior.log_class(draw.z), y) for draw in label_draws)
        return mean_over_samples(tf.where(y < 0, 0.0, nats), out)


def _labels_and_draws(y, out, term):
    """y as int32 `[S * B]`, and the draws whose prior is that of a `LabelPrior`; at least one."""
    if y is None:
        raise ValueError(
            f"y must be integers [N] for {term}, -1 where the class is unknown, got None"
        )
    draws = [draw for draw in out.draws if isinstance(draw.prior, LabelMixture)]
    if not draws:
        names = ", ".join(type(draw.prior).__name__ for draw in out.draws)
        raise ValueError(
            f"prior must be a zoo.LabelPrior for {term}, got one with the distribution {names}: "
            "give the model prior=zoo.LabelPrior(...)"
        )
    return tile(tf.reshape(tf.cast(y, tf.int32), [-1]), out.samples), draws


def _kl(draw, y, samples):
    """KL to p(z|y), less log p(y), if y is known, else KL to p(z): `[S * B]`."""
    cost = _cost_by_class(draw, samples)
    # The identity holds for any r, so r needs no gradient.
    log_r = tf.stop_gradient(tf.math.log_softmax(-cost))
    excess = tf.reduce_sum(tf.exp(log_r) * (log_r - draw.prior.log_class(draw.z)), -1)
    return tf.where(y < 0, -tf.reduce_logsumexp(-cost, -1) - excess, _at_label(cost, y))


def _cost_by_class(draw, samples):
    """KL(q(z|x) || p(z|y)) - log p(y), `[S * B, C]`."""
    if isinstance(draw.posterior, tfd.Normal):
        nats = tile(draw.prior.kl_by_class(draw.posterior), samples)
    else:
        nats = draw.log_q[:, None] - draw.prior.log_prob_by_class(draw.z)
    return nats - draw.prior.log_weights


def _at_label(values, y):
    """`values[i, y_i]`, of `[N, C]`; of class 0 where y is -1."""
    return tf.gather(values, tf.maximum(y, 0), batch_dims=1)
