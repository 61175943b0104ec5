"""Pretrained weights: their cards, and the folders in which models are kept with theirs.

`zoo.get(name, weights=tag)` loads a model, `zoo.weights()` lists the tags, and
`zoo.card(name, weights=tag)` describes one. `VAE.save_to_preset` writes a folder of the same kind.
"""

from zoo.pretrained.cards import WeightsCard, WeightsList, folder_of, tags

__all__ = ["WeightsCard", "WeightsList", "folder_of", "tags"]
