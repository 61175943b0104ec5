"""Pretrained weights: their cards, and folders of models with configuration, weights and card.

`zoo.get(name, weights=tag)` loads a model, `zoo.weights()` lists the tags, and
`zoo.card(name, weights=tag)` describes one. `VAE.save_to_preset` writes a folder of the same kind.
"""

import importlib
from typing import Any

from zoo.pretrained.cards import WeightsCard, WeightsList, folder_of
from zoo.pretrained.numbers import number_text

__all__ = [
    "WeightsCard",
    "WeightsList",
    "describe",
    "first_output",
    "folder_of",
    "number_text",
]


def __getattr__(name: str) -> Any:  # these need TensorFlow, which `import zoo` does not load
    if name in ("describe", "first_output"):
        return getattr(importlib.import_module("zoo.pretrained.write"), name)
    raise AttributeError(f"module 'zoo.pretrained' has no attribute {name!r}")
