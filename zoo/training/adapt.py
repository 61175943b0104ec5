"""What a model learns from data before the first step: units, words, where a prior begins."""

import keras
import tensorflow as tf

from zoo.core import inputs, nested


def adapt(model, x):
    """Let the likelihood and then the latents see x, in the parts in which it comes."""
    adapt_likelihood(model, x)
    if not model.latents.adapted:
        inputs.training_data(model, x, None, None)  # builds the model
        adapt_latents(model, x)


def adapt_likelihood(model, x):
    """Let the likelihood see x before any step: its units, its words."""
    _can_be_read_through(x)
    with model.distribute_strategy.scope():
        model.decoder.likelihood.adapt(parts(x))
    model.forget_functions()


def adapt_latents(model, x):
    """Let the latents see what their encoder sees of x, where they need that before any step."""
    if model.latents.adapted:
        return
    _can_be_read_through(x)
    likelihood = model.decoder.likelihood

    def features():
        for part in parts(x):
            array = likelihood.prepare(part)
            yield likelihood.features(likelihood.read(nested.change(tf.convert_to_tensor, array)))

    with model.distribute_strategy.scope():
        model.latents.adapt(features())


def parts(x):
    """x as it comes, part by part."""
    if isinstance(x, tf.data.Dataset):
        return _Inputs(lambda: iter(x))
    if isinstance(x, keras.utils.PyDataset):
        return _Inputs(lambda: (x[i] for i in range(len(x))))
    return [x]


class _Inputs:
    """x of each element, as often as it is iterated: each modality may want to see its own."""

    def __init__(self, elements):
        self.elements = elements

    def __iter__(self):
        return map(inputs.inputs, self.elements())


def _can_be_read_through(x):
    """Raise `ValueError` where x cannot be read to its end and then trained on."""
    inputs.given(x)
    if hasattr(x, "__next__"):
        raise ValueError(
            "x is a generator, which can be read only once: call vae.adapt(data) before fit, or "
            "give arrays or a tf.data.Dataset"
        )
    if isinstance(x, tf.data.Dataset) and x.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError(
            "x repeats without end: call vae.adapt(data) with data that end before fit"
        )
