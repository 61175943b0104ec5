"""Which sections a report has: those that all have, and those of one kind of data."""

import keras

from zoo.reporting import (
    grids,
    images,
    latent_map,
    measures,
    modalities,
    model_card,
    series,
    tables,
)

# Kind of data -> the sections that only it has. Each is a function of a `Look`.
SECTIONS = {
    "images": (
        images.reconstructions,
        images.hierarchy,
        images.samples,
        images.traversal,
        images.interpolation,
    ),
    "tables": (tables.columns, tables.marginals, tables.dimensions),
    "series": (series.reconstructions, series.samples, grids.traversal),
    "texts": (grids.reconstructions, grids.samples, grids.traversal, grids.interpolation),
    "modalities": (modalities.side_by_side, modalities.samples, grids.traversal),
}


def sections(look, verbose=0):
    """All sections of the page of a `Look`, in their order; verbose 1 shows how far it is."""
    makers = [measures.verdict, model_card.model_card, measures.curves, measures.diagnosis]
    makers += [*SECTIONS[look.kind], latent_map.latent_map, grids.strangest, measures.numbers]
    bar = keras.utils.Progbar(len(makers), unit_name="section") if verbose else None
    found = []
    for number, make in enumerate(makers, 1):
        found.append(make(look))
        if bar is not None:
            bar.update(number)
    return [section for section in found if section is not None]
