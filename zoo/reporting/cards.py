"""What is shown of one example beside the map: it, and what the model made of it."""

import numpy as np

from zoo.reporting.markup import join, paragraph, table, tag
from zoo.reporting.thumbnails import MISSING, given, standardised, thumbnails

FARTHEST = 5  # columns of a row that are farthest from what was expected


def cards(parts):
    """A piece of markup for each example, of all its `Part`s."""
    found = [CARDS[part.kind](part) for part in parts]
    if len(found) == 1:
        return found[0]
    headed = [
        [join(tag("b", part.name), card) for card in of_part]
        for part, of_part in zip(parts, found, strict=True)
    ]
    return [join(*(tag("div", card) for card in row)) for row in zip(*headed, strict=True)]


def _pairs(part):
    """The example, and what became of it: where it is missing, what the model fills in."""
    return [tag("div", *pair, class_="pair") for pair in _both(part)]


def _both(part):
    made = thumbnails(part, part.reconstruction, "reconstruction of")
    return zip(given(part, part.x, "example"), made, strict=True)


def _texts(part):
    return [
        join(paragraph(one), paragraph("read back: ", made, class_="quiet"))
        for one, made in _both(part)
    ]


def _rows(part):
    """The columns of a row that are farthest from what was expected of them."""
    x, made = (np.reshape(np.asarray(a), (len(a), -1)) for a in (part.x, part.reconstruction))
    far = np.nan_to_num(np.abs(standardised(x, x) - standardised(made, x)))
    names = names_of(part, x.shape[1])
    found = []
    for i, row in enumerate(far):
        if not part.present[i]:
            found.append(MISSING)
            continue
        order = np.argsort(-row, kind="stable")[:FARTHEST]
        cells = [(names[j], *(value(part, a[i, j], j) for a in (x, made))) for j in order]
        found.append(table(("farthest off", "value", "expected"), cells))
    return found


def names_of(part, count):
    """Names of columns; numbers where nobody gave any."""
    return list(part.columns) or [f"column {i}" for i in range(count)]


def value(part, number, column):
    """A number, or the name of its class."""
    classes = list(part.columns.values())[column] if part.columns else None
    if np.isnan(number):
        return "missing"
    return f"{number:.4g}" if classes is None else classes[int(number)]


CARDS = {"images": _pairs, "series": _pairs, "texts": _texts, "tables": _rows}
