"""The result of one pass through a model, as losses, scores and diagnostics use it."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Draw:
    """A sample of one stochastic layer, with its posterior and prior.

    Attributes:
        posterior: q(z|x), a `tfd.Distribution` with event `[D]`.
        prior: p(z), or p(z|z above) in a ladder, a `tfd.Distribution` with event `[D]`.
        z: the sample, `[S * B, D]`, sample-major (the whole batch, S times).
        log_q: log q(z|x) in nats, `[S * B]`, computed when z was drawn.
        experts: in a multimodal model, name -> (q(z|that modality alone), a `tfd.Normal`; bool
            `[B]`, whether an example has the modality).
    """

    posterior: Any
    prior: Any
    z: Any
    log_q: Any
    experts: Any = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Pass:
    """One pass through a model: the input of losses, scores, diagnostics and plots.

    Attributes:
        draws: tuple of `Draw`, in the order in which they are drawn: a ladder's top level first.
        likelihood: p(x|z), with `log_prob`, `mean` and `sample`, batch `[S * B]`.
        target: the x whose probability is computed, `[B, *event]`: without the noise that the
            encoder's input has, binarised if the likelihood requires it.
        sampler: the sampler that drew them; a term that needs further noise takes seeds from it.
    """

    draws: tuple
    likelihood: Any
    target: Any
    sampler: Any

    @property
    def samples(self):
        """S, the number of draws for each example."""
        return self.sampler.samples
