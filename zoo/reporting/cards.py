"""Cards of single examples, shown beside the latent map: each example and its reconstruction."""

import numpy as np

from zoo.reporting.markup import join, paragraph, table, tag
from zoo.reporting.thumbnails import MISSING, present_thumbnails, standardise, thumbnails

MAX_COLUMNS = 5  # columns of a row on its card


def cards(modalities):
    """Markup of each example, with all of its modalities."""
    by_modality = [CARDS[modality.data_kind](modality) for modality in modalities]
    if len(by_modality) == 1:
        return by_modality[0]
    headed = [
        [join(tag("b", modality.name), card) for card in modality_cards]
        for modality, modality_cards in zip(modalities, by_modality, strict=True)
    ]
    return [join(*(tag("div", card) for card in row)) for row in zip(*headed, strict=True)]


def _pictures(modality):
    """Cards with a picture of the example and one of its reconstruction."""
    return [tag("div", *pair, class_="pair") for pair in _pairs(modality)]


def _texts(modality):
    return [
        join(paragraph(original), paragraph("reconstruction: ", reconstructed, class_="quiet"))
        for original, reconstructed in _pairs(modality)
    ]


def _pairs(modality):
    """Pair the thumbnail of each example, or `MISSING`, with that of its reconstruction."""
    reconstructed = thumbnails(modality, modality.reconstruction, "reconstruction of")
    return zip(present_thumbnails(modality, modality.x, "example"), reconstructed, strict=True)


def _rows(modality):
    """Cards with a row's columns that have the largest errors, in standard deviations."""
    x, expected = (
        np.reshape(np.asarray(a), (len(a), -1)) for a in (modality.x, modality.reconstruction)
    )
    errors = np.nan_to_num(np.abs(standardise(x, x) - standardise(expected, x)))
    names = column_names(modality, x.shape[1])
    row_cards = []
    for i, row in enumerate(errors):
        if not modality.present[i]:
            row_cards.append(MISSING)
            continue
        order = np.argsort(-row, kind="stable")[:MAX_COLUMNS]
        cells = [(names[j], *(_value(modality, a[i, j], j) for a in (x, expected))) for j in order]
        row_cards.append(table(("largest errors", "value", "expected"), cells))
    return row_cards


def column_names(modality, count):
    """Names of the columns; "column 0", ... if the user gave none."""
    return list(modality.columns) or [f"column {i}" for i in range(count)]


def _value(modality, number, column):
    """Format a number, or the name of its class."""
    class_names = list(modality.columns.values())[column] if modality.columns else None
    if np.isnan(number):
        return "missing"
    return f"{number:.4g}" if class_names is None else class_names[int(number)]


CARDS = {"images": _pictures, "series": _pictures, "texts": _texts, "tables": _rows}
