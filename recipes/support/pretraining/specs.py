"""Specifications of the pretrained weights: data, model, training and evaluation of each tag."""

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
        beta_warmup: epochs in which the weight of the KL rises from 0 to 1.
        ema: momentum of the moving average of the weights that is stored; None for the last ones.
        steps_per_execution: optimizer steps in one call; it does not change the weights.
    """

    epochs: int
    batch_size: int = 128
    optimizer: str = "adam"
    peak: float = 2e-3
    end: float = 0.0
    warmup: int = 500
    clipnorm: float | None = 300.0
    beta_warmup: int = 0
    ema: float | None = None
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
        if self.ema is not None:
            parts.append(f"moving average of the weights, momentum {self.ema:g}")
        return "; ".join(parts)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Made:
    """How the weights of the package were made, where it was not by `recipes/pretrain.py` alone.

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
        options: options of the variant other than the seed; the likelihood "tabular" is
            `zoo.likelihoods.Tabular` in the units of the data.
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


# `conv_vae` for a CPU: maps of 14x14 and smaller, and a dense layer around the latent vector.
SMALL_CONV = dict(
    latent_dim=32,
    hidden=320,
    widths=(32, 64, 64),
    blocks=1,
    stem_strides=2,
    normalization=None,
    activation="elu",
    likelihood="binarized_bernoulli",
    prior="mixture",
)


def _conv(tag, summary, epochs, beta_warmup):
    """`Spec` of `conv_vae` for a set of images of 28x28 pixels."""
    training = Training(epochs=epochs, batch_size=64, beta_warmup=beta_warmup, ema=0.999)
    return Spec(
        variant="conv_vae",
        tag=tag,
        summary=f"{summary}, binarised at random",
        source=tag,
        options=SMALL_CONV,
        training=training,
        samples=100,
    )


# `ladder_vae` of nine levels: a vector, four maps of 7x7 and four of 14x14, one channel each. It is
# trained on millions of images, for which a CPU would need days.
DEEP_LADDER = dict(
    latent_dim=16,
    level_dims=(1,) * 8,
    widths=(24, 48, 48),
    blocks=1,
    stem_strides=1,
    normalization=None,
    activation="silu",
    likelihood="binarized_bernoulli",
    free_bits=None,
)


def _ladder(tag, source, summary, epochs, beta_warmup, minutes):
    """`Spec` of `ladder_vae` for a set of images of 28x28 pixels; `minutes` of a GPU."""
    training = Training(
        epochs=epochs,
        batch_size=250,
        optimizer="adamax",
        peak=1e-2,
        end=1e-5,
        clipnorm=200.0,
        beta_warmup=beta_warmup,
        ema=0.999,
    )
    made = Made(
        text="run as the same loss, optimizer and schedule written in JAX, with matrix products of "
        "bfloat16 numbers and float32 weights, from this variant's initial weights; the command "
        "draws other noise, and runs in float32 with TensorFlow",
        machine=f"NVIDIA H200, {minutes} minutes, with another training beside it",
    )
    return Spec(
        variant="ladder_vae",
        tag=tag,
        summary=f"{summary}, binarised at random",
        source=source,
        options=DEEP_LADDER,
        training=training,
        samples=10,
        made=made,
    )


SPECS = {
    spec.name: spec
    for spec in (
        _conv("mnist", "handwritten digits", 24, 1),
        _conv("fashion_mnist", "pieces of clothing", 16, 1),
        _conv("omniglot", "handwritten characters of 30 alphabets", 30, 2),
        _ladder("mnist", "mnist", "handwritten digits", 201, 5, 7.6),
        _ladder("fashion_mnist", "fashion_mnist", "pieces of clothing", 129, 5, 5.0),
        _ladder(
            "omniglot",
            "omniglot_random",
            "handwritten characters of 50 alphabets, split at random",
            185,
            12,
            2.9,
        ),
        Spec(
            variant="dense_vae",
            tag="mnist",
            summary="handwritten digits, binarised at random",
            source="mnist",
            options=dict(
                latent_dim=32,
                hidden=(320, 240),
                activation="elu",
                likelihood="binarized_bernoulli",
            ),
            training=Training(epochs=80, beta_warmup=2, ema=0.999),
        ),
        Spec(
            variant="dense_vae",
            tag="wine",
            summary="chemical analyses of Italian wines",
            source="wine",
            options=dict(latent_dim=3, hidden=(32,), activation="elu", likelihood="tabular"),
            training=Training(epochs=400, batch_size=16, peak=3e-3, warmup=50, ema=0.99),
        ),
    )
}
