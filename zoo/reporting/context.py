"""Input of a report's sections: the model, its first examples, and their reconstructions."""

import dataclasses
import functools
from typing import Any

import numpy as np
import tensorflow as tf

from zoo.core import nested
from zoo.evaluation.diagnosis import Diagnosis
from zoo.latents import LadderLatent
from zoo.likelihoods import Series, Text
from zoo.likelihoods.multimodal import PRESENT
from zoo.likelihoods.text.inputs import is_text
from zoo.reporting.cards import cards

# Rare tokens are left out, because one at the start makes the rest of a text implausible.
SAMPLING_OPTIONS = {"texts": {"temperature": 0.8, "top_p": 0.9}}
MAX_DIMENSIONS = 8  # latent dimensions that are traversed


def data_kind(likelihood, event_shape):
    """Classify data: "modalities", "texts", "series", "images" or "tables"."""
    if isinstance(event_shape, dict):
        return "modalities"
    if isinstance(likelihood, Text):
        return "texts"
    if isinstance(likelihood, Series):
        return "series"
    return "images" if len(event_shape) in (2, 3) else "tables"


@dataclasses.dataclass(frozen=True, eq=False)
class Modality:
    """Examples of one modality; a model of a single kind of data has one, without a name.

    Attributes:
        name: name of the modality, or "".
        data_kind: "texts", "series", "images" or "tables".
        likelihood: its p(x|z).
        x: examples `[N, ...]` in the user's form: texts as strings, values in data units.
        reconstruction: E[x|z] of each example, in the same form.
        columns: name of each column or channel -> names of its classes, or None if numeric.
        present: bool `[N]`, the examples that have this modality.
    """

    name: str
    data_kind: str
    likelihood: Any
    x: Any
    reconstruction: Any
    columns: dict
    present: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class ReportContext:
    """Input of a report's sections.

    Attributes:
        model: the `VAE`.
        x: the first examples of the data, in the form that the model accepts.
        labels: label of each example, or None.
        columns: name of each column or channel -> names of its classes, or None if numeric.
        history: name -> a number for each epoch, or None.
        diagnosis: a `Diagnosis` of all data.
        seed: random seed of all draws.
    """

    model: Any
    x: Any
    labels: np.ndarray | None
    columns: dict
    history: dict | None
    diagnosis: Diagnosis
    seed: int

    @property
    def example_count(self):
        """Number of examples in x."""
        return nested.row_count(self.x)

    @property
    def likelihood(self):
        """Likelihood p(x|z) of the decoder."""
        return self.model.decoder.likelihood

    @property
    def data_kind(self):
        """Kind of data: see `data_kind`."""
        return data_kind(self.likelihood, self.model.decoder.free_event_shape)

    @functools.cached_property
    def elbo(self):
        """ELBO of each example, `[N]` nats."""
        return np.asarray(self.model.elbo(self.x, seed=self.seed))

    @functools.cached_property
    def reconstruction(self):
        """E[x|z] of each example, in the user's form."""
        return self.model.reconstruct(self.x)

    @functools.cached_property
    def codes(self):
        """Means of q(z|x) `[N, D]`; of a ladder, those of the top level."""
        return np.asarray(self.model.encode(self.x).loc)[:, : self.top_level_dim]

    @property
    def level_dims(self):
        """Latent dimensions of each level of a ladder, top first; empty for other models."""
        latents = self.model.latents
        return latents.level_dims if isinstance(latents, LadderLatent) else ()

    @property
    def top_level_dim(self):
        """Number of latent dimensions whose prior does not depend on others: the top level's."""
        return self.level_dims[0] if self.level_dims else self.model.latents.latent_dim

    @property
    def informative_dimensions(self):
        """Dimensions with the largest KL -> that KL as text.

        If the KL has no closed form, the standard deviation of the means of q(z|x) replaces it.
        """
        nats, std = self.diagnosis.kl_by_dimension, self.diagnosis.loc_std
        values, unit = (std, "std") if nats is None else (nats, "nats")
        order = np.argsort(-values[: self.top_level_dim], kind="stable")[:MAX_DIMENSIONS]
        return {int(i): f"{values[i]:.1f} {unit}" for i in order}

    @functools.cached_property
    def modalities(self):
        """List of all `Modality` objects; one unless the model is multimodal."""
        prepared = self.model.preprocessor.to_array(self.x)
        if self.data_kind != "modalities":
            x = for_display(self.likelihood, self.x, prepared)
            present = np.ones(self.example_count, bool)
            mean = _without_padding(self.data_kind, x, self.reconstruction)
            return [Modality("", self.data_kind, self.likelihood, x, mean, self.columns, present)]
        return [
            self._modality(name, prepared, prepared[PRESENT][:, column])
            for column, name in enumerate(self.model.preprocessor.names)
        ]

    def _modality(self, name, prepared, present):
        likelihood = self.likelihood.parts[name]
        kind = data_kind(likelihood, self.model.decoder.free_event_shape[name])
        x = for_display(likelihood, self.x.get(name, ()), prepared[name])
        mean = _without_padding(kind, x, self.reconstruction[name])
        return Modality(name, kind, likelihood, x, mean, {}, present)

    @functools.cached_property
    def example_cards(self):
        """Markup of each example beside its reconstruction."""
        return cards(self.modalities)

    def sample(self, n):
        """Draw n new examples from p(x|z), z from the prior, in the user's form."""
        options = SAMPLING_OPTIONS.get(self.data_kind, {})
        return self.model.sample(n, seed=self.seed, **options)


def for_display(likelihood, x, prepared):
    """Convert examples to the form shown on the page: strings, or values in data units."""
    if isinstance(likelihood, Text) and is_text(x):
        texts = np.asarray(x.to_list() if isinstance(x, tf.RaggedTensor) else x, object)
        return [t.decode("utf-8", "replace") if isinstance(t, bytes) else str(t) for t in texts]
    return likelihood.preprocessor().from_array(prepared)


def _without_padding(kind, x, reconstruction):
    """Set reconstructed series to NaN after the last measured step of x."""
    if kind != "series":
        return reconstruction
    measured = ~np.isnan(x) if x.ndim == 2 else ~np.isnan(x).all(2)
    padding = np.cumsum(measured[:, ::-1], 1)[:, ::-1] == 0
    padding = padding.reshape(*padding.shape, *[1] * (x.ndim - 2))
    return np.where(padding, np.nan, reconstruction)
