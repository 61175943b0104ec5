"""Decoder to several modalities, independent given z."""

import dataclasses

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.serialization import as_tuple, component, ensure_built
from zoo.decoders import event_shapes
from zoo.likelihoods.multimodal import PRESENT, Joint


@component
class MultimodalDecoder(keras.Model):
    """Code `[B, D]` -> p(x|z) = prod_m p(x_m|z) over named modalities.

    Args:
        event_shape: name -> shape of x without the batch; a `VAE` fills it in.
        decoders: name -> decoder, whose likelihood it holds; None leaves the choice to `choice`
            when data are seen.
        choice: what chooses decoders: `choose_decoders(x)`, x a dict of arrays or of shapes.
    """

    def __init__(self, event_shape=None, *, decoders=None, choice=None, **kwargs):
        super().__init__(**kwargs)
        if event_shape is not None:
            event_shape = {name: as_tuple(shape) for name, shape in event_shape.items()}
        self.event_shape = event_shape
        self.decoders = None if decoders is None else dict(decoders)
        self.choice = choice
        self.likelihood = Joint(self)

    def choose(self, x):
        """Settle which decoders there are, by data or their shapes."""
        self.decoders = self.choice.choose_decoders(x)
        self.choice = None

    def build(self, input_shape):
        for name, decoder in self.decoders.items():
            decoder.event_shape = tuple(self.event_shape[name])
            ensure_built(decoder, input_shape)

    def call(self, code, event_shape=None, training=None):
        told = event_shape or {}
        return MultimodalDistribution(
            {
                name: event_shapes.likelihood(decoder, code, told.get(name), training)
                for name, decoder in self.decoders.items()
            }
        )


@dataclasses.dataclass(frozen=True)
class MultimodalDistribution:
    """Modalities independent given z.

    Args:
        parts: name -> p(x_m|z).
    """

    parts: dict

    def log_prob(self, x):
        """log p(x|z) in nats, `[B]`, over the modalities that an example has."""
        return tf.add_n([*self.log_prob_by_modality(x).values()])

    def log_prob_by_modality(self, x):
        """log p(x_m|z) for each modality: name -> `[B]`; 0 for examples that lack it.

        x is `{name: [B, ...], "present": {name: bool [B]}}`, or, as read, with "present" `[B, M]`.
        """
        there = x.get(PRESENT, {})
        if not isinstance(there, dict):
            there = dict(zip(self.parts, tf.unstack(there, axis=1), strict=True))
        found = {n: part.log_prob(x[n]) for n, part in self.parts.items() if n in x}
        return {
            name: tf.where(there[name], nats, tf.zeros_like(nats)) if name in there else nats
            for name, nats in found.items()
        }

    def mean(self):
        """name -> expected values, `[B, ...]`."""
        return {name: part.mean() for name, part in self.parts.items()}

    def sample(self, seed=None):
        """name -> one example each, `[B, ...]`."""
        seeds = tfp.random.split_seed(seed, n=len(self.parts))
        pairs = zip(self.parts.items(), tf.unstack(seeds), strict=True)
        return {name: part.sample(seed=s) for (name, part), s in pairs}
