"""Specification of pretrained weights, and its parts."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training:
    """Training of weights.

    Attributes:
        epochs: passes over the data.
        batch_size: examples in a step.
        optimizer: "adam" or "adamax".
        peak: highest learning rate, from which it falls to `end` along a cosine.
        end: last learning rate.
        warmup: steps in which the learning rate rises from 0.
        clipnorm: bound of the gradient's global norm.
        weight_decay: share of the weights that is subtracted in a step, times the learning rate.
        beta_warmup: epochs in which the weight of the KL rises from 0 to 1.
        ema: momentum of the moving average of the weights that is stored; None for the last ones.
        importance_epochs: epochs after the others, with the importance-weighted bound as objective.
        importance_samples: draws of that bound.
        importance_batch_size: examples in a step of these epochs; `batch_size` by default.
        fit_prior: whether the prior is fitted to the codes after training.
        steps_per_execution: optimizer steps in one call; it does not change the weights.
    """

    epochs: int
    batch_size: int = 128
    optimizer: str = "adam"
    peak: float = 2e-3
    end: float = 0.0
    warmup: int = 500
    clipnorm: float | None = 300.0
    weight_decay: float | None = None
    beta_warmup: int = 0
    ema: float | None = None
    importance_epochs: int = 0
    importance_samples: int = 5
    importance_batch_size: int | None = None
    fit_prior: bool = False
    steps_per_execution: int | str = "auto"

    def text(self) -> str:
        """One line for a card."""
        parts = [
            f"{self.epochs} epochs, batches of {self.batch_size}",
            f"{self.optimizer.capitalize()}, learning rate {self.peak:g} to {self.end:g} along a "
            f"cosine after {self.warmup} steps",
        ]
        if self.beta_warmup:
            span = "the first epoch" if self.beta_warmup == 1 else f"{self.beta_warmup} epochs"
            parts.append(f"weight of the KL from 0 to 1 in {span}")
        if self.importance_epochs:
            size = self.importance_batch_size
            parts.append(
                f"{self.importance_epochs} further epochs with the importance-weighted bound of "
                f"{self.importance_samples} draws" + (f" and batches of {size}" if size else "")
            )
        if self.weight_decay is not None:
            parts.append(f"weight decay {self.weight_decay:g}")
        if self.ema is not None:
            parts.append(f"moving average of the weights, momentum {self.ema:g}")
        if self.fit_prior:
            parts.append("prior fitted to the codes afterwards")
        return "; ".join(parts)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Made:
    """Origin of weights of the package that `recipes/pretrain.py` alone did not make.

    Attributes:
        text: what differs from the command.
        machine: the device, and the time that it took.
    """

    text: str
    machine: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Spec:
    """Weights of a variant.

    Attributes:
        variant: name of the variant.
        tag: name of the weights.
        summary: one line.
        source: key of `sources.SOURCES`.
        options: options of the variant other than the seed; a function stands for its value for
            the examples to train on.
        training: the `Training`.
        seed: seed of the model, the noise and the order of the data.
        samples: importance samples of log p(x).
        made: the `Made`; None for weights that `recipes/pretrain.py` made.
    """

    variant: str
    tag: str
    summary: str
    source: str
    options: dict[str, Any]
    training: Training
    seed: int = 0
    samples: int = 1000
    made: Made | None = None

    @property
    def name(self) -> str:
        """Name of the weights on the command line."""
        return f"{self.variant}/{self.tag}"
