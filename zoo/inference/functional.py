"""q(z|x) as a layer, to use a trained encoder within a functional Keras model."""

import dataclasses
from typing import Any

import keras
import tensorflow as tf

from zoo.core import inputs
from zoo.core.serialization import component


@dataclasses.dataclass(frozen=True)
class SymbolicNormal:
    """Parameters of a Normal as symbolic tensors of a functional model.

    Attributes:
        loc, scale: `keras.KerasTensor`s `[B, D]`.
    """

    loc: Any
    scale: Any

    def mean(self):
        """The mean, `loc`."""
        return self.loc

    def stddev(self):
        """The standard deviation, `scale`."""
        return self.scale


class _Untracked:
    """Holder of a model whose weights a layer does not list as its own."""

    def __init__(self, model):
        self.model = model


@component
class PosteriorLayer(keras.layers.Layer):
    """x -> (loc, scale) of q(z|x), `[B, D]` each.

    Its weights are those of the encoder; those of the decoder would have no gradient. They are
    saved with it nevertheless, as the preprocessor may need them.

    Args:
        vae: a built `VAE`.
    """

    def __init__(self, vae, **kwargs):
        super().__init__(**kwargs)
        inputs.require_built(vae)
        self._vae = _Untracked(vae)
        prior = getattr(vae.latents, "prior", None)
        latents = [layer for layer in vae.latents.layers if layer is not prior]
        self.parts = [*latents, *vae.preprocessor.encoder_layers]
        self.autocast = False  # x is in data units

    @property
    def vae(self):
        """The model."""
        return self._vae.model

    def __dir__(self):
        # Keras saves the attributes that dir() lists; of the model only its variables are needed.
        return [name for name in super().__dir__() if name != "vae"]

    def save_own_variables(self, store):
        """Save all variables of the model."""
        for i, variable in enumerate(self.vae.variables):
            store[f"{i}"] = variable

    def load_own_variables(self, store):
        """Load all variables of the model."""
        for i, variable in enumerate(self.vae.variables):
            variable.assign(store[f"{i}"])

    def build(self, input_shape):
        del input_shape

    def call(self, x):
        q = self.vae.posterior(x)
        return q.loc, q.scale


def is_symbolic(x):
    """True if x, or an array of a dict, is an input of a functional model."""
    return any(isinstance(leaf, keras.KerasTensor) for leaf in tf.nest.flatten(x))


def symbolic_posterior(vae, x):
    """q(z|x) for inputs of a functional model: a `SymbolicNormal`."""
    return SymbolicNormal(*PosteriorLayer(vae)(x))
