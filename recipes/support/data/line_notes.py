"""Notes on lines of a file that are more, or less, than a text each."""

import itertools
import re

import numpy as np
from support.data import csv_format

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
SUBTITLE = re.compile(r"\d\d:\d\d[.,:]\d+ *--> *\d\d:\d\d")
GUTENBERG = re.compile(r"^\*{3} ?(?:START|END) OF (?:THE|THIS) PROJECT GUTENBERG", re.IGNORECASE)
STAMP = re.compile(r"^[\[(<]?(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}:\d{2})\b")
NUMBER = re.compile(r"^[\[(]?(\d{1,9})[.):\]\s]")
SPEAKER = re.compile(r"^(?:[\[(<][^\])>]*[\])>]|[\d.,/: -]+)?\s*-?\s*([^\W\d][\w .'-]{0,29}): ")
MAX_SPEAKERS = 0.1  # of the lines that begin with a name and a colon
GOES_ON = re.compile(r"[^.!?:;\u2026\"\u201d\u2019')]$")
LOWER = re.compile(r"^[^\W\d_A-Z]")
WRAPPED = 0.8  # of a long line, which half the lines of wrapped paragraphs reach


def notes(lines):
    """Notes on lines that look like rows of a table, markup, subtitles or wrapped paragraphs."""
    written = [line.strip() for line in lines if line.strip()]
    if len(written) < MIN_LINES:
        return
    looks = [*_table_or_markup(written[: csv_format.SAMPLE])]
    yield from looks or _parts(written)
    yield from _wrapped(lines)


def _table_or_markup(sample):
    for what, pattern in MARKUP.items():
        if _share(pattern, sample) > 0.5:
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


def _parts(lines):
    """Notes on what stands in the lines beside the texts."""
    if _share(SUBTITLE, lines) > 0.1:
        yield "numbers and times of subtitles are read as texts; keep the lines of speech alone"
        return
    if _share(GUTENBERG, lines) > 0:
        yield "the header and the licence of Project Gutenberg are read as texts; remove them"
    if _share(STAMP, lines) > 0.5:
        yield "most lines begin with a date or time, which is read as words; remove it if need be"
    numbers = [int(match[1]) for line in lines if (match := NUMBER.search(line))]
    if len(numbers) > len(lines) / 2 and np.mean(np.diff(numbers) == 1) > 0.5:
        yield "most lines begin with consecutive numbers, which are read as words; remove them"
    speakers = [match[1] for line in lines if (match := SPEAKER.search(line))]
    if len(speakers) > len(lines) / 2 and len({*speakers}) < max(3, MAX_SPEAKERS * len(speakers)):
        yield (
            f"most lines begin with one of {len({*speakers})} names and a colon, such as "
            f"'{speakers[0]}:', which are read as words; remove them if need be"
        )


def _wrapped(lines):
    """A note on paragraphs that are broken into lines of about the same length."""
    lines = [line.strip() for line in lines]
    pairs = [(a, b) for a, b in itertools.pairwise(lines) if a and b]
    lengths = [len(a) for a, _ in pairs]
    goes_on = [bool(GOES_ON.search(a) and LOWER.search(b)) for a, b in pairs]
    is_even = pairs and np.median(lengths) > WRAPPED * np.quantile(lengths, 0.95)
    if is_even and np.mean(goes_on) > 0.4:
        yield (
            "most lines go on in the next one, like wrapped paragraphs; each is a text all the "
            "same; write each text in one line"
        )


def _share(pattern, lines):
    return np.mean([bool(pattern.search(line)) for line in lines])
