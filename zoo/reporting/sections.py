"""Which sections a report has: those that all have, and those of one kind of data."""

import keras

from zoo.reporting import (
    example_grids,
    images,
    latent_map,
    model_card,
    multimodal,
    numbers,
    series,
    tables,
)

# Kind of data -> the sections that only it has. Each is a function of a `ReportContext`.
SECTIONS = {
    "images": (
        images.reconstructions,
        images.hierarchy,
        images.samples,
        images.traversal,
        images.interpolation,
    ),
    "tables": (tables.columns, tables.marginals, tables.dimensions),
    "series": (series.reconstructions, series.samples, example_grids.traversal),
    "texts": (
        example_grids.reconstructions,
        example_grids.samples,
        example_grids.traversal,
        example_grids.interpolation,
    ),
    "modalities": (multimodal.side_by_side, multimodal.samples, example_grids.traversal),
}


def sections(context, verbose=0):
    """All sections of a report, in order; verbose=1 shows progress."""
    makers = [numbers.verdict, model_card.model_card, numbers.curves, numbers.diagnosis]
    makers += [
        *SECTIONS[context.kind],
        latent_map.latent_map,
        example_grids.strangest,
        numbers.numbers,
    ]
    bar = keras.utils.Progbar(len(makers), unit_name="section") if verbose else None
    found = []
    for number, make in enumerate(makers, 1):
        found.append(make(context))
        if bar is not None:
            bar.update(number)
    return [section for section in found if section is not None]
