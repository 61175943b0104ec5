"""One pass through a model: x -> q(z|x) -> draws of z -> p(x|z)."""

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
    return Pass(draws, likelihood, x, sampler)


def decode(model, z, event_shape=None):
    """p(x|z) for z `[N, D]`, over x as `Preprocessor.to_tensor` returns it.

    `VAE.decode` is the same over x in the user's units.
    """
    return model.decoder.distribution(model.latents.code(inputs.codes(model, z)), event_shape)
