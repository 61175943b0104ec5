"""Adaptation to data before the first step: units, a vocabulary, initial weights."""

import tensorflow as tf

from zoo.core import functions, inputs, nested, streams
from zoo.core.examples import examples
from zoo.training import undo

ROWS = 512  # rows of an array that are prepared at a time: all of them would be a second copy of x


def adapt(model, x):
    """Adapt the preprocessor to x, and then the weights, if they were not adapted before."""
    with undo.learning_undone(model):
        adapt_preprocessor(model, x)
        if not (model.latents.adapted and _has_initial_weights(model)):
            adapt_weights(model, x, examples(model, x).x)


def adapt_preprocessor(model, x):
    """Let the preprocessor learn from x before any step: units, a vocabulary."""
    _require_rereadable(x)
    with model.distribute_strategy.scope():
        model.preprocessor.adapt(streams.parts(x))
    functions.forget(model)


def adapt_weights(model, x, prepared):
    """Set the weights of latents, encoder and decoder that begin from data, the first time.

    Args:
        model: a `VAE`, built.
        x: as the user passed it.
        prepared: x as `examples` returns it, so that an array is not prepared twice.
    """
    latents, needs_fit = model.latents, not _has_initial_weights(model)
    if latents.adapted and not needs_fit:
        return
    _require_rereadable(x)
    preprocessor = model.preprocessor

    def arrays():
        if streams.is_stream(x):
            yield from map(preprocessor.to_array, streams.parts(x))
        else:
            for start in range(0, nested.row_count(prepared), ROWS):
                yield nested.take_rows(prepared, slice(start, start + ROWS))

    def encoder_inputs():
        for array in arrays():
            tensor = preprocessor.to_tensor(nested.map_arrays(tf.convert_to_tensor, array))
            yield preprocessor.encoder_inputs(tensor)

    with model.distribute_strategy.scope():
        if not latents.adapted:
            latents.adapt(encoder_inputs())
        if needs_fit:
            model.initial_fit.adapt(latents.encoder, model.decoder, encoder_inputs())


def _has_initial_weights(model):
    return model.initial_fit is None or model.initial_fit.adapted


def _require_rereadable(x):
    """Raise `ValueError` if x cannot be read to its end once and then again for training."""
    inputs.require_examples(x)
    if streams.is_one_shot(x):
        raise ValueError(
            "x must be an array or a tf.data.Dataset for a model that learns units, a "
            "vocabulary or initial weights first, got a generator, which can be read only once: "
            "call vae.adapt(data) before fit"
        )
    if streams.is_endless(x):
        raise ValueError(
            "x must be finite for a model that learns units, a vocabulary or initial weights "
            "first, got "
            f"{streams.endless_kind(x)}: call vae.adapt(data) with finite data before fit"
        )
