"""Functions for multimodal models: translation, single posteriors, alignment."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core import inputs
from zoo.core.forward import forward_pass
from zoo.core.samplers import MeanSampler
from zoo.core.suggestions import nearest
from zoo.inference.batching import map_batches
from zoo.objectives.multimodal import distances

tfd = tfp.distributions


def translate(model: keras.Model, x: dict, to: str, batch_size: int = 256) -> Any:
    """E[x_to|z] at the mean of q(z|x), `[N, ...]`: one modality from the others.

    Args:
        model: a `VAE` of several modalities.
        x: `{name: array}` of the known modalities.
        to: name of the modality to translate to.

    Raises:
        ValueError: the model has no modality `to`.
    """
    inputs.require_vae(model)
    names = _names(model)
    if not isinstance(to, str) or to not in names:
        raise ValueError(
            f"to must be one of {', '.join(map(repr, names))}, got {to!r}{nearest(to, names)}"
        )
    return model.reconstruct(x, batch_size=batch_size)[to]


def unimodal_posteriors(
    model: keras.Model, x: dict, batch_size: int = 256
) -> dict[str, tfd.Normal]:
    """q(z|x_m) of each modality alone: name -> `tfd.Normal`, batch `[N, D]`.

    NaN for examples that lack the modality.
    """
    inputs.require_vae(model)
    _names(model)

    def parameters(batch, seed):
        experts = model.latents.encoder.experts(model.preprocessor.encoder_inputs(batch))
        return {
            name: [tf.where(present[:, None], p, np.nan) for p in (q.loc, q.scale)]
            for name, (q, present) in experts.items()
        }

    posteriors = map_batches(model, "unimodal_posteriors", parameters, x, batch_size)
    return {name: tfd.Normal(*posteriors[name]) for name in _names(model)}


def alignment(model: keras.Model, x: dict, batch_size: int = 256) -> dict[str, np.ndarray]:
    """KL(q(z|x) || q(z|x_m)) in nats: name -> `[N]`; the information that modality m alone lacks.

    It is 0 if modality m alone determines the posterior, and NaN for examples that lack the
    modality. A mixture q(z|x) is replaced by the Normal with its mean and variance.
    """
    inputs.require_vae(model)
    _names(model)

    def divergences(batch, seed):
        (draw,) = forward_pass(model, batch, MeanSampler()).draws
        kl = distances(draw)
        return {n: tf.where(draw.experts[n][1], kl[n], np.nan) for n in kl}

    return map_batches(model, "alignment", divergences, x, batch_size)


def _names(model):
    names = getattr(model.preprocessor, "names", ())
    if not names:
        raise ValueError(
            "the model must have several modalities and be adapted to data, got "
            f"{type(model.decoder).__name__}"
        )
    return names
