"""Terms for several modalities."""

import math
import numbers

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.distributions import as_normal
from zoo.core.elbo import nll_by_modality
from zoo.core.serialization import component
from zoo.objectives.terms import Term

tfd = tfp.distributions


@component
class Alignment(Term):
    """sum_m KL(q(z|x) || q_m(z|x_m)) over the modalities that an example has, in nats.

    Pulls each encoder's posterior to that of all together (for a mixture, to the Normal of its mean
    and variance), so that one modality says what all would have said. Suzuki et al., JMVAE, 2016;
    Hwang et al., MVTCAE, 2021.
    """

    def __init__(self, weight=1.0, name="alignment", **kwargs):
        super().__init__(weight, name=name, **kwargs)

    def per_example(self, x, y, out):
        del x, y
        return sum(tf.add_n([*distances(draw).values()]) for draw in out.draws)


@component
class Rescaling(Term):
    """sum_m (factor_m - 1) (-log p(x_m|z)): in the loss each modality's nats count factor_m times.

    What is logged as elbo and nll stays unweighted.

    Args:
        factors: name -> a positive number; modalities that are not named keep theirs.
    """

    def __init__(self, factors, weight=1.0, name="rescaling", **kwargs):
        super().__init__(weight, name=name, **kwargs)
        for modality, factor in factors.items():
            if not isinstance(factor, numbers.Real) or not 0 < factor < math.inf:
                raise ValueError(f"factors[{modality!r}] must be a positive number, got {factor!r}")
        self.factors = dict(factors)

    def per_example(self, x, y, out):
        del x, y
        nats = nll_by_modality(out)
        unknown = [name for name in self.factors if name not in nats]
        if unknown:
            raise ValueError(f"factors name {unknown[0]!r}, expected some of {sorted(nats)}")
        return tf.add_n([(factor - 1.0) * nats[name] for name, factor in self.factors.items()])


def distances(draw):
    """KL(q(z|x) || q_m(z|x_m)) in nats: name -> `[B]`; 0 for examples that lack the modality."""
    joint = as_normal(draw.posterior)
    return {
        name: tf.where(there, tf.reduce_sum(tfd.kl_divergence(joint, expert), -1), 0.0)
        for name, (expert, there) in draw.experts.items()
    }
