"""Sections for several modalities: each beside the others, and made from them."""

import numpy as np

from zoo.core import nested
from zoo.inference import multimodal
from zoo.likelihoods.multimodal import PRESENT
from zoo.reporting.example_grids import EXAMPLES
from zoo.reporting.markup import Section, join, paragraph, table, tag
from zoo.reporting.thumbnails import given, thumbnails


def side_by_side(context):
    """Each modality, what became of it, and what is made of it from the others alone."""
    few = nested.cut(context.x, slice(EXAMPLES))
    rows = []
    for part in context.parts:
        small = given(part, part.x[:EXAMPLES], f"{part.name} of example")
        rows.append([part.name, *small])
        small = thumbnails(part, part.reconstruction[:EXAMPLES], f"{part.name} read back")
        rows.append(["from all that is there", *small])
        rows.append(["from the others alone", *_translated(context, part, few)])
    header = ["", *map(str, range(min(EXAMPLES, context.size)))]
    text = (
        "Held-out examples in columns. Below each modality: E[x|z] from all modalities of the "
        "example, which fills in what is missing, and from the other modalities alone."
    )
    return Section("Modalities", join(paragraph(text), table(header, rows, "grid")))


def _translated(context, part, x):
    """What is made of the other modalities, where the example has any."""
    prepared = context.model.preprocessor.to_array(x)
    column = context.model.preprocessor.names.index(part.name)
    there = prepared[PRESENT].copy()
    there[:, column] = False
    rows = np.flatnonzero(there.any(1))
    found = [tag("span", "no other", class_="quiet")] * len(there)
    if context.model.latents.encoder.fusion.needs_all or not len(rows):
        return found
    others = nested.cut({**prepared, PRESENT: there}, rows)
    made = multimodal.translate(context.model, others, part.name)
    for row, small in zip(rows, thumbnails(part, made, f"{part.name} made up"), strict=True):
        found[row] = small
    return found


def samples(context):
    """New examples of all modalities at once."""
    made = context.model.generate(EXAMPLES, seed=context.seed)
    rows = [
        [part.name, *thumbnails(part, made[part.name], f"new {part.name}")]
        for part in context.parts
    ]
    text = "New examples in columns: E[x|z] of each modality for one z from the prior. They belong "
    text += "together if the model has learned what the modalities share."
    return Section("Samples", join(paragraph(text), table((), rows, "grid")))
