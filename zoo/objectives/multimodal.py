"""Terms for multimodal models."""

from collections.abc import Mapping

import tensorflow as tf

from zoo.core.argument_values import is_float32
from zoo.core.distributions import as_normal, kl_of_normals
from zoo.core.elbo import nll_by_modality
from zoo.core.outputs import Pass
from zoo.core.serialization import component
from zoo.objectives.terms import Term


@component
class Alignment(Term):
    """sum_m KL(q(z|x) || q_m(z|x_m)) over the modalities that an example has, in nats.

    Makes each unimodal posterior similar to the posterior of all modalities (for a mixture, to the
    Normal with its mean and variance), so that one modality alone gives nearly the same z. Suzuki
    et al., JMVAE, 2016; Hwang et al., MVTCAE, 2021.

    Args:
        weight: weight in the loss.
    """

    def __init__(self, weight: float = 1.0, name: str = "alignment", **kwargs):
        super().__init__(weight, name=name, **kwargs)

    def per_example(self, x, y, out: Pass) -> tf.Tensor:
        """The sum of KLs, `[B]` nats."""
        del x, y
        return sum(tf.add_n([*distances(draw).values()]) for draw in out.draws)


@component
class Rescaling(Term):
    """sum_m (factor_m - 1) (-log p(x_m|z)): multiplies each modality's nll in the loss by a factor.

    The logged elbo and nll stay unweighted.

    Args:
        factors: name -> a positive number; the factor of other modalities is 1.
        weight: weight of the sum in the loss; the factors are exact at weight 1.
    """

    def __init__(
        self,
        factors: dict[str, float],
        weight: float = 1.0,
        name: str = "rescaling",
        **kwargs,
    ):
        super().__init__(weight, name=name, **kwargs)
        if not isinstance(factors, Mapping):
            raise TypeError(f"factors must be a dict, got {type(factors).__name__}")
        for modality, factor in factors.items():
            if not is_float32(factor) or factor <= 0:
                raise ValueError(f"factors[{modality!r}] must be a positive number, got {factor!r}")
        self.factors = dict(factors)

    def per_example(self, x, y, out: Pass) -> tf.Tensor:
        """The change of the nll, `[B]` nats."""
        del x, y
        nats = nll_by_modality(out)
        unknown = [name for name in self.factors if name not in nats]
        if unknown:
            raise ValueError(f"factors must name some of {sorted(nats)}, got {unknown[0]!r}")
        return tf.add_n([(factor - 1.0) * nats[name] for name, factor in self.factors.items()])


def distances(draw):
    """KL(q(z|x) || q_m(z|x_m)) in nats: name -> `[B]`; 0 for examples that lack the modality."""
    joint = as_normal(draw.posterior)
    return {
        name: tf.where(present, tf.reduce_sum(kl_of_normals(joint, expert), -1), 0.0)
        for name, (expert, present) in draw.experts.items()
    }
