"""Decoder for several modalities, independent given z."""

import dataclasses
from collections.abc import Mapping

import tensorflow as tf
import tensorflow_probability as tfp

from zoo.core.argument_values import as_tuple
from zoo.core.serialization import component, ensure_built
from zoo.decoders.base import Decoder
from zoo.likelihoods.multimodal import PRESENT, MultimodalLikelihood


@component
class MultimodalDecoder(Decoder):
    """Code `[B, D]` -> p(x|z) = prod_m p(x_m|z) over named modalities.

    Args:
        event_shape: name -> shape of x without the batch; a `VAE` sets it from the first batch.
        decoders: name -> `Decoder`, with its likelihood; None lets `choice` choose them from the
            first data.
        choice: an object with `choose_decoders(x)`, x a dict of arrays or of shapes.
    """

    def __init__(self, event_shape=None, *, decoders=None, choice=None, **kwargs):
        super().__init__(**kwargs)
        for name, value in {"event_shape": event_shape, "decoders": decoders}.items():
            if value is not None and not isinstance(value, Mapping):
                raise TypeError(f"{name} must be a dict, got {type(value).__name__}")
        if event_shape is not None:
            event_shape = {name: as_tuple(shape) for name, shape in event_shape.items()}
        self.event_shape = event_shape
        self.decoders = None if decoders is None else dict(decoders)
        self.choice = choice
        self.likelihood = MultimodalLikelihood(self)

    def choose(self, x):
        """Choose the decoders from data or their shapes."""
        self.decoders = self.choice.choose_decoders(x)
        self.choice = None

    def build(self, input_shape):
        for name, decoder in self.decoders.items():
            decoder.event_shape = tuple(self.event_shape[name])
            ensure_built(decoder, input_shape)

    @property
    def free_event_shape(self):
        """name -> shape of an example, None where it may vary."""
        return {name: decoder.free_event_shape for name, decoder in self.decoders.items()}

    def event_shape_of(self, x):
        """name -> the `event_shape` with which to decode codes of x."""
        return {name: decoder.event_shape_of(x[name]) for name, decoder in self.decoders.items()}

    def distribution(self, code, event_shape=None, training=False):
        """p(x|z) for a code."""
        return self(code, event_shape=event_shape, training=training)

    def call(self, code, event_shape=None, training=None):
        shapes = event_shape or {}
        return MultimodalDistribution(
            {
                name: decoder.distribution(code, shapes.get(name), training)
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

        x is `{name: [B, ...], "present": {name: bool [B]}}`, or, inside a model, with "present"
        `[B, M]`.
        """
        present = x.get(PRESENT, {})
        if not isinstance(present, dict):
            present = dict(zip(self.parts, tf.unstack(present, axis=1), strict=True))
        log_probs = {n: part.log_prob(x[n]) for n, part in self.parts.items() if n in x}
        return {
            name: tf.where(present[name], value, tf.zeros_like(value)) if name in present else value
            for name, value in log_probs.items()
        }

    def mean(self):
        """name -> expected values, `[B, ...]`."""
        return {name: part.mean() for name, part in self.parts.items()}

    def sample(self, seed=None, **options):
        """Draw one example for each code: name -> `[B, ...]`.

        Args:
            seed: as in `tfp.random.split_seed`.
            **options: name -> options of that modality's `sample`, as a dict.
        """
        seeds = tfp.random.split_seed(seed, n=len(self.parts))
        pairs = zip(self.parts.items(), tf.unstack(seeds), strict=True)
        return {name: part.sample(seed=s, **options.get(name, {})) for (name, part), s in pairs}
