"""The vocabulary that all other files speak: what one pass through a model yields."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Draw:
    """One stochastic layer, sampled.

    Attributes:
        posterior: q(z|x), a `tfd.Distribution` with event `[D]`.
        prior: p(z), or p(z|z above) in a ladder, a `tfd.Distribution` with event `[D]`.
        z: the sample, `[S * B, D]`, sample-major (all of the batch, S times).
        log_q: log q(z|x) in nats, `[S * B]`, taken when z was drawn.
        experts: where several modalities are fused, name -> (q(z|that modality alone), a
            `tfd.Normal`; bool `[B]`, whether an example has it).
    """

    posterior: Any
    prior: Any
    z: Any
    log_q: Any
    experts: Any = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Pass:
    """All that losses, scores, diagnostics and plots need to know of one pass.

    Attributes:
        draws: tuple of `Draw`, in the order in which they are drawn: a ladder's top first.
        likelihood: p(x|z), with `log_prob`, `mean` and `sample`, batch `[S * B]`.
        target: the x whose probability counts, `[B, *event]`: clean where the encoder saw noise,
            binarised where the likelihood asks for it.
        sampler: what drew them; a term that needs noise of its own asks it for a seed.
    """

    draws: tuple
    likelihood: Any
    target: Any
    sampler: Any

    @property
    def samples(self):
        """S, the draws for each example."""
        return self.sampler.samples
