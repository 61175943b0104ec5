"""What can be asked of a model of several modalities only."""

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.samplers import MeanSampler
from zoo.core.suggestions import nearest
from zoo.inference import batching, scoring
from zoo.objectives.multimodal import distances

tfd = tfp.distributions


def translate(model, x, to, batch_size=256):
    """E[x_to|z] at the mean of q(z|x), `[N, ...]`: one modality from what is there of the others.

    Args:
        model: a `VAE` of several modalities.
        x: `{name: array}`, as much as is known.
        to: name of the modality that is wanted.

    Raises:
        ValueError: the model has no modality `to`.
    """
    names = _names(model)
    if to not in names:
        raise ValueError(
            f"to={to!r} is no modality of this model{nearest(to, names)} It has "
            f"{', '.join(map(repr, names))}"
        )
    return scoring.reconstruct(model, x, None, 0, batch_size)[to]


def unimodal_posteriors(model, x, batch_size=256):
    """q(z|x_m) of each modality alone: name -> `tfd.Normal`, batch `[N, D]`.

    NaN for examples that lack the modality.
    """
    _names(model)

    def parameters(batch, seed):
        features = model.decoder.likelihood.features(model.decoder.likelihood.read(batch))
        return {
            name: [tf.where(there[:, None], p, np.nan) for p in (q.loc, q.scale)]
            for name, (q, there) in model.latents.encoder.experts(features).items()
        }

    found = batching.over_batches(model, "unimodal_posteriors", parameters, x, batch_size)
    return {name: tfd.Normal(*found[name]) for name in _names(model)}


def alignment(model, x, batch_size=256):
    """KL(q(z|x) || q(z|x_m)) in nats: name -> `[N]`; how much a modality alone does not say.

    0 where each modality says all. NaN for examples that lack the modality. Of a mixture the Normal
    of its mean and variance stands for q(z|x).
    """
    _names(model)

    def nats(batch, seed):
        (draw,) = model.run(batch, MeanSampler()).draws
        found = distances(draw)
        return {n: tf.where(draw.experts[n][1], found[n], np.nan) for n in found}

    return batching.over_batches(model, "alignment", nats, x, batch_size)


def _names(model):
    names = getattr(model.decoder.likelihood, "names", ())
    if not names:
        raise ValueError("this needs a model of several modalities that has seen data")
    return names
