"""What a report looks at: a model, the first examples of its data, and what it makes of them."""

import dataclasses
import functools
from typing import Any

import numpy as np
import tensorflow as tf

from zoo.core import nested
from zoo.evaluation.diagnosis import Diagnosis
from zoo.likelihoods import Series, Text
from zoo.likelihoods.multimodal import PRESENT
from zoo.likelihoods.text.inputs import is_text
from zoo.reporting.cards import cards

# Words from the most probable nine tenths: a rare one early on spoils a whole text.
WORDS = {"texts": {"temperature": 0.8, "top_p": 0.9}}
DIMENSIONS = 8  # of the latent space that are looked at one by one

# Kind of data -> whether examples of this shape under this likelihood are of it. The first is.
KINDS = {
    "modalities": lambda likelihood, shape: isinstance(shape, dict),
    "texts": lambda likelihood, shape: isinstance(likelihood, Text),
    "series": lambda likelihood, shape: isinstance(likelihood, Series),
    "images": lambda likelihood, shape: len(shape) in (2, 3),
    "tables": lambda likelihood, shape: True,
}


def kind_of(likelihood, shape):
    """One of `KINDS`."""
    return next(kind for kind, holds in KINDS.items() if holds(likelihood, shape))


@dataclasses.dataclass(frozen=True, eq=False)
class Part:
    """Examples of one kind: all that a model takes, or one of its modalities.

    Attributes:
        name: of the modality, or "".
        kind: one of `KINDS`.
        likelihood: p(x|z) of it.
        x: as a person reads them, `[N, ...]`.
        reconstruction: E[x|z] of each, likewise.
        columns: name of each column or channel -> names of its classes, or None.
        present: bool `[N]`, which examples have it.
    """

    name: str
    kind: str
    likelihood: Any
    x: Any
    reconstruction: Any
    columns: dict
    present: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class ReportContext:
    """What sections of a report are made of.

    Attributes:
        model: the `VAE`.
        x: the first examples of the data, as the model takes them.
        labels: one for each, or None.
        columns: names of columns or channels, each with the names of its classes, or empty.
        history: name -> a number for each epoch, or None.
        diagnosis: a `Diagnosis` of all data.
        seed: of all draws.
    """

    model: Any
    x: Any
    labels: np.ndarray | None
    columns: dict
    history: dict | None
    diagnosis: Diagnosis
    seed: int

    @property
    def size(self):
        """How many examples are looked at."""
        return nested.rows(self.x)

    @property
    def likelihood(self):
        """The head of p(x|z)."""
        return self.model.decoder.likelihood

    @property
    def kind(self):
        """Of the data: one of `KINDS`."""
        return kind_of(self.likelihood, self.model.free_event_shape)

    @functools.cached_property
    def elbo(self):
        """`[N]` nats."""
        return np.asarray(self.model.elbo(self.x, seed=self.seed))

    @functools.cached_property
    def reconstruction(self):
        """E[x|z] of each example, as a person reads it."""
        return self.model.reconstruct(self.x)

    @functools.cached_property
    def codes(self):
        """Means of q(z|x) `[N, D]`; of a ladder the top level's."""
        return np.asarray(self.model.encode(self.x).loc)[:, : self.top]

    @property
    def top(self):
        """How many dimensions vary by themselves: all, but of a ladder the top level's."""
        latents = self.model.latents
        return getattr(latents, "level_dims", (latents.latent_dim,))[0]

    @property
    def dimensions(self):
        """The dimensions that say most of x, and in words how much that is."""
        nats, spread = self.diagnosis.kl_by_dimension, self.diagnosis.loc_std
        values, unit = (spread, "spread") if nats is None else (nats, "nats")
        order = np.argsort(-values[: self.top], kind="stable")[:DIMENSIONS]
        return {int(i): f"{values[i]:.1f} {unit}" for i in order}

    @functools.cached_property
    def parts(self):
        """A `Part` for each modality, or the one that there is."""
        prepared = self.likelihood.prepare(self.x)
        if self.kind != "modalities":
            shown = readable(self.likelihood, self.x, prepared)
            there = np.ones(self.size, bool)
            made = _ended(self.kind, shown, self.reconstruction)
            return [Part("", self.kind, self.likelihood, shown, made, self.columns, there)]
        return [
            self._modality(name, prepared, prepared[PRESENT][:, column])
            for column, name in enumerate(self.likelihood.names)
        ]

    def _modality(self, name, prepared, there):
        likelihood = self.likelihood.parts[name]
        kind = kind_of(likelihood, self.model.free_event_shape[name])
        shown = readable(likelihood, self.x.get(name, ()), prepared[name])
        made = _ended(kind, shown, self.reconstruction[name])
        return Part(name, kind, likelihood, shown, made, {}, there)

    @functools.cached_property
    def cards(self):
        """A piece of markup for each example: it, and what the model makes of it."""
        return cards(self.parts)

    def draw(self, n):
        """n new examples with the noise of p(x|z), as a person reads them."""
        z = self.model.latents.generate(n, tf.constant([self.seed, 0]))
        # Two numbers: with one, TensorFlow Probability counts calls as well.
        seed = tf.constant([self.seed, 1])
        drawn = self.model.decode(z).sample(seed=seed, **WORDS.get(self.kind, {}))
        return self.likelihood.present(nested.change(np.asarray, drawn))


def readable(likelihood, x, prepared):
    """Examples as a person reads them: strings as they came, else what the likelihood sees."""
    if isinstance(likelihood, Text) and is_text(x):
        texts = np.asarray(x.to_list() if isinstance(x, tf.RaggedTensor) else x, object)
        return [t.decode("utf-8", "replace") if isinstance(t, bytes) else str(t) for t in texts]
    return likelihood.present(prepared)


def _ended(kind, x, reconstruction):
    """Reconstructions of series without what comes after their last step."""
    if kind != "series":
        return reconstruction
    there = ~np.isnan(x) if x.ndim == 2 else ~np.isnan(x).all(2)
    later = np.cumsum(there[:, ::-1], 1)[:, ::-1] == 0
    return np.where(later.reshape(*later.shape, *[1] * (x.ndim - 2)), np.nan, reconstruction)
