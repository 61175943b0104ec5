"""Numbers as people write them, as floats: "$3.10", "12 %", "1,234.5", "3,14", "?" for missing."""

import re

import numpy as np

MISSING = ("?", "-", "--", "\u2013", "\u2014", ".", "na", "n/a", "n.a.", "none", "null", "nan")
MAX_OTHERS, MAX_OTHER_FRACTION = 5, 0.1
CURRENCY = re.compile(r"[$€£¥₹₽₩]|\b(?:USD|EUR|GBP|CHF|JPY|INR)\b", re.IGNORECASE)
SPACES = re.compile(r"[\s\u00a0\u202f'\u2019_]")
GROUPED = {
    ".": re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?"),
    ",": re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d*)?"),
}
PLAIN = {
    ".": re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"),
    ",": re.compile(r"[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?"),
}


def parse(column, decimal="."):
    """A column of texts as float64, and how it was written; None if it does not hold numbers.

    At most five different texts that are not numbers, in at most a tenth of the rows, count as
    missing.

    Args:
        column: a pandas series of texts, with missing values or without.
        decimal: "." or ",", the mark before the fraction; the other one is tried after it.

    Returns:
        `(values [N] with NaN, notes)`, or None.
    """
    texts = column.astype("string").str.strip()
    missing = (column.isna() | (texts == "") | texts.str.lower().isin(MISSING)).fillna(True)
    missing = missing.to_numpy(bool)
    unique = [str(text) for text in texts[~missing].unique()]
    for mark in (decimal, "," if decimal == "." else "."):
        numbers = {text: _number(text, mark) for text in unique}
        others = sorted(text for text, value in numbers.items() if value is None)
        strange = texts.isin(others).to_numpy(bool) & ~missing
        few = len(others) <= MAX_OTHERS and strange.sum() <= MAX_OTHER_FRACTION * (~missing).sum()
        if few and len(others) < len(unique):
            values = np.full(len(texts), np.nan)
            used = ~missing & ~strange
            values[used] = [numbers[text] for text in texts[used]]
            marks = sorted({str(text) for text in texts[missing].dropna() if text})
            return values, [*_notes(unique, marks, mark), *_other_note(others, strange.sum())]
    return None


def _number(text, decimal):
    """The number that a text stands for, or None."""
    text, negative = _digits(text), text.startswith("(") and text.endswith(")")
    if GROUPED[decimal].fullmatch(text):
        text = text.replace("," if decimal == "." else ".", "")
    elif not PLAIN[decimal].fullmatch(text):
        return None
    value = float(text.replace(",", "."))
    return -value if negative else value


def _digits(text):
    """The text without brackets, which accountants use for a minus, and without units or spaces."""
    text = text[1:-1] if text.startswith("(") and text.endswith(")") else text
    text = CURRENCY.sub("", text)
    return SPACES.sub("", text.strip().removesuffix("%")).replace("\u2212", "-")


def _notes(unique, marks, decimal):
    """Phrases on signs that were removed and texts that count as missing."""
    if any(CURRENCY.search(text) for text in unique):
        yield "currency signs removed"
    if any(text.endswith("%") for text in unique):
        yield "percent signs removed"
    if any(GROUPED[decimal].fullmatch(_digits(text)) for text in unique):
        yield "thousands separators removed"
    elif decimal == "," and any("," in text for text in unique):
        yield "decimal commas"
    if marks:
        yield f"{', '.join(map(repr, marks))} counted as missing"


def _other_note(others, count):
    if others:
        yield f"{count} other texts counted as missing ({', '.join(map(repr, others))})"
