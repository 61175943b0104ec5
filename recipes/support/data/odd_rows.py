"""Rows of a file that are none of its data: names or units between numbers, totals, empty rows."""

import re

import numpy as np

MIN_ROWS = 10  # above a row of totals
MAX_NAMED = 3  # columns and rows in a note
LAST = 6  # rows at the end, of which some may hold totals or averages
SUM_TOLERANCE = 1e-3  # of a sum, by which rounded totals differ from it
MEAN_TOLERANCE = 1e-6  # of a standard deviation; rounded averages are often values of other rows
MAX_WORDS = 4  # of the name of a row of totals, such as "Total of January"
TOTALS = frozenset(
    (
        *("sum", "total", "totals", "subtotal", "summe", "gesamt", "gesamtsumme", "zwischensumme"),
        *(
            "gesamtergebnis",
            "teilergebnis",
            "ergebnis",
            "somme",
            "suma",
            "totale",
            "somma",
            "\u2211",
        ),
    )
)
AVERAGES = frozenset(
    (
        *("mean", "average", "avg", "median", "minimum", "maximum", "std", "mittelwert", "ø"),
        *("durchschnitt", "standardabweichung", "moyenne", "médiane", "promedio", "mediana"),
        *("gemiddelde", "mínimo", "máximo"),
    )
)
AMBIGUOUS = frozenset(("min", "max", "count"))  # they count beside names of sums and averages


def notes(frame, numbers):
    """Notes on rows that may be none of the data; they are used like the others.

    Args:
        frame: the data frame of a file, in its order.
        numbers: column -> its values as float64 `[N]`, NaN where missing, for columns of numbers.
    """
    empty = np.flatnonzero(frame.isna().all(axis=1))
    if len(empty):
        yield (
            f"{len(empty):,} rows are empty in the columns read{_rows(frame, empty)}; they count "
            "as missing values"
        )
    yield from _repeated_names(frame)
    if numbers:
        yield from _texts(frame, numbers)
        yield from _named_summaries(frame)
        yield from _totals(numbers)


def _repeated_names(frame):
    """Rows that are the line of names once more, as after joining files."""
    written = [name for name in frame if frame[name].dtype.kind not in "biufcmM"]
    if len(frame.columns) < 2 or len(written) < len(frame.columns):
        return
    equal = [[isinstance(v, str) and v == str(name) for v in frame[name]] for name in written]
    rows = np.flatnonzero(np.all(equal, 0))
    if len(rows):
        yield (
            f"{len(rows):,} rows repeat the names of the columns{_rows(frame, rows)}; they are "
            "used like the others; remove them"
        )


def _texts(frame, numbers):
    """Rows with texts in all columns of numbers: names that are repeated, or units."""
    written = frame[list(numbers)].notna().to_numpy()
    rows = np.flatnonzero((written & np.isnan(np.stack([*numbers.values()], 1))).all(1))
    if 0 < len(rows) <= MAX_NAMED:
        texts = ", ".join(repr(str(frame[name].iloc[rows[0]])) for name in [*numbers][:MAX_NAMED])
        yield (
            f"{len(rows):,} rows have texts in all columns of numbers{_rows(frame, rows)}: "
            f"{texts}; they count as missing values; remove them if they are names or units"
        )


def _named_summaries(frame):
    """Rows in which a text names a sum or an average, such as "Total:" or "North total"."""
    named = {}
    for column in frame:
        if frame[column].dtype.kind not in "biufcmM":
            texts = [value if isinstance(value, str) else "" for value in frame[column]]
            names = _summary_names(set(texts))
            named |= {row: text for row, text in enumerate(texts) if text in names}
    if named:
        rows = sorted(named)
        listed = ", ".join(dict.fromkeys(repr(named[row]) for row in rows[:MAX_NAMED]))
        yield (
            f"{len(rows):,} rows are named like sums or averages{_rows(frame, rows)}: {listed}; "
            "they are used like the others; remove them if they summarise other rows"
        )


def _summary_names(texts):
    """Texts that name sums or averages."""
    words = {text: re.findall(r"[^\s.:=_-]+", text.casefold()) for text in texts}
    names = {text for text, parts in words.items() if _names_summary(parts)}
    return names | {t for t, parts in words.items() if names and AMBIGUOUS.issuperset(parts or " ")}


def _names_summary(words):
    if len(words) == 1 and words[0] in AVERAGES:
        return True
    return 0 < len(words) <= MAX_WORDS and not TOTALS.isdisjoint((words[0], words[-1]))


def _totals(numbers):
    """A row near the end that is the sum or the mean of the rows above it."""
    names, values = [*numbers], [np.asarray(x, "float64") for x in numbers.values()]
    count = len(values[0])
    for first in range(max(MIN_ROWS, count - LAST), count):
        filled = np.sum([np.isfinite(x[first:]) for x in values], 0)
        masks = np.stack([_summaries(x[:first], x[first:]) for x in values], 2)
        for summary, least, is_one in zip(("sum", "mean"), (1, 2), masks, strict=True):
            equal = is_one.sum(1)
            for row in np.flatnonzero((equal >= least) & (2 * equal > filled))[:1]:
                columns = [names[column] for column in np.flatnonzero(is_one[row])]
                yield _total_note(first + row, first, summary, columns)
                return


def _summaries(above, below):
    """Masks of the values below that are the sum, and the mean, of those above in a column."""
    above = above[np.isfinite(above)]
    if not len(above):
        return np.zeros((2, len(below)), "bool")
    with np.errstate(over="ignore", invalid="ignore"):  # values near the largest float
        size = np.abs(above)
        # A sum that is as small as a value may be one by chance.
        is_large = np.abs(below) > 2 * size.max()
        is_sum = is_large & (np.abs(below - above.sum()) <= SUM_TOLERANCE * size.sum())
        spread = above.std()
        is_mean = (spread > 0) & (np.abs(below - above.mean()) <= MEAN_TOLERANCE * spread)
    return np.stack([is_sum, is_mean])


def _total_note(row, first, summary, names):
    rows = "the rows above it" if row == first else f"the {first:,} rows above row {first}"
    return (
        f"row {row} is the {summary} of {rows} in {', '.join(map(repr, names[:MAX_NAMED]))}; it is "
        "used like the others; remove it, and such rows beside it, if it holds totals"
    )


def _rows(frame, rows):
    listed = ", ".join(str(frame.index[row]) for row in rows[:MAX_NAMED])
    return f" (rows {listed}{', ...' if len(rows) > MAX_NAMED else ''})"
