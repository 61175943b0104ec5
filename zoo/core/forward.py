"""One pass through a model: x -> q(z|x) -> draws of z -> p(x|z)."""

import tensorflow as tf

from zoo.core import inputs
from zoo.core.outputs import Pass


def forward_pass(model, x, sampler, training=False):
    """Run one pass for tensors x; return a `Pass`.

    Args:
        model: a `VAE`, built.
        x: tensors as `Preprocessor.to_tensor` returns them, `[B, *event]`.
        sampler: a sampler such as `RandomSampler`, which draws z and sets the number of draws.
        training: whether dropout, input noise and other training behaviour are on.
    """
    encoder_inputs = model.preprocessor.encoder_inputs(x)
    if model.input_noise is not None:
        encoder_inputs = model.input_noise(encoder_inputs, training=training)
    code, draws = model.latents.infer(encoder_inputs, sampler, training)
    event_shape = model.decoder.event_shape_of(x)
    likelihood = model.decoder.distribution(code, event_shape, training)
    if not model._likelihood_checked:
        check_event(model.decoder, likelihood, x)
        model._likelihood_checked = True
    return Pass(draws, likelihood, x, sampler)


def decode(model, z, event_shape=None):
    """p(x|z) for z `[N, D]`, over x as `Preprocessor.to_tensor` returns it.

    `VAE.decode` is the same over x in the user's units.
    """
    return model.decoder.distribution(model.latents.code(inputs.codes(model, z)), event_shape)


def check_event(decoder, distribution, x):
    """Raise `ValueError` unless p(x|z) is a distribution over events of the shape of x.

    Otherwise log_prob would broadcast: one rate for all values of x, say, and draws of one value.
    """
    if isinstance(x, dict):
        for name, part in distribution.parts.items():
            check_event(decoder.decoders[name], part, x[name])
        return
    if decoder.own_length:  # the mean of a text is written token by token, of any length
        return
    known = hasattr(distribution, "event_shape")
    event = distribution.event_shape if known else distribution.mean().shape[1:]
    if not tf.TensorShape(event).is_compatible_with(x.shape[1:]):
        raise ValueError(
            f"{type(decoder.likelihood).__name__} must return a distribution over events of shape "
            f"{tuple(x.shape[1:])}, like x, got event shape {tuple(event)}: params_size(channels) "
            "must count the raw values of all channels, and call must join the values of an event, "
            "as in tfd.Independent(distribution, raw.shape.rank - 1)"
        )
