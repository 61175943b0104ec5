"""Options of the pretrained weights' models that are objects: functions of the training examples.

`zoo` is imported by each function: listing the tags does not need TensorFlow.
"""

# `multimodal_vae` for a CPU, as in `audio_visual.py` with smaller layers.
PAIRS = dict(latent_dim=16, rescale={"image": 3.0}, alignment=1.0)


def tabular(x):
    """Likelihood of a table in its own units and ranges."""
    import zoo

    return zoo.likelihoods.Tabular.from_data(x)


def words(x):
    """Likelihood of lines of verse, with the words of the examples to train on."""
    import zoo

    likelihood = zoo.likelihoods.Text(5000, max_length=20, width=128)
    likelihood.preprocessor().adapt([x])
    return likelihood


def pair_encoders(x):
    """Dense encoders of an image and a spectrogram."""
    import zoo

    return {name: zoo.encoders.DenseEncoder(PAIRS["latent_dim"], hidden=(256, 128)) for name in x}


def pair_decoders(x):
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


def pair_prior(x):
    """A mixture near the standard Normal, which is fitted to the codes later."""
    import zoo

    return zoo.MixturePrior(PAIRS["latent_dim"], 100, init_std=0.3, initial_scale=1.0)


def series_prior(x):
    """A mixture near the standard Normal, which is fitted to the codes later."""
    import zoo

    return zoo.MixturePrior(16, 50, init_std=0.3, initial_scale=1.0)


def autoregressive_flow(x):
    """Flow of the posterior of a `conv_vae`."""
    import zoo

    return zoo.flows.InverseAutoregressiveFlow(steps=4, hidden=320)


def spline_prior(x):
    """Flow prior of a `conv_vae` with 40 latent dimensions."""
    import zoo

    return zoo.FlowPrior(40, zoo.flows.SplineCouplingFlow(steps=4, hidden=160))
