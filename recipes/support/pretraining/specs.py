"""Specifications of the pretrained weights: data, model, training and evaluation of each tag."""

from support.pretraining import options
from support.pretraining.spec import Made, Spec, Training

# `conv_vae` for a CPU: maps of 14x14 and smaller.
SMALL_CONV = dict(
    latent_dim=32,
    widths=(32, 64, 64),
    blocks=1,
    stem_strides=2,
    normalization=None,
    activation="elu",
    likelihood="binarized_bernoulli",
    prior="mixture",
)


def _conv(tag, summary, epochs, beta_warmup, hidden=None):
    """`Spec` of `conv_vae` for a set of images; `hidden`: of dense layers around the latent."""
    training = Training(epochs=epochs, batch_size=64, beta_warmup=beta_warmup, ema=0.999)
    return Spec(
        variant="conv_vae",
        tag=tag,
        summary=f"{summary}, binarised at random",
        source=tag,
        options={**SMALL_CONV, "hidden": hidden},
        training=training,
        samples=100,
    )


# One stochastic layer whose posterior and prior are not Normal. Kingma et al., Improving
# variational inference with inverse autoregressive flow, 2016; Durkan et al., Neural spline flows,
# 2019.
FLOW_CONV = dict(
    latent_dim=40,
    widths=(24, 48, 64, 64),
    blocks=1,
    stem_strides=1,
    hidden=None,
    normalization=None,
    activation="silu",
    likelihood="binarized_bernoulli",
    flow=options.autoregressive_flow,
    prior=options.spline_prior,
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


IN_JAX = (
    "run as the same loss, optimizer and schedule written in JAX, with matrix products of bfloat16 "
    "numbers and float32 weights, from this variant's initial weights; the command draws other "
    "noise, and runs in float32 with TensorFlow"
)


# The weights for MNIST: what the command does otherwise.
TIMED = (
    f"{IN_JAX}; the cosine ran over the time, of which the further epochs took {{}} %, not over "
    "the steps, biases did not decay, and the averaged weights did not replace the last ones "
    "before the further epochs"
)


def _ladder(tag, source, summary, made, **training):
    """`Spec` of `ladder_vae` for a set of images of 28x28 pixels."""
    return Spec(
        variant="ladder_vae",
        tag=tag,
        summary=f"{summary}, binarised at random",
        source=source,
        options=DEEP_LADDER,
        training=Training(
            batch_size=250,
            optimizer="adamax",
            peak=1e-2,
            end=1e-5,
            clipnorm=200.0,
            ema=0.999,
            **training,
        ),
        samples=10,
        made=made,
    )


def _on_h200(minutes):
    """`Made` of the ladders that were trained without further epochs."""
    machine = f"NVIDIA H200, {minutes} minutes, with another training beside it"
    return Made(text=IN_JAX, machine=machine)


SPECS = {
    spec.name: spec
    for spec in (
        Spec(
            variant="conv_vae",
            tag="mnist",
            summary="handwritten digits, binarised at random",
            source="mnist",
            options=FLOW_CONV,
            training=Training(
                epochs=135,
                importance_epochs=42,
                batch_size=250,
                peak=1.5e-3,
                end=3e-6,
                weight_decay=0.01,
                beta_warmup=5,
                ema=0.999,
            ),
            samples=100,
            made=Made(
                text=TIMED.format(40),
                machine="NVIDIA H100, 7.2 minutes, with three other trainings beside it",
            ),
        ),
        _conv("fashion_mnist", "pieces of clothing", 16, 1, hidden=320),
        _conv("omniglot", "handwritten characters of 30 alphabets", 30, 2),
        _ladder(
            "mnist",
            "mnist",
            "handwritten digits",
            Made(
                text=TIMED.format(32),
                machine="NVIDIA H100, 6.9 minutes, in 3.3 of which another training ran beside it",
            ),
            epochs=127,
            importance_epochs=41,
            importance_samples=4,
            importance_batch_size=125,
            weight_decay=0.01,
            beta_warmup=5,
        ),
        _ladder(
            "fashion_mnist",
            "fashion_mnist",
            "pieces of clothing",
            _on_h200(5.0),
            epochs=129,
            beta_warmup=5,
        ),
        _ladder(
            "omniglot",
            "omniglot_random",
            "handwritten characters of 50 alphabets, split at random",
            _on_h200(2.9),
            epochs=185,
            beta_warmup=12,
        ),
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
            options=dict(latent_dim=3, hidden=(32,), activation="elu", likelihood=options.tabular),
            training=Training(epochs=400, batch_size=16, peak=3e-3, warmup=50, ema=0.99),
        ),
        Spec(
            variant="lstm_vae",
            tag="taxi",
            summary="days of taxi rides in New York",
            source="taxi",
            options=dict(latent_dim=16, prior=options.series_prior),
            training=Training(epochs=80, ema=0.999, fit_prior=True),
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
                likelihood=options.words,
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
                **options.PAIRS,
                encoders=options.pair_encoders,
                decoders=options.pair_decoders,
                prior=options.pair_prior,
            ),
            training=Training(epochs=12, batch_size=64, ema=0.999, fit_prior=True),
            samples=100,
        ),
    )
}
