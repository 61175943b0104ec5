"""Likelihood of several modalities, by their names."""

from zoo.likelihoods.multimodal_inputs import PRESENT
from zoo.likelihoods.multimodal_preprocessing import MultimodalPreprocessor


class MultimodalLikelihood:
    """The likelihoods of a `MultimodalDecoder`'s parts, by the names of the modalities.

    Args:
        decoder: a `MultimodalDecoder`.
    """

    def __init__(self, decoder):
        self.decoder = decoder

    @property
    def parts(self):
        """name -> likelihood; empty until the decoders have been chosen from data."""
        return {name: d.likelihood for name, d in (self.decoder.decoders or {}).items()}

    @property
    def sample_options(self):
        """Names of the modalities whose distributions have options of their own."""
        return tuple(name for name, part in self.parts.items() if part.sample_options)

    def target(self, x, next_seed):
        """The x whose probability is computed, for each modality."""
        targets = {name: part.target(x[name], next_seed) for name, part in self.parts.items()}
        return {**targets, PRESENT: x[PRESENT]}

    def preprocessor(self):
        """A `MultimodalPreprocessor`."""
        return MultimodalPreprocessor(self)
