"""Terms that read labels y: classes, -1 where an example has none."""

import dataclasses

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.elbo import total_kl
from zoo.core.samplers import tile
from zoo.core.serialization import component
from zoo.objectives.batch_ops import over_samples
from zoo.objectives.terms import Term
from zoo.priors.labels import LabelMixture

tfd = tfp.distributions


@component
class LabelKL(Term):
    """What the KL is where some examples have a label, in nats: in place of the KL.

    With cost_y = KL(q(z|x) || p(z|y)) - log p(y), which is exact,

        labelled:    cost_y, and -nll - cost_y <= log p(x, y)
        unlabelled:  KL(q(z|x) || p(z)), and -nll - KL <= log p(x)

    The second has no closed form. For any r(y|x)

        KL(q || p(z)) = sum_y r_y (cost_y + log r_y) - E_q[KL(r || p(y|z))]

    and r_y = exp(-cost_y) / sum makes the first part, exact, as small as it gets:
    -log sum_y exp(-cost_y). The rest is taken at the draw. That has no bias, and where classes lie
    apart little of the noise of log q(z|x) - log p(z): none where z leaves no doubt about its
    class. Of a posterior that is not Normal the costs are themselves taken at the draw.

    It goes by the KL's name, so that schedules find it; what is logged under that name, and in the
    elbo, is the KL to p(z), whether labels are known or not. Kingma et al., Semi-supervised
    learning with deep generative models, 2014; the bound is that of Hershey and Olsen,
    Approximating the Kullback Leibler divergence between Gaussian mixture models, 2007.

    y: integers `[B]`, a class in 0 .. C - 1 or -1.

    Raises:
        ValueError: y is None, or no prior of the model is a `zoo.priors.LabelPrior`.
    """

    def __init__(self, weight=1.0, name="kl", **kwargs):
        super().__init__(weight, name=name, **kwargs)

    def per_example(self, x, y, out):
        del x
        y = _labels(y, out, type(self).__name__)
        draws = _of_classes(out, type(self).__name__)
        others = tuple(d for d in out.draws if not isinstance(d.prior, LabelMixture))
        nats = sum(_kl(draw, y, out.samples) for draw in draws)
        return over_samples(nats, out) + total_kl(dataclasses.replace(out, draws=others))


@component
class Classification(Term):
    """-log p(y|z) of labelled examples, in nats; 0 of those whose y is -1.

    p(y|z) = p(y) p(z|y) / p(z) of the `LabelPrior`. Few labels are otherwise little beside the
    many nats of x: a weight well above 1 says that they count. Kingma et al., Semi-supervised
    learning with deep generative models, 2014, equation 9, add such a term.

    y: integers `[B]`, a class in 0 .. C - 1 or -1.

    Args:
        weight: of the whole in the loss.

    Raises:
        ValueError: y is None, or no prior of the model is a `zoo.priors.LabelPrior`.
    """

    def __init__(self, weight=1.0, name="classification", **kwargs):
        super().__init__(weight, name=name, **kwargs)

    def per_example(self, x, y, out):
        del x
        y = _labels(y, out, type(self).__name__)
        draws = _of_classes(out, type(self).__name__)
        nats = sum(-_at(draw.prior.log_class(draw.z), y) for draw in draws)
        return over_samples(tf.where(y < 0, 0.0, nats), out)


def _labels(y, out, term):
    """y as int32 `[S * B]`."""
    if y is None:
        raise ValueError(f"y must be given for {term}: integers [N], -1 where unknown; got y=None")
    return tile(tf.reshape(tf.cast(y, tf.int32), [-1]), out.samples)


def _of_classes(out, term):
    """The draws whose prior is one of classes."""
    found = [draw for draw in out.draws if isinstance(draw.prior, LabelMixture)]
    if not found:
        names = ", ".join(type(draw.prior).__name__ for draw in out.draws)
        raise ValueError(f"{term} needs a model with prior=zoo.LabelPrior(...), got {names}")
    return found


def _kl(draw, y, samples):
    """KL to p(z|y), less log p(y), where y is known, else to p(z): `[S * B]`."""
    cost = _cost_by_class(draw, samples)
    log_r = tf.stop_gradient(tf.math.log_softmax(-cost))  # right for any r, this one or another
    excess = tf.reduce_sum(tf.exp(log_r) * (log_r - draw.prior.log_class(draw.z)), -1)
    return tf.where(y < 0, -tf.reduce_logsumexp(-cost, -1) - excess, _at(cost, y))


def _cost_by_class(draw, samples):
    """KL(q(z|x) || p(z|y)) - log p(y), `[S * B, C]`."""
    if isinstance(draw.posterior, tfd.Normal):
        nats = tile(draw.prior.kl_by_class(draw.posterior), samples)
    else:
        nats = draw.log_q[:, None] - draw.prior.log_prob_by_class(draw.z)
    return nats - draw.prior.log_shares


def _at(values, y):
    """`values[i, y_i]`, of `[N, C]`; of class 0 where y is -1."""
    return tf.gather(values, tf.maximum(y, 0), batch_dims=1)
