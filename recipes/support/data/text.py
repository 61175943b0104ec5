"""Data of `text.py`: the sentences of Python's language reference, or your own file."""

import dataclasses
import re

import numpy as np
from support.data import csv_format, table_files, text_encoding
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
MIN_LINES = 20
# Lines of files that hold more than texts: <p>text</p>, or "text": "..." of JSON in several lines.
MARKUP = {
    "HTML or XML": re.compile(r"^</?[A-Za-z][^<>]*>|^<.*/>$"),
    "JSON": re.compile(r"^\"[^\"]*\"\s*:\s*(?:[\"\[{\d-]|true|false|null)|^[\[\]{}]+,?$"),
}
REMEDIES = {
    "HTML or XML": "save the page as plain text, one text a line",
    "JSON": "write one object a line and give the file the ending .jsonl",
}


@dataclasses.dataclass
class Texts:
    """Arrays of strings to train on and held out.

    Attributes:
        name: of the data.
        train: texts to train on.
        held_out: other texts.
        notes: what was understood and left out, for the user.
    """

    name: str
    train: np.ndarray
    held_out: np.ndarray
    notes: tuple = ()


def load(options):
    """Load the `Texts` of --data, or else Python's language reference."""
    notes = []
    table_files.check_options(options)
    if options.data is None and options.column is not None:
        raise InputError("--column", "needs a file: --data FILE")
    if options.data is None:
        name, lines = "reference of the Python language (pydoc topics)", reference()
    else:
        name, (lines, notes) = options.data.name, _read(options)
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
    if len(different) < MIN_LINES:
        raise InputError(
            "--data",
            f"expected at least {MIN_LINES} different lines, each of them a text, got "
            f"{len(different)}" + "".join(f"; {note}" for note in notes),
        )
    train, held_out = split_rows(len(different), HELD_OUT, options.seed, options.limit, "--data")
    unused = len(different) - len(train) - len(held_out)
    if unused:
        notes.append(f"{unused:,} lines are left out (--limit); the choice is random, by --seed")
    texts = np.array(different, object)
    return Texts(name, texts[train], texts[held_out], tuple(notes))


def _read(options):
    """Lines of a file of texts, or the values of one column of a table, and notes."""
    path, kind = options.data, "".join(options.data.suffixes[-2:]).lower()
    about_tables = (options.column, options.sep, options.decimal, options.header, options.sheet)
    if any(kind.endswith(suffix) for suffix in TABLES) or any(about_tables):
        return _column(options)
    table_files.check_file(path)
    text, notes = text_encoding.decode(table_files.read_bytes(path), options.encoding)
    lines = text_encoding.split_lines(text)
    return lines, [*notes, *_table_note(lines)]


def _table_note(lines):
    """A note if the lines look like the rows of a table, of which each is read as one text."""
    sample = [line.strip() for line in lines[: csv_format.SAMPLE] if line.strip()]
    if len(sample) < MIN_LINES:
        return
    for what, pattern in MARKUP.items():
        if sum(bool(pattern.search(line)) for line in sample) > len(sample) / 2:
            yield f"most lines look like {what}, and are read as they are; {REMEDIES[what]}"
            return
    separator = csv_format.detect("\n".join(sample), header=True).separator
    sizes = {len(row) for row in csv_format.read_rows(sample, separator)}
    if all(line.startswith("{") and line.endswith("}") for line in sample):
        yield "the lines look like JSON; with the ending .jsonl of the file, one column is read"
        return
    prose = any(", " in line and '"' not in line for line in sample)
    if len(sizes) == 1 and sizes != {1} and separator != " " and not (separator == "," and prose):
        yield (
            f"each line has {max(sizes)} values separated by {csv_format.SEPARATORS[separator]}, "
            "like a table; --column NAME reads one column"
        )


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
