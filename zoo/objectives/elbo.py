"""Objectives: how good a pass is, in nats per example, and what is logged of it."""

import keras

from zoo.component import as_tuple, component, ensure_built
from zoo.nats import nll, posterior_centres, total_kl
from zoo.objectives.activity import ActiveUnits
from zoo.objectives.terms import KL
from zoo.sampling import RandomSampler


@component
class WeightedSum(keras.layers.Layer):
    """-log p(x|z) + sum of weight * term: the negative ELBO when the one term is KL at weight 1.

    Logs `elbo`, `nll` and `kl`, and each further term by its name: raw, so that they mean the same
    whatever the weights do. Logs `active_units` too: how many latent dimensions are in use.

    Args:
        terms: tuple of `Term`s; `(KL(),)` by default.
    """

    def __init__(self, terms=None, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.terms = [KL()] if terms is None else list(as_tuple(terms))
        names = ["elbo", "nll", "kl"]
        names += [t.name for t in self.terms if t.name not in names]
        self.trackers = {name: keras.metrics.Mean(name=name) for name in names}

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

    def per_example(self, x, y, out, sample_weight=None):
        """The weighted sum, `[B]`, in nats: what the optimizer sees the mean of."""
        raw = {"nll": nll(out), "kl": total_kl(out)}
        raw["elbo"] = -raw["nll"] - raw["kl"]
        loss = raw["nll"]
        for term in self.terms:
            value = term.per_example(x, y, out)
            raw.setdefault(term.name, value)  # a bounded KL is logged as the KL that it bounds
            loss += term.current * value
        for name, tracker in self.trackers.items():
            tracker.update_state(raw[name], sample_weight=sample_weight)
        self.active_units.update_state(posterior_centres(out))
        return loss
