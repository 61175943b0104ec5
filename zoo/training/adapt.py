"""Adaptation to data before the first step: units, a vocabulary, the start of a prior."""

import contextlib

import tensorflow as tf

from zoo.core import functions, inputs, nested, streams
from zoo.core.examples import examples


def adapt(model, x):
    """Adapt the preprocessor and then the latents to x."""
    with undone_on_error(model):
        adapt_preprocessor(model, x)
        if not model.latents.adapted:
            adapt_latents(model, x, examples(model, x).x)


@contextlib.contextmanager
def undone_on_error(model):
    """Undo what the preprocessor learns within, if an error is raised."""
    restore = model.preprocessor.undo()
    try:
        yield
    except BaseException:
        restore()
        raise


def adapt_preprocessor(model, x):
    """Let the preprocessor learn from x before any step: units, a vocabulary."""
    _require_rereadable(x)
    with model.distribute_strategy.scope():
        model.preprocessor.adapt(streams.parts(x))
    functions.forget(model)


def adapt_latents(model, x, prepared):
    """Let the latents learn from the encoder's inputs, if they need that before any step.

    Args:
        model: a `VAE`, built.
        x: as the user passed it.
        prepared: x as `examples` returns it, so that an array is not prepared twice.
    """
    if model.latents.adapted:
        return
    _require_rereadable(x)
    preprocessor = model.preprocessor

    def encoder_inputs():
        for part in streams.parts(x) if streams.is_stream(x) else [prepared]:
            array = preprocessor.to_array(part) if streams.is_stream(x) else part
            tensor = preprocessor.to_tensor(nested.map_arrays(tf.convert_to_tensor, array))
            yield preprocessor.encoder_inputs(tensor)

    with model.distribute_strategy.scope():
        model.latents.adapt(encoder_inputs())


def _require_rereadable(x):
    """Raise `ValueError` if x cannot be read to its end once and then again for training."""
    inputs.require_examples(x)
    if streams.is_one_shot(x):
        raise ValueError(
            "x must be an array or a tf.data.Dataset for a model that learns units or a "
            "vocabulary first, got a generator, which can be read only once: call vae.adapt(data) "
            "before fit"
        )
    if streams.is_endless(x):
        raise ValueError(
            "x must be finite for a model that learns units or a vocabulary first, got a dataset "
            "that repeats without end: call vae.adapt(data) with finite data before fit"
        )
