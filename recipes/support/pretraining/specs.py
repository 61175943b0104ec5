"""Specifications of the pretrained weights: data, model, training and evaluation of each tag."""

from support.pretraining.spec import Made, Spec, Training

# `zoo` is imported by the functions below: listing the tags does not need TensorFlow.


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


def _series_prior(x):
    """A mixture near the standard Normal, which is fitted to the codes later."""
    import zoo

    return zoo.MixturePrior(16, 50, init_std=0.3, initial_scale=1.0)


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
            variant="lstm_vae",
            tag="taxi",
            summary="days of taxi rides in New York",
            source="taxi",
            options=dict(latent_dim=16, prior=_series_prior),
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
