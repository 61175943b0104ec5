"""Sections of a report, common ones and those of one kind of data, in their order."""

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

# Kind of data -> functions of a `ReportContext`, each of which returns a `Section` or None.
SECTIONS = {
    "images": (
        images.reconstructions,
        images.hierarchy,
        images.samples,
        images.traversal,
        images.interpolation,
    ),
    "tables": (tables.columns, tables.marginals, tables.traversal),
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
    """Compute all sections of a report, in order; verbose=1 shows progress."""
    functions = [numbers.verdict, model_card.model_card, numbers.curves, numbers.diagnosis]
    functions += [
        *SECTIONS[context.data_kind],
        latent_map.latent_map,
        example_grids.hardest_examples,
        numbers.numbers,
    ]
    progress = keras.utils.Progbar(len(functions), unit_name="section") if verbose else None
    results = []
    for number, function in enumerate(functions, 1):
        results.append(function(context))
        if progress is not None:
            progress.update(number)
    return [section for section in results if section is not None]
