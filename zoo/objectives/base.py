"""What objectives share: terms, trackers, and what is logged."""

import keras

from zoo.core.elbo import nll, posterior_centres, total_kl
from zoo.core.samplers import RandomSampler
from zoo.core.serialization import as_tuple, ensure_built
from zoo.objectives.active_units import ActiveUnits

RESERVED = ("loss", "active_units")


class Objective(keras.layers.Layer):
    """What objectives share. A subclass has `bound(raw)`, and `measure` and `LOGS` of its own.

    Args:
        terms: tuple of `Term`s that are added to the bound, each at its weight.

    Raises:
        ValueError: two terms have one name, or a term that of something else that is logged.
    """

    LOGS = ("elbo", "nll", "kl")

    def __init__(self, terms=(), **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.terms = list(as_tuple(terms))
        names = [term.name for term in self.terms]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"terms must have different names, got {name!r} twice")
            if name in RESERVED or (name in self.LOGS and name != "kl"):
                raise ValueError(f"a term must not be named {name!r}, which is logged already")
        self.trackers = {n: keras.metrics.Mean(name=n) for n in dict.fromkeys([*self.LOGS, *names])}

    def build(self, input_shape):
        self.active_units = ActiveUnits(input_shape[-1])
        for term in self.terms:
            ensure_built(term, input_shape)

    def sampler(self, seed):
        """What draws z for this objective, in training and in `evaluate`."""
        return RandomSampler(seed)

    def term(self, name):
        """The term of this name."""
        found = {term.name: term for term in self.terms}
        if name not in found:
            raise ValueError(f"term={name!r} is not in this objective, which has {sorted(found)}")
        return found[name]

    def measure(self, out):
        """What is logged of a pass apart from the terms: name -> `[B]` nats."""
        raw = {"nll": nll(out), "kl": total_kl(out)}
        return {"elbo": -raw["nll"] - raw["kl"], **raw}

    def bound(self, raw):
        """What is minimised apart from the terms, `[B]`, of what was measured."""
        raise NotImplementedError

    def seen_by_terms(self, out):
        """The pass as the terms get it."""
        return out

    def per_example(self, x, y, out, sample_weight=None):
        """The weighted sum, `[B]`, in nats: what the optimizer sees the mean of."""
        raw = self.measure(out)
        loss, seen = self.bound(raw), self.seen_by_terms(out)
        for term in self.terms:
            value = term.per_example(x, y, seen)
            raw.setdefault(term.name, value)  # a bounded KL is logged as the KL that it bounds
            loss += term.current * value + term.own_loss(x, y, seen)
        for name, tracker in self.trackers.items():
            tracker.update_state(raw[name], sample_weight=sample_weight)
        self.active_units.update_state(posterior_centres(out))
        return loss
