"""Functions for models with a ladder of latents: KL and reconstruction by level."""

import keras
import numpy as np
import tensorflow as tf

from zoo.core import elbo, inputs, validation
from zoo.core.forward import forward_pass
from zoo.core.samplers import CommonSampler
from zoo.inference.batching import decode_means, map_batches
from zoo.latents import LadderLatent


def kl_by_level(
    model: keras.Model, x, *, samples: int = 4, seed: int = 0, batch_size: int = 256
) -> np.ndarray:
    """The KL of each level, `[N, L]` nats: column 0 is the level nearest to x, the last the top.

    Their sum is the KL of `VAE.score`, over the same values of z's noise. A level near 0 for all x
    is inactive: its draws carry no information.

    Args:
        model: a `VAE` whose latents are a `LadderLatent`.
        x: array or dataset.
        samples, seed, batch_size: as in `VAE.score`.

    Raises:
        ValueError: the model has no ladder.
    """
    inputs.require_vae(model)
    _ladder(model)
    validation.check_counts(samples=samples)
    seed = validation.as_seed(seed)

    def levels(batch, seed):
        kl = elbo.kl_by_level(forward_pass(model, batch, CommonSampler(seed[0], samples)))
        return tf.stack(kl[::-1], -1)

    return map_batches(model, ("kl_by_level", samples), levels, x, batch_size, seed)


def reconstruct_levels(
    model: keras.Model,
    x,
    keep: int,
    *,
    samples: int | None = None,
    seed: int = 0,
    batch_size: int = 256,
) -> np.ndarray:
    """Reconstruct from the `keep` upper levels of x; the levels below come from their priors.

    The means show the information in the upper levels; the variation between draws shows the
    information that is left to the levels below.

    Args:
        model: a `VAE` whose latents are a `LadderLatent`.
        x: array or dataset.
        keep: number of levels, 1 to L from the top down, that take the mean of q(z|x).
        samples: None sets the levels below to the means of their priors, `[N, *event]`; an integer
            k draws them, `[k, N, *event]`.
        seed: seed of the draws.
        batch_size: examples at a time.

    Raises:
        ValueError: the model has no ladder, or fewer levels.
    """
    inputs.require_vae(model)
    latents = _ladder(model)
    validation.check_counts(keep=keep)
    validation.check_optional_counts(samples=samples)
    seed = validation.as_seed(seed)
    means = np.asarray(model.encode(x, batch_size).loc)  # builds the model
    dims = latents.level_dims
    if keep > len(dims):
        raise ValueError(f"keep must be from 1 to {len(dims)}, the number of levels, got {keep}")
    upper = means[:, : sum(dims[:keep])]
    if samples is None:
        return _decoded(model, upper, None, batch_size)
    draws = []
    for sample in range(samples):
        noise = latents.noise(len(upper), tf.constant([seed, sample]))
        draws.append(_decoded(model, upper, np.asarray(noise), batch_size))
    return np.stack(draws)


def _decoded(model, upper, noise, batch_size):
    """E[x|z] for codes `[N, ...]` of the upper levels."""
    parts = []
    for start in range(0, len(upper), batch_size):
        rows = slice(start, start + batch_size)
        part = None if noise is None else tf.constant(noise[rows])
        z = model.latents.complete(tf.constant(upper[rows]), part)
        parts.append(decode_means(model, z, batch_size))
    return np.concatenate(parts)


def _ladder(model):
    if not isinstance(model.latents, LadderLatent):
        raise ValueError(
            f"the model's latents must be a LadderLatent, got {type(model.latents).__name__}"
        )
    return model.latents
