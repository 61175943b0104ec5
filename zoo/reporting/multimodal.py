"""Sections for several modalities: reconstruction, translation and joint samples."""

import numpy as np

from zoo.core import nested
from zoo.inference import multimodal
from zoo.likelihoods.multimodal import PRESENT
from zoo.reporting.example_grids import EXAMPLES
from zoo.reporting.markup import Section, join, paragraph, table, tag
from zoo.reporting.thumbnails import present_thumbnails, thumbnails


def side_by_side(context):
    """Section with each modality, its reconstruction, and its translation from the others."""
    x = nested.take_rows(context.x, slice(EXAMPLES))
    rows = []
    for modality in context.modalities:
        name = modality.name
        originals = present_thumbnails(modality, modality.x[:EXAMPLES], f"{name} of example")
        means = modality.reconstruction[:EXAMPLES]
        rows.append([name, *originals])
        rows.append(["from all modalities", *thumbnails(modality, means, f"{name} reconstructed")])
        rows.append(["from the others alone", *_translations(context, modality, x)])
    header = ["", *map(str, range(min(EXAMPLES, context.example_count)))]
    text = (
        "Held-out examples in columns. Below each modality: E[x|z] given all modalities that the "
        "example has, and given the other modalities alone. Modalities that are missing from an "
        "example are generated from those that it has."
    )
    return Section("Modalities", join(paragraph(text), table(header, rows, "grid")))


def _translations(context, modality, x):
    """Thumbnails of E[x|z] given the other modalities, for the examples that have any."""
    prepared = context.model.preprocessor.to_array(x)
    column = context.model.preprocessor.names.index(modality.name)
    present = prepared[PRESENT].copy()
    present[:, column] = False
    rows = np.flatnonzero(present.any(1))
    translations = [tag("span", "no other modality", class_="quiet")] * len(present)
    if context.model.latents.encoder.fusion.needs_all or not len(rows):
        return translations
    others = nested.take_rows({**prepared, PRESENT: present}, rows)
    means = multimodal.translate(context.model, others, modality.name)
    pictures = thumbnails(modality, means, f"{modality.name} translated")
    for row, picture in zip(rows, pictures, strict=True):
        translations[row] = picture
    return translations


def samples(context):
    """Section with new examples of all modalities."""
    x = context.model.generate(EXAMPLES, seed=context.seed)
    rows = [
        [modality.name, *thumbnails(modality, x[modality.name], f"new {modality.name}")]
        for modality in context.modalities
    ]
    text = (
        "New examples in columns: E[x|z] of each modality for the same z from the prior. Check "
        "that the modalities of a column match."
    )
    return Section("Samples", join(paragraph(text), table((), rows, "grid")))
