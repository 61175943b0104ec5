"""Specifications of the pretrained weights: data, model, training and evaluation of each tag."""

import dataclasses
from typing import Any

# `zoo` is imported by the functions below: listing the tags does not need TensorFlow.


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
    beta_warmup: int = 0
    ema: float | None = None
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
        if self.ema is not None:
            parts.append(f"moving average of the weights, momentum {self.ema:g}")
        if self.fit_prior:
            parts.append("prior fitted to the codes afterwards")
        return "; ".join(parts)


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
    """

    variant: str
    tag: str
    summary: str
    source: str
    options: dict[str, Any]
    training: Training
    seed: int = 0
    samples: int = 1000

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


# `multimodal_vae` for a CPU, as in `audio_visual.py` with smaller layers.
PAIRS = dict(latent_dim=16, rescale={"image": 3.0}, alignment=1.0)


def _tabular(x):
    """Likelihood of a table in its own units and ranges."""
    import zoo

    return zoo.likelihoods.Tabular.from_data(x)


def _words(x):
    """Likelihood of lines of verse, with the words of the examples to train on."""
    import zoo

    likelihood = zoo.likelihoods.Text(5000, max_length=20, width=128)
    likelihood.preprocessor().adapt([x])
    return likelihood


def _pair_encoders(x):
    """Dense encoders of an image and a spectrogram."""
    import zoo

    return {name: zoo.encoders.DenseEncoder(PAIRS["latent_dim"], hidden=(256, 128)) for name in x}


def _pair_decoders(x):
    """Dense decoders of an image and a spectrogram."""
    import zoo

    likelihoods = {
        "image": zoo.likelihoods.BinarizedBernoulli(),
        # Values are in [0, 1]; a scale that starts at 1 takes many steps to shrink.
        "audio": zoo.likelihoods.SharedScaleNormal(0.1),
    }
    return {
        name: zoo.decoders.DenseDecoder(hidden=(128, 256), likelihood=likelihoods[name])
        for name in x
    }


def _pair_prior(x):
    """A mixture near the standard Normal, which is fitted to the codes later."""
    import zoo

    return zoo.MixturePrior(PAIRS["latent_dim"], 100, init_std=0.3, initial_scale=1.0)


SPECS = {
    spec.name: spec
    for spec in (
        _conv("mnist", "handwritten digits", 24, 1),
        _conv("fashion_mnist", "pieces of clothing", 16, 1),
        _conv("omniglot", "handwritten characters of 30 alphabets", 30, 2),
        _conv("quickdraw", "sketches of cats, rainbows and trains", 100, 10),
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
            options=dict(latent_dim=3, hidden=(32,), activation="elu", likelihood=_tabular),
            training=Training(epochs=400, batch_size=16, peak=3e-3, warmup=50, ema=0.99),
        ),
        Spec(
            variant="transformer_vae",
            tag="tiny_shakespeare",
            summary="lines of verse of Shakespeare's plays",
            source="tiny_shakespeare",
            options=dict(
                latent_dim=32,
                blocks=1,
                hidden=256,
                dropout=0.2,
                word_dropout=0.3,
                free_bits=0.25,
                decoder="lstm",
                likelihood=_words,
            ),
            training=Training(epochs=14, batch_size=32, beta_warmup=2, ema=0.999, clipnorm=5.0),
            samples=100,
        ),
        Spec(
            variant="multimodal_vae",
            tag="spoken_mnist",
            summary="handwritten digits, binarised at random, and spoken ones",
            source="spoken_mnist",
            options=dict(
                **PAIRS, encoders=_pair_encoders, decoders=_pair_decoders, prior=_pair_prior
            ),
            training=Training(epochs=12, batch_size=64, ema=0.999, fit_prior=True),
            samples=100,
        ),
    )
}
