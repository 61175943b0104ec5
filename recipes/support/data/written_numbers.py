"""Numbers as people write them, as floats: "$3.10", "12 %", "1,234.5", "3,14", "?" for missing."""

import re

import numpy as np

MISSING = ("?", "-", "--", "\u2013", "\u2014", ".", "na", "n/a", "n.a.", "none", "null", "nan")
MISSING += ("nil", "missing", "unknown", "blank", "(blank)", "#n/a", "#null!", "#div/0!", "#value!")
MISSING += ("#ref!", "#name?", "#num!", "n.d.", "k.a.", "n.v.")
PLACEHOLDERS = (99.0, 999.0, 9999.0, 99999.0, 999999.0, 99.9, 99.99, 999.9, 999.99, 9999.9, 9999.99)
# Of well logs, a temperature sensor without contact, integers of 16 bits, and fields of weather.
PLACEHOLDERS += (
    888.0,
    888.88,
    8888.0,
    999.25,
    127.0,
    3276.7,
    3276.8,
    32767.0,
    32768.0,
    65535.0,
    1e20,
    1e30,
    1e35,
)
MAX_OTHERS, MAX_OTHER_FRACTION = 5, 0.1
MAX_EXAMINED = 10_000  # texts for a note on a column that is not one of numbers
# Up to half of the rows may hold other texts if there are this many numbers for each of them.
MIN_NUMBERS_PER_OTHER = 20
CURRENCY = re.compile(r"[$€£¥₹₽₩]|\b(?:USD|EUR|GBP|CHF|JPY|INR)\b", re.IGNORECASE)
NO_FRACTION = re.compile(r"[.,]\s?[-\u2212\u2013\u2014]{1,2}$")  # CHF 13'700.\u2013 in Switzerland
SPACES = re.compile(r"[\s\u00a0\u202f'\u2019_]")
DASHES = str.maketrans("\u2212\u2013", "--")  # word processors write an en dash for a minus
# Digits between spaces that are groups of thousands, unlike those of a telephone number.
SPACED = re.compile(r"[^\d]*\d{1,3}([\s'\u2019_]\d{3})+([.,]\d*)?[^\d]*")
BYTE = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
ADDRESS = re.compile(rf"(?:{BYTE}\.){{3}}{BYTE}")  # 192.168.100.101, whose points group nothing
BETWEEN_DIGITS = re.compile(r"\d[\s'\u2019_]+\d")
GROUPED = {
    ".": re.compile(r"[+-]?(?:[1-9]\d{0,2}(,\d{3})+|[1-9]\d?(,\d\d)+,\d{3})(\.\d*)?"),
    ",": re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?"),
}
# Letters after a number: 3.5 mm, 21 \u00b0C, 80 km/h.
EXPONENT = re.compile(r"\d+[eE]\d+")  # 3E5, which may also be a code
UNIT = re.compile(r"[\d.,]\s?(\u00b0?[^\W\d_]{1,4}(?:/[^\W\d_]{1,3})?)$")
PLAIN = {
    ".": re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"),
    ",": re.compile(r"[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?"),
}


def parse(column, decimal=".", asked=False):
    """A column of texts as float64, and how it was written; None if it does not hold numbers.

    At most five different texts that are not numbers count as missing, if they are in at most a
    tenth of the rows, or in at most half of them where there are twenty different numbers for each.

    Args:
        column: a pandas series of texts, with missing values or without.
        decimal: "." or ",", the mark before the fraction; the other one is taken if it makes
            numbers of more texts.
        asked: the user says that it holds numbers: half of the rows may hold any other texts.

    Returns:
        `(values [N] with NaN, notes)`, or None.
    """
    texts = column.astype("string").str.strip()
    missing = (column.isna() | (texts == "") | texts.str.lower().isin(MISSING)).fillna(True)
    missing = missing.to_numpy(bool)
    unit = _unit(texts[~missing])
    texts = texts.str.removesuffix(unit).str.strip()
    unique = [str(text) for text in texts[~missing].unique()]
    if unique and all(map(ADDRESS.fullmatch, unique)):
        return None
    marks = (decimal, "," if decimal == "." else ".")
    readings = [{text: _number(text, mark) for text in unique} for mark in marks]
    others = [sorted(t for t, value in numbers.items() if value is None) for numbers in readings]
    best = int(len(others[1]) < len(others[0]))
    numbers, others = readings[best], others[best]
    strange = texts.isin(others).to_numpy(bool) & ~missing
    if not _are_numbers(len(unique), len(others), strange.sum() / max(1, (~missing).sum()), asked):
        return None
    values = np.full(len(texts), np.nan)
    used = ~missing & ~strange
    values[used] = [numbers[text] for text in texts[used]]
    absent = sorted({str(text) for text in texts[missing].dropna() if text})
    notes = [f"in the unit {unit!r}"] if unit else []
    read = [text for text in unique if numbers[text] is not None]
    notes += [*_notes(read, absent, marks[best]), *_other_note(others, strange.sum())]
    return values, notes


def _unit(texts):
    """The unit after each of the texts, or "" if they do not have the same."""
    units = texts.str.extract(UNIT)[0]
    same = len(units) and units.notna().all() and units.nunique() == 1
    return str(units.iloc[0]) if same and not CURRENCY.fullmatch(units.iloc[0]) else ""


def _are_numbers(unique, others, fraction, asked):
    """True if a column holds numbers: counts of its different texts, and a fraction of its rows.

    Args:
        unique: different texts.
        others: those of them that are not numbers.
        fraction: of the rows, that hold these.
        asked: see `parse`.
    """
    if others >= unique or fraction > 0.5:
        return False
    many = unique - others >= MIN_NUMBERS_PER_OTHER * others
    return asked or (others <= MAX_OTHERS and (fraction <= MAX_OTHER_FRACTION or many))


def _number(text, decimal):
    """The number that a text stands for, or None."""
    if BETWEEN_DIGITS.search(text) and not SPACED.fullmatch(text):
        return None
    negative = _is_minus(text)
    text = _digits(text)
    if GROUPED[decimal].fullmatch(text):
        text = text.replace("," if decimal == "." else ".", "")
    elif not PLAIN[decimal].fullmatch(text):
        return None
    value = float(text.replace(",", "."))
    return -value if negative else value


def _is_minus(text):
    """True for (3.50) and 3.50-."""
    text = NO_FRACTION.sub("", text)
    return (text.startswith("(") and text.endswith(")")) or text[-1:] in ("-", "\u2212")


def _digits(text):
    """The text without brackets, which accountants use for a minus, and without units or spaces."""
    text = NO_FRACTION.sub("", text)
    text = text[1:-1] if text.startswith("(") and text.endswith(")") else text
    text = CURRENCY.sub("", text).strip()
    text = text[:-1] if text[-1:] in ("-", "\u2212") else text  # SAP writes the minus last
    return SPACES.sub("", text.strip().removesuffix("%")).translate(DASHES)


def _notes(unique, marks, decimal):
    """Phrases on signs that were removed and texts that count as missing."""
    if signs := sorted({match[0].upper() for text in unique for match in CURRENCY.finditer(text)}):
        several = f", but amounts not converted: {', '.join(signs)}" if len(signs) > 1 else ""
        yield f"currency signs removed{several}"
    if percent := sum(text.endswith("%") for text in unique):
        without = next((text for text in unique if not text.endswith("%")), None)
        yield "percent signs removed" + (
            f", but {len(unique) - percent:,} different numbers have none, such as {without!r}"
            if percent < len(unique)
            else ""
        )
    if minus := next(filter(_is_minus, unique), None):
        yield f"numbers such as {minus!r} are read as negative"
    if code := next(filter(EXPONENT.fullmatch, unique), None):
        yield f"{code!r} is read as {float(code):g}"
    if any(GROUPED[decimal].fullmatch(_digits(t)) or BETWEEN_DIGITS.search(t) for t in unique):
        yield "thousands separators removed"
    elif decimal == "," and any("," in text for text in unique):
        yield "decimal commas"
    if marks:
        yield f"{', '.join(map(repr, marks))} counted as missing"


def _other_note(others, count):
    if others:
        listed = ", ".join(map(repr, others[:MAX_OTHERS])) + ", ..." * (len(others) > MAX_OTHERS)
        yield f"{count} other texts counted as missing ({listed})"


def mixed_note(column):
    """A note on the first text that is not a number in a column of mostly numbers."""
    texts = column.dropna().head(MAX_EXAMINED).astype("string").str.strip()
    texts = texts[~(texts.str.lower().isin(MISSING) | (texts == ""))]
    unique = [str(text) for text in texts.unique()]
    others = min(([t for t in unique if _number(t, mark) is None] for mark in ".,"), key=len)
    units = sorted({match[1] for text in unique if (match := UNIT.search(text))})
    if 1 < len(units) <= MAX_OTHERS and texts.str.extract(UNIT)[0].notna().mean() > 0.5:
        yield f"most are numbers, but in the units {', '.join(units)}; write all in one unit"
        return
    if others and texts.isin(others).mean() <= 0.5:
        yield (
            f"most are numbers, but not {others[0]!r}; --kind {column.name}=number counts such "
            "texts as missing"
        )


def value_notes(values):
    """Notes on a value such as -999, far from all others, and on months such as 6.2015.

    Args:
        values: float64 `[N]`, NaN where missing.
    """
    observed = values[np.isfinite(values)]
    if not len(observed):
        return
    if _are_months(observed):
        yield (
            f"such as {observed[0]:.4f}, which look like months of years; write them as 2015-06 "
            "to read dates"
        )
    for value in (observed.min(), observed.max()):
        others = observed[observed != value]
        repeated = 0 < len(others) <= len(observed) - 2
        if (
            np.isclose(abs(value), PLACEHOLDERS, 1e-6, 0).any()
            and repeated
            and _is_far(value, others)
        ):
            count = len(observed) - len(others)
            yield f"{value:g} in {count:,} rows may stand for missing values; empty them if so"


def _are_months(values):
    """True for several numbers such as 6.2015, a month and four digits of a year."""
    months, years = np.divmod(np.round(values * 10_000), 10_000)
    is_month = (months >= 1) & (months <= 12) & (years >= 1900) & (years <= 2100)
    exact = np.isclose(values * 10_000, np.round(values * 10_000), 0, 1e-6)
    return len(np.unique(values)) > 3 and bool((is_month & exact).all())


def _is_far(value, others):
    return np.abs(others - value).min() > np.ptp(others)
