"""The negative ELBO, and the base class of objectives: a bound, weighted terms, logged metrics."""

import keras
import tensorflow as tf

from zoo.core.argument_values import as_tuple
from zoo.core.elbo import nll, posterior_means, total_kl
from zoo.core.outputs import Pass
from zoo.core.samplers import RandomSampler
from zoo.core.serialization import component, ensure_built
from zoo.objectives.active_units import ActiveUnits
from zoo.objectives.terms import KL, Term

RESERVED = ("loss", "active_units")


class Objective(keras.layers.Layer):
    """Base class of objectives: bound + sum of weight * term, per example, in nats.

    A subclass implements `bound_loss(metrics)`. It may extend `per_example_metrics`, and then adds
    the names of the new metrics to `LOGS`.

    Args:
        terms: tuple of `Term`s that are added to the bound, each with its weight.

    Raises:
        ValueError: two terms have the same name, or a term has the name of another logged metric.
    """

    LOGS = ("elbo", "nll", "kl")

    def __init__(self, terms: tuple[Term, ...] = (), **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.terms = list(as_tuple(terms))
        for term in self.terms:
            if not isinstance(term, Term):
                raise TypeError(f"terms must be Terms of zoo.objectives, got {term!r}")
        names = [term.name for term in self.terms]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    f"terms must have different names, got {name!r} twice: pass name= to one"
                )
            if name in RESERVED or (name in self.LOGS and name != "kl"):
                raise ValueError(
                    f"name of a term must differ from those of other logged metrics, got {name!r}"
                )
        self.trackers = {n: keras.metrics.Mean(name=n) for n in dict.fromkeys([*self.LOGS, *names])}

    def build(self, input_shape):
        self.active_units = ActiveUnits(input_shape[-1])
        for term in self.terms:
            ensure_built(term, input_shape)

    def sampler(self, seed):
        """Sampler of z in training and in `evaluate`."""
        return RandomSampler(seed)

    def term(self, name: str) -> Term:
        """The term with this name."""
        terms = {term.name: term for term in self.terms}
        if name not in terms:
            raise ValueError(f"term must be one of {sorted(terms)}, got {name!r}")
        return terms[name]

    def per_example_metrics(self, out: Pass) -> dict[str, tf.Tensor]:
        """Logged metrics of a pass apart from the terms: name -> `[B]`, nats."""
        metrics = {"nll": nll(out), "kl": total_kl(out)}
        return {"elbo": -metrics["nll"] - metrics["kl"], **metrics}

    def bound_loss(self, metrics: dict[str, tf.Tensor]) -> tf.Tensor:
        """The loss without the terms, `[B]` nats, from `per_example_metrics`."""
        raise NotImplementedError

    def pass_for_terms(self, out: Pass) -> Pass:
        """The pass that the terms use; by default the pass itself."""
        return out

    def per_example(self, x, y, out: Pass, sample_weight=None) -> tf.Tensor:
        """Bound plus weighted terms, `[B]` nats; the optimizer minimises the mean. Updates metrics.

        Args:
            x, y: tensors of the data passed to `fit`; y may be None.
            out: the `Pass` of the model for x.
            sample_weight: weights of the examples in the metrics, `[B]` or None.
        """
        metrics = self.per_example_metrics(out)
        loss, term_input = self.bound_loss(metrics), self.pass_for_terms(out)
        for term in self.terms:
            value = term.per_example(x, y, term_input)
            # A term named "kl", such as FreeBits, does not replace the KL that is logged.
            metrics.setdefault(term.name, value)
            loss += term.current * value + term.auxiliary_loss(x, y, term_input)
        for name, tracker in self.trackers.items():
            tracker.update_state(metrics[name], sample_weight=sample_weight)
        self.active_units.update_state(posterior_means(out))
        return loss


@component
class ELBO(Objective):
    """-log p(x|z) + sum of weight * term: the negative ELBO if the one term is KL at weight 1.

    Logs `elbo`, `nll` and `kl`, and each further term by its name, all unweighted, so that they are
    comparable across runs and weights. Also logs `active_units`, the number of latent dimensions in
    use.

    Args:
        terms: tuple of `Term`s with different names; `(KL(),)` by default.
    """

    def __init__(self, terms: tuple[Term, ...] | None = None, **kwargs):
        super().__init__((KL(),) if terms is None else terms, **kwargs)

    def bound_loss(self, metrics: dict[str, tf.Tensor]) -> tf.Tensor:
        """-log p(x|z), `[B]` nats; the KL is a term."""
        return metrics["nll"]
