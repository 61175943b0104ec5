"""Sources of pretrained weights, as `zoo.get` takes them: tag, folder, file or model of a hub."""

import dataclasses
import os
import pathlib

from zoo import core
from zoo.core.suggestions import nearest
from zoo.pretrained import cards

HUB = "hf://"
SUFFIXES = (".keras", ".h5", ".hdf5", ".json")


@dataclasses.dataclass(frozen=True)
class Source:
    """Weights with a configuration of their model, so that no option needs to be given.

    Attributes:
        path: a folder, a `.keras` file, or the name of a model of a hub.
        label: what the user passed, for errors.
        card: the card in the folder, or None.
    """

    path: pathlib.Path | str
    label: str
    card: cards.WeightsCard | None = None


def find(name: str, weights: str | os.PathLike, complete: bool) -> Source | None:
    """The `Source` that `weights` names, or None if it is a file of weights alone.

    A text without a separator and suffix is a tag of the variant; "./mnist" is a folder.

    Args:
        name: the variant.
        weights: as in `zoo.get`.
        complete: whether options or the shape of x are given, so that a `.keras` file is read for
            its weights alone.

    Raises:
        TypeError: weights is not a path.
        ValueError: the tag is unknown, or the card in the folder is damaged.
    """
    core.validation.check_path(weights=weights)
    text = os.fspath(weights)
    if text.startswith(HUB):
        return Source(text, repr(text))
    if isinstance(weights, str) and weights in cards.tags(name):
        folder = cards.folder_of(name, weights)
        return Source(folder, repr(weights), cards.read(folder))
    path = pathlib.Path(text).expanduser()
    if not path.name:
        raise ValueError(f"weights must be a file, got {text!r}")
    if (path / cards.CONFIG).is_file():
        return Source(path, repr(text), cards.read(path))
    if path.suffix == ".keras" and path.is_file() and not complete:
        return Source(path, repr(text))
    if isinstance(weights, str) and is_tag_like(weights) and not path.exists():
        raise ValueError(_unknown(name, weights))
    if not path.exists() and not complete:
        raise ValueError(f"weights must be an existing file or folder, got {text!r}")
    return None


def is_tag_like(text: str) -> bool:
    """True for a text that can only be meant as a tag: no separator, and no suffix of a file."""
    return not any(mark in text for mark in ("/", "\\")) and not text.endswith(SUFFIXES)


def card_of(name: str, weights: str | os.PathLike) -> cards.WeightsCard:
    """The card of a tag or of a folder that `VAE.save_to_preset` wrote.

    Raises:
        TypeError: weights is not a path.
        ValueError: an unknown tag, or there is no card.
    """
    source = find(name, weights, complete=True)
    if source is None or source.card is None:
        raise ValueError(
            f"weights must be a tag of {name} or a folder that save_to_preset wrote, got "
            f"{os.fspath(weights)!r}, which has no card"
        )
    return source.card


def _unknown(name, tag):
    known = cards.tags(name)
    others = sorted({c.variant for c in cards.listed("*") if c.tag == tag})
    hint = f" {', '.join(others)} has weights of this name." if others else ""
    listed = f"Tags of {name}: {', '.join(known)}." if known else f"{name} has no tags."
    return (
        f"weights must be a tag of {name}, a folder, a file or 'hf://user/model', got "
        f"{tag!r}{nearest(tag, known)}{hint} {listed}"
    )
