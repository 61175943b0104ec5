"""Reconstructions, means and draws of x."""

import keras
import numpy as np
import tensorflow as tf

from zoo.core import inputs, nested, validation
from zoo.core.forward import forward_pass
from zoo.core.samplers import MeanSampler, RandomSampler, untile
from zoo.core.suggestions import nearest
from zoo.inference.batching import decode_means, map_batches, map_codes
from zoo.inference.classification import class_codes, label_prior

# Codes are drawn with (seed, 0); with this mask the draws of x get another seed.
NOISE_MASK = 0x5A5A5A5


def reconstruct(model, x, samples, seed, batch_size, draw, options):
    """See `VAE.reconstruct`."""
    validation.check_flags(draw=draw)
    if not draw and options:
        raise TypeError(f"options {', '.join(options)} need draw=True: a mean has no options")
    options = _checked_options(model, options)
    validation.check_optional_counts(samples=samples)
    seed = validation.as_seed(seed)

    def values(out):
        if not draw:
            return out.likelihood.mean()
        return out.likelihood.sample(seed=out.sampler.next_seed(), **options)

    def one(batch, seed):
        sampler = RandomSampler(seed) if draw else MeanSampler()
        return values(forward_pass(model, batch, sampler))

    def several(batch, seed):
        out = forward_pass(model, batch, RandomSampler(seed, samples))
        x = untile(values(out), samples)
        return nested.map_arrays(lambda a: keras.ops.swapaxes(a, 0, 1), x)  # batch first, to join

    name = ("reconstruct", samples, draw, _key(options))
    x = map_batches(model, name, several if samples else one, x, batch_size, seed)
    if samples:
        x = nested.map_arrays(lambda a: np.swapaxes(a, 0, 1), x)
    return model.preprocessor.from_array(x)


def generate(model, n, seed, batch_size, event_shape, label):
    """See `VAE.generate`."""
    codes, _ = _prior_codes(model, n, seed, label)
    return decode_means(model, codes, batch_size, event_shape)


def sample(model, n, seed, batch_size, event_shape, label, options):
    """See `VAE.sample`."""
    codes, seed = _prior_codes(model, n, seed, label)
    options = _checked_options(model, options)

    def draws(distribution, seed):
        return distribution.sample(seed=seed, **options)

    name, noise_seed = ("sample", _key(options)), seed ^ NOISE_MASK
    return map_codes(model, name, draws, codes, batch_size, event_shape, noise_seed)


def _prior_codes(model, n, seed, label):
    """(n codes from the prior, or of one class where `label` is given; the seed)."""
    validation.check_counts(n=n)
    if label is not None:
        label_prior(model)
    inputs.require_built(model)
    seed = (
        int(np.random.default_rng().integers(2**31)) if seed is None else validation.as_seed(seed)
    )
    # All codes at once, so that the batch size does not change them.
    if label is None:
        return model.latents.generate(n, tf.constant([seed, 0])), seed
    return class_codes(model, n, label, seed), seed


def _checked_options(model, options):
    """The options, unchanged; raises `TypeError` for one that p(x|z)'s `sample` does not have."""
    known = model.decoder.likelihood.sample_options
    for option in options:
        if option not in known:
            raise TypeError(
                f"{type(model.decoder.likelihood).__name__} has no sampling option {option!r}"
                f"{nearest(option, known)} Options: {', '.join(known) or 'none'}"
            )
    return options


def _key(options):
    """Options as a hashable part of the name of a compiled function."""
    return repr(sorted(options.items()))
