"""Sentences for `text.py`: those of Python's own reference, or a file with one on each line."""

import dataclasses
import re

import numpy as np
from support.run.cli import InputError, blame, held_out_rows

WORDS = (4, 30)
HELD_OUT = 0.1
# Sections of the reference that are mostly grammar and code hold sentences all the same: what looks
# like neither is prose.
_NO_PROSE = re.compile(r"::=|>>>|^\s*[*=~^\"#+|-]{3,}|[{}]|^\s*(def|class|import|for) |\w = \S")
_BULLET = re.compile(r"^\s*(?:[*+-]|\d+\.)\s+")
_END = re.compile(r"(?<=[a-z)\"][.!?])\s+(?=[A-Z\"])")


@dataclasses.dataclass
class Texts:
    """Sentences to train on and others that are held out: arrays of strings."""

    name: str
    train: np.ndarray
    held_out: np.ndarray


def load(options):
    """The `Texts` that --data asks for, or Python's reference."""
    if options.data is None:
        name, sentences = "reference of the Python language (pydoc topics)", reference()
    else:
        name, sentences = options.data.name, _lines(options.data)
    sentences = list(dict.fromkeys(sentences))  # what is held out must not be trained on
    if len(sentences) < 20:
        raise InputError("--data", f"at least 20 different lines are needed, got {len(sentences)}")
    train, held_out = held_out_rows(len(sentences), HELD_OUT, options.seed, options.limit, "--data")
    texts = np.array(sentences, object)
    return Texts(name, texts[train], texts[held_out])


def _lines(path):
    with blame("--data", OSError):
        content = path.read_bytes()
    try:
        lines = content.decode("utf-8-sig").splitlines()  # Windows' editors put a mark in front
    except UnicodeDecodeError as error:
        byte, at = content[error.start], error.start
        raise InputError(
            "--data", f"{path} must be UTF-8 text, got the byte 0x{byte:02x} at position {at}"
        ) from error
    return [line.strip() for line in lines if line.strip()]


def reference():
    """The sentences of the English text that ships inside CPython."""
    from pydoc_data.topics import topics

    found = []
    for topic in sorted(topics):
        for paragraph in topics[topic].split("\n\n"):
            lines = _BULLET.sub("", paragraph).split("\n")
            if any(_NO_PROSE.search(line) for line in lines):
                continue
            found += _END.split(" ".join(" ".join(lines).split()))
    least, most = WORDS
    found = [re.sub(r"[*`\\]", "", sentence) for sentence in found]  # the markup's, not the text's
    return [s for s in found if s.endswith((".", "!", "?")) and least <= len(s.split()) <= most]
