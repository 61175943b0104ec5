"""Data of `text.py`: sentences of Python's language reference, or of a file with one per line."""

import dataclasses
import re

import numpy as np
from support.data.splits import split_rows
from support.run.cli import InputError, as_input_error

MIN_WORDS, MAX_WORDS = 4, 30
HELD_OUT = 0.1
# Sections of the reference mix prose with grammar and code. A paragraph is prose if none of its
# lines matches this pattern of grammar and code.
_NOT_PROSE = re.compile(r"::=|>>>|^\s*[*=~^\"#+|-]{3,}|[{}]|^\s*(def|class|import|for) |\w = \S")
_BULLET = re.compile(r"^\s*(?:[*+-]|\d+\.)\s+")
_END = re.compile(r"(?<=[a-z)\"][.!?])\s+(?=[A-Z\"])")


@dataclasses.dataclass
class Texts:
    """Arrays of strings to train on and held out."""

    name: str
    train: np.ndarray
    held_out: np.ndarray


def load(options):
    """Load the `Texts` of --data, or else Python's language reference."""
    if options.data is None:
        name, sentences = "reference of the Python language (pydoc topics)", reference()
    else:
        name, sentences = options.data.name, _lines(options.data)
    sentences = list(dict.fromkeys(sentences))  # no held-out sentence may be trained on
    if len(sentences) < 20:
        raise InputError("--data", f"expected at least 20 different lines, got {len(sentences)}")
    train, held_out = split_rows(len(sentences), HELD_OUT, options.seed, options.limit, "--data")
    texts = np.array(sentences, object)
    return Texts(name, texts[train], texts[held_out])


def _lines(path):
    with as_input_error("--data", OSError):
        content = path.read_bytes()
    try:
        # Editors on Windows write a byte order mark, which "utf-8-sig" removes.
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        byte, position = content[error.start], error.start
        raise InputError(
            "--data",
            f"expected UTF-8 text, got the byte 0x{byte:02x} at position {position} of {path}; "
            "save the file as UTF-8",
        ) from error
    return [line.strip() for line in lines if line.strip()]


def reference():
    """The sentences of the language reference that is part of CPython."""
    from pydoc_data.topics import topics

    sentences = []
    for topic in sorted(topics):
        for paragraph in topics[topic].split("\n\n"):
            lines = _BULLET.sub("", paragraph).split("\n")
            if any(_NOT_PROSE.search(line) for line in lines):
                continue
            sentences += _END.split(" ".join(" ".join(lines).split()))
    sentences = [re.sub(r"[*`\\]", "", sentence) for sentence in sentences]  # markup
    return [
        sentence
        for sentence in sentences
        if sentence.endswith((".", "!", "?")) and MIN_WORDS <= len(sentence.split()) <= MAX_WORDS
    ]
