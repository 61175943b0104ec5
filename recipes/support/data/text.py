"""Data of `text.py`: the sentences of Python's language reference, or your own file."""

import dataclasses
import re

import numpy as np
from support.data import line_notes, table_files, text_encoding
from support.data.splits import split_rows
from support.run.cli import InputError

import zoo

# Files of tables, of which one column is read.
TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".xlsx")
TABLES += tuple(f".{kind}.{packed}" for kind in ("csv", "tsv") for packed in ("gz", "bz2", "xz"))
MIN_WORDS, MAX_WORDS = 4, 30
HELD_OUT = 0.1
# Sections of the reference mix prose with grammar and code. A paragraph is prose if none of its
# lines matches this pattern of grammar and code.
_NOT_PROSE = re.compile(r"::=|>>>|^\s*[*=~^\"#+|-]{3,}|[{}]|^\s*(def|class|import|for) |\w = \S")
_BULLET = re.compile(r"^\s*(?:[*+-]|\d+\.)\s+")
_END = re.compile(r"(?<=[a-z)\"][.!?])\s+(?=[A-Z\"])")


# Letters that are written without spaces between words: Chinese, Japanese, Thai, Lao, Khmer.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1780-\u17ff"
_UNSPACED_LETTER = re.compile(f"[{_UNSPACED}]")
_LETTER = re.compile(r"[^\W\d_]")
MIN_UNSPACED = 0.3  # of the letters, above which each of them counts as a word


@dataclasses.dataclass
class Texts:
    """Arrays of strings to train on and held out.

    Attributes:
        name: of the data.
        train: texts to train on.
        held_out: other texts.
        notes: what was understood and left out, for the user.
        unit: "sentences", "lines" of a file, or "values" of a column, each of them a text.
    """

    name: str
    train: np.ndarray
    held_out: np.ndarray
    notes: tuple = ()
    unit: str = "sentences"


def load(options):
    """Load the `Texts` of --data, or else Python's language reference."""
    notes = []
    table_files.check_options(options)
    if options.data is None and options.column is not None:
        raise InputError("--column", "needs a file: --data FILE")
    if options.data is None:
        unit, lines = "sentences", reference()
    else:
        unit, lines, notes = _read(options)
    texts = [line.strip() for line in lines if line.strip()]
    if len(texts) < len(lines):
        notes.append(f"{len(lines) - len(texts):,} empty lines are left out")
    if _by_character(texts, options):
        texts = [_UNSPACED_LETTER.sub(r" \g<0> ", text) for text in texts]
        texts = [" ".join(text.split()) for text in texts]
        notes.append(
            "each character of a script without spaces between words counts as a word; "
            "--words spaces splits at spaces alone"
        )
    different = list(dict.fromkeys(texts))  # no held-out sentence may be trained on
    if len(different) < len(texts):
        notes.append(
            f"{len(texts) - len(different):,} lines that repeat an earlier one are left out"
        )
    if len(different) < line_notes.MIN_LINES:
        raise InputError(
            "--data",
            f"expected at least {line_notes.MIN_LINES} different lines, each of them a text, got "
            f"{len(different)}" + "".join(f"; {note}" for note in notes),
        )
    train, held_out = split_rows(len(different), HELD_OUT, options.seed, options.limit, "--data")
    unused = len(different) - len(train) - len(held_out)
    if unused:
        notes.append(f"{unused:,} lines are left out (--limit); the choice is random, by --seed")
    texts = np.array(different, object)
    name = options.data.name if options.data else "reference of the Python language (pydoc topics)"
    return Texts(name, texts[train], texts[held_out], tuple(notes), unit)


def _read(options):
    """Name and list of the texts, lines of a file or values of a column of a table, and notes."""
    path, kind = options.data, "".join(options.data.suffixes[-2:]).lower()
    about_tables = (options.column, options.sep, options.decimal, options.header, options.sheet)
    if any(kind.endswith(suffix) for suffix in TABLES) or any(about_tables):
        return "values", *_column(options)
    table_files.check_file(path)
    text, notes = text_encoding.decode(table_files.read_bytes(path), options.encoding)
    lines = text_encoding.split_lines(text)
    return "lines", lines, [*notes, *line_notes.notes(lines)]


def _column(options):
    """The texts of the column --column, or of the one with the longest texts, and notes."""
    frame, notes = table_files.read_frame(options.data, options)
    if options.column is not None:
        table_files.check_column(frame, options.column, "--column")
        name = options.column
        if zoo.tables.holds_lists(frame[name]):
            raise InputError("--column", f"expected a column of texts, got lists in {name!r}")
    else:
        texts = [
            c for c in frame if frame[c].dtype.kind == "O" and not zoo.tables.holds_lists(frame[c])
        ]
        lengths = {c: _mean_length(frame[c]) for c in texts}
        name = max(lengths, key=lengths.get, default=None)
        if name is None:
            raise InputError(
                "--column",
                f"expected a column of texts, got none among {table_files.listing(frame)}",
            )
    others = table_files.listing(c for c in frame if c != name) or "none"
    texts = frame[name].fillna("").astype(str).str.split().str.join(" ")
    return list(texts), [
        *notes,
        f"texts: column {table_files.short(name)!r}; the other columns are not used: {others}",
    ]


def _mean_length(column):
    return column.dropna().astype(str).str.len().mean()


def _by_character(texts, options):
    """True if letters of scripts without spaces count as words: --words, or by their share."""
    if options.words != "auto":
        return options.words == "characters"
    sample = "".join(texts[:1000])
    letters = len(_LETTER.findall(sample))
    return letters > 0 and len(_UNSPACED_LETTER.findall(sample)) > MIN_UNSPACED * letters


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
